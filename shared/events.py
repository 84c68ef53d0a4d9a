"""The five events that the services exchange: the only contract between them.

Each model is the JSON body of a record; the CloudEvents attributes travel in Kafka headers
(`shared/kafka/envelope.py`). A version may gain optional fields, never lose or retype one: readers ignore what they do
not know, and `tests/contracts/` keeps an example of every version that was ever published. Times are aware UTC; sizes
are bytes.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from shared import ids

DEFAULT_TENANT = "default"
FIRST_ATTEMPT = 1

TaskId = Annotated[str, Field(pattern=ids.TASK_ID_PATTERN.pattern)]
Attempt = Annotated[int, Field(ge=1, le=1_000_000)]
RowCount = Annotated[int, Field(ge=0, le=2**63 - 1)]
ByteCount = Annotated[int, Field(ge=0, le=2**63 - 1)]


class TaskStatus(StrEnum):
    """The states of a task, in the order in which an attempt can pass them (`rank`)."""

    PENDING = "PENDING"
    VALIDATING = "VALIDATING"
    VALIDATED = "VALIDATED"
    QUEUED = "QUEUED"
    SUBMITTED = "SUBMITTED"
    RUNNING = "RUNNING"
    LOADING = "LOADING"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    SUPERSEDED = "SUPERSEDED"
    FAILED = "FAILED"
    COMPLETED = "COMPLETED"

    @property
    def rank(self) -> int:
        """Position in an attempt; every end has rank 9."""
        return _RANKS[self]

    @property
    def is_end(self) -> bool:
        """Whether the attempt is over."""
        return self.rank == _END_RANK

    @property
    def precedence(self) -> int:
        """Which end stays should two ever meet: COMPLETED > FAILED > SUPERSEDED > CANCELLED > REJECTED."""
        return _END_PRECEDENCE.index(self) if self in _END_PRECEDENCE else -1


_END_RANK = 9
_END_PRECEDENCE = (
    TaskStatus.REJECTED,
    TaskStatus.CANCELLED,
    TaskStatus.SUPERSEDED,
    TaskStatus.FAILED,
    TaskStatus.COMPLETED,
)
_RANKS = {
    TaskStatus.PENDING: 0,
    TaskStatus.VALIDATING: 1,
    TaskStatus.VALIDATED: 2,
    TaskStatus.QUEUED: 3,
    TaskStatus.SUBMITTED: 4,
    TaskStatus.RUNNING: 5,
    TaskStatus.LOADING: 6,
    **dict.fromkeys(_END_PRECEDENCE, _END_RANK),
}


class LedgerStatus(StrEnum):
    """What the count said: RECONCILED, MISMATCH (the task is FAILED) or UNPROVEN with a reason."""

    RECONCILED = "RECONCILED"
    MISMATCH = "MISMATCH"
    UNPROVEN = "UNPROVEN"


class LoadMode(StrEnum):
    """What happens to the rows that the datasource holds already."""

    APPEND = "append"
    REPLACE = "replace"


class Model(BaseModel):
    """Base of everything in a body: immutable, and deaf to fields of later versions."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class LoadOptions(Model):
    """What the user said about the file; everything has a default, and a hint left out is found in the file."""

    mode: LoadMode = LoadMode.APPEND
    timestamp_column: str | None = Field(default=None, max_length=1024)
    timestamp_format: str | None = Field(default=None, max_length=128)
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)


class Event(Model):
    """What every event says: whose task, and which attempt of it."""

    event_type: ClassVar[str]
    topic: ClassVar[str]

    task_id: TaskId
    tenant: str = Field(default=DEFAULT_TENANT, min_length=1, max_length=64)
    attempt: Attempt = FIRST_ATTEMPT

    @property
    def stage(self) -> str:
        """The step of the attempt; with task, type, attempt and sequence it makes the event's id."""
        return ""

    @property
    def order(self) -> int:
        """Position among the progress reports of one stage; 0 for every other event."""
        return 0

    @property
    def event_id(self) -> UUID:
        """The id that repeats when the step is repeated."""
        return ids.event_id(
            task_id=self.task_id,
            event_type=self.event_type,
            attempt=self.attempt,
            stage=self.stage,
            sequence=self.order,
        )


class FileUploaded(Event):
    """A file waits in the object store. Published by the gateway, or by an upstream system with two fields only."""

    event_type: ClassVar[str] = "ingest.file.uploaded.v1"
    topic: ClassVar[str] = "file.uploaded"

    datasource_name: str = Field(max_length=1024)
    file_uri: str = Field(max_length=4096)
    accepted_at: AwareDatetime
    original_filename: str | None = Field(default=None, max_length=1024)
    user_id: str | None = Field(default=None, max_length=256)
    file_size: ByteCount | None = None
    sha256: str | None = None
    etag: str | None = None
    options: LoadOptions = LoadOptions()


class Part(Model):
    """One canonical object; Druid reads each whole, in one sub-task."""

    key: str
    rows: RowCount
    bytes: ByteCount
    sha256: str


class Column(Model):
    """A column as Druid will get it; `source_name` is its name in the file."""

    name: str
    type: Literal["long", "double", "string"]
    source_name: str


class FileValidated(Event):
    """The verdict on a file that can be loaded, with the manifest of its canonical parts."""

    event_type: ClassVar[str] = "ingest.file.validated.v1"
    topic: ClassVar[str] = "file.validated"

    datasource_name: str
    accepted_at: AwareDatetime
    options: LoadOptions
    run_id: str
    bucket: str
    parts: tuple[Part, ...] = Field(min_length=1)
    columns: tuple[Column, ...]
    rows_read: RowCount
    rows_accepted: RowCount
    rows_rejected: RowCount
    time_min: AwareDatetime
    time_max: AwareDatetime
    time_column: str
    file_size: ByteCount
    report_key: str
    rejects_key: str | None = None
    started_at: AwareDatetime
    finished_at: AwareDatetime


class DruidSubmitted(Event):
    """Druid has taken the load: the id, the hash of the frozen spec, and what the count must come to."""

    event_type: ClassVar[str] = "ingest.druid.submitted.v1"
    topic: ClassVar[str] = "druid.submitted"

    datasource_name: str
    druid_task_id: str
    spec_hash: str
    intervals: tuple[str, ...]
    rows_read: RowCount
    rows_accepted: RowCount
    rows_rejected: RowCount
    submitted_at: AwareDatetime


class Ledger(Model):
    """Where every row went: read = accepted + rejected; accepted = processed = counted, or it is a MISMATCH.

    `rows_processed` is what Druid's own report says and None when there is none; `rows_counted` is what the kept
    `query` returned at `counted_at`, and decides.
    """

    status: LedgerStatus
    rows_read: RowCount
    rows_accepted: RowCount
    rows_rejected: RowCount
    rows_processed: RowCount | None = None
    rows_counted: RowCount | None = None
    query: str | None = None
    counted_at: AwareDatetime | None = None
    reason: str | None = None


class Problem(Model):
    """One thing that is wrong, in words for the user: a stable code, what was seen and expected, what to do."""

    code: str
    message: str
    detail: dict[str, JsonValue] = {}


class TaskUpdated(Event):
    """A task has moved. `sequence` is above 0 only for repeated progress reports of one state."""

    event_type: ClassVar[str] = "ingest.task.updated.v1"
    topic: ClassVar[str] = "task.updated"

    status: TaskStatus
    occurred_at: AwareDatetime
    sequence: Annotated[int, Field(ge=0)] = 0
    reason: str | None = None
    rows_so_far: RowCount | None = None
    problems: tuple[Problem, ...] = ()
    ledger: Ledger | None = None
    rows_read: RowCount | None = None
    rows_rejected: RowCount | None = None
    report_key: str | None = None
    rejects_key: str | None = None

    @property
    def stage(self) -> str:
        """The state itself: an attempt enters each state once."""
        return self.status.value

    @property
    def order(self) -> int:
        """The progress report's number."""
        return self.sequence


class CommandName(StrEnum):
    """What a command asks for."""

    CANCEL = "cancel"
    RETRY = "retry"
    CORRECT = "correct"
    REPOST = "repost"


class TaskCommand(Event):
    """An instruction about an attempt; the first in the log wins. `repost`: Druid lost the attempt, post it again."""

    event_type: ClassVar[str] = "ingest.task.command.v1"
    topic: ClassVar[str] = "task.commands"

    command: CommandName
    issued_at: AwareDatetime
    sequence: Annotated[int, Field(ge=0)] = 0
    reason: str | None = None

    @property
    def stage(self) -> str:
        """The command: one of each kind follows an attempt."""
        return self.command.value

    @property
    def order(self) -> int:
        """How many commands of this kind the attempt had before."""
        return self.sequence


AnyEvent = FileUploaded | FileValidated | DruidSubmitted | TaskUpdated | TaskCommand
EVENT_CLASSES: tuple[type[AnyEvent], ...] = (FileUploaded, FileValidated, DruidSubmitted, TaskUpdated, TaskCommand)


def event_time(event: AnyEvent) -> datetime:
    """When the thing happened that the event tells; it becomes `ce_time`."""
    match event:
        case FileUploaded():
            return event.accepted_at
        case FileValidated():
            return event.finished_at
        case DruidSubmitted():
            return event.submitted_at
        case TaskUpdated():
            return event.occurred_at
        case TaskCommand():
            return event.issued_at


def body_of(event: AnyEvent) -> dict[str, Any]:
    """The JSON body: fields that were left empty are not written."""
    return event.model_dump(mode="json", exclude_none=True)
