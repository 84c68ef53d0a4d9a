"""The six events that the services exchange: the only contract between them.

Each model is the JSON body of a record; the CloudEvents attributes travel in Kafka headers
(`shared/kafka/envelope.py`). A version may gain optional fields, never lose or retype one: readers ignore what they do
not know, and `tests/contracts/` keeps an example of every version that was ever published. Times are aware UTC; sizes
are bytes. The text under a field is its meaning in `docs/events.md`.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, JsonValue

from shared import ids
from shared.event_model import Model
from shared.file_options import MAX_COMMENT, MAX_SKIP_ROWS
from shared.loading import Loading

DEFAULT_TENANT = "default"
FIRST_ATTEMPT = 1
LAST_ATTEMPT = 1_000_000


def _task_id(value: str) -> str:
    ids.task_uuid_of(value)
    return value


TaskId = Annotated[str, Field(pattern=ids.TASK_ID_PATTERN.pattern), AfterValidator(_task_id)]
Attempt = Annotated[int, Field(ge=FIRST_ATTEMPT, le=LAST_ATTEMPT)]
RowCount = Annotated[int, Field(ge=0, le=2**63 - 1)]
FIRST_VERSION = 1
NO_CONTRACT = 0
_LAST_VERSION = 2**31 - 1
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


class StopAfter(StrEnum):
    """Where a task ends that loads nothing."""

    VALIDATION = "validation"
    PLAN = "plan"


class Stage(StrEnum):
    """Where a new attempt begins."""

    VALIDATION = "validation"
    SUBMISSION = "submission"


class ProofBy(StrEnum):
    """How the rows of a load are told from the others of their datasource.

    `task_id`: they carry it in a column. `difference`: they do not, so the rows of the held interval are counted before
    and after.
    """

    TASK_ID = "task_id"
    DIFFERENCE = "difference"


class LoadOptions(Model):
    """What the user said about the file; everything has a default, and a hint left out is found in the file."""

    mode: LoadMode = LoadMode.APPEND
    """Whether the rows are added to those that are there, or take their place."""
    timestamp_column: str | None = Field(default=None, max_length=1024)
    """The column that becomes `__time`, by its name in the file."""
    timestamp_format: str | None = Field(default=None, max_length=128)
    """How its times are written."""
    time_zone: str | None = Field(default=None, max_length=64)
    """The zone of times that name none, as an IANA name such as `Europe/Berlin`; UTC if left out."""
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    """The character between two fields."""
    encoding: str | None = Field(default=None, max_length=64)
    """The text encoding, by its name in Python, where the text is not UTF-8."""
    sheet: str | None = Field(default=None, max_length=256)
    """The sheet of a workbook, by its name or its number from 1."""
    format: str | None = Field(default=None, max_length=64)
    """The file's format; where the content says otherwise the content counts."""
    header: bool | None = None
    """Whether the first record of delimited text has the column names."""
    skip_rows: int | None = Field(default=None, ge=0, le=MAX_SKIP_ROWS)
    """How many lines stand before the header of delimited text."""
    comment: str | None = Field(default=None, min_length=1, max_length=MAX_COMMENT)
    """How lines of delimited text begin that are no records."""
    quote: str | None = Field(default=None, max_length=1)
    """The character around fields of delimited text where it is not `"`; the empty text if there is none."""
    escape: str | None = Field(default=None, min_length=1, max_length=1)
    """The character before a quote that belongs to the text; a doubled one is read without it."""
    decimal_mark: Literal[".", ","] | None = None
    """The character before the decimals of a number in delimited text."""
    thousands: str | None = Field(default=None, min_length=1, max_length=1)
    """The character between groups of three digits of such a number."""
    max_rejected_rows: RowCount | None = None
    """The most bad rows that the file may have; none is no limit."""
    max_rejected_ratio: Annotated[float, Field(ge=0, le=1)] | None = None
    """The largest share of bad rows that the file may have; none is the default of the validator, 5 %."""
    stop_after: StopAfter | None = None
    """After which step the task ends without loading anything: `validation`, or `plan` with what a load would do."""
    confirm: str | None = Field(default=None, max_length=128)
    """The token of a plan: the load is refused when it would do anything else than that plan has shown."""
    force: bool | None = None
    """Whether bytes that the datasource holds already are appended once more."""


class Correction(Model):
    """What the rows of a file correct, as the gateway knew it when it took the file."""

    parent_task_id: TaskId
    """The task whose rejected rows are corrected."""
    rows: RowCount
    """How many of its rows may still be corrected: its gap."""
    completed: tuple[TaskId, ...] = ()
    """The earlier corrections of it that are loaded: what they have corrected is not corrected again."""
    waived: str | None = None
    """Its records that nobody will correct, as in `3,77,100-101`."""


class Event(Model):
    """What every event of a task says: whose task, and which attempt of it."""

    event_type: ClassVar[str]
    topic: ClassVar[str]

    task_id: TaskId
    """The task, as its user knows it; also the record's key."""
    tenant: str = Field(default=DEFAULT_TENANT, min_length=1, max_length=64)
    """Whose task it is."""
    attempt: Attempt = FIRST_ATTEMPT
    """Which attempt of the task; a retry counts up."""

    @property
    def key(self) -> str:
        """The record's key: the events of a task keep their order."""
        return self.task_id

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
    """Where the rows belong."""
    file_uri: str = Field(max_length=4096)
    """The object, as `s3://bucket/key`."""
    accepted_at: AwareDatetime
    """When the task was accepted: the order of a datasource's loads."""
    original_filename: str | None = Field(default=None, max_length=1024)
    """The file's name where it came from."""
    user_id: str | None = Field(default=None, max_length=256)
    """Who sent it, as the caller said."""
    file_size: ByteCount | None = None
    """Size of the object in bytes."""
    sha256: str | None = None
    """Digest of the object, in hexadecimal digits."""
    etag: str | None = None
    """The object store's tag: the object is read only while it still has it."""
    options: LoadOptions = LoadOptions()
    """What the user said about the file."""
    contract_version: int | None = Field(default=None, ge=NO_CONTRACT, le=_LAST_VERSION)
    """The version of the contract that judges the file; 0: there was none; left out: the validator takes the latest."""
    correction: Correction | None = None
    """What its rows correct, when it is a correction: it is read as the file was that it corrects."""


class Part(Model):
    """One canonical object; Druid reads each whole, in one sub-task."""

    key: str
    """The object's key."""
    rows: RowCount
    """How many rows it holds."""
    bytes: ByteCount
    """Its size as stored."""
    sha256: str
    """Its digest, in hexadecimal digits."""


class Column(Model):
    """A column as Druid will get it; `source_name` is its name in the file."""

    name: str
    """Its name in Druid."""
    type: Literal["long", "double", "string"]
    """Its type in Druid."""
    source_name: str
    """Its name in the file."""
    logical_type: str | None = None
    """What its values mean: `boolean`, `long`, `double`, `decimal`, `date`, `timestamp` or `text`; more may come."""
    empty: bool | None = None
    """Whether no row in the parts has a value in it, so that it fits every type."""


class RowsOfTime(Model):
    """How many rows lie in an hour, day, month or year."""

    start: AwareDatetime
    """Where it begins."""
    rows: RowCount
    """The rows in it."""


class FileValidated(Event):
    """The verdict on a file that can be loaded, with the manifest of its canonical parts."""

    event_type: ClassVar[str] = "ingest.file.validated.v1"
    topic: ClassVar[str] = "file.validated"

    datasource_name: str
    """Where the rows belong."""
    accepted_at: AwareDatetime
    """As in the upload; of a later attempt, when that was asked for."""
    options: LoadOptions
    """As in the upload."""
    run_id: str
    """The run whose folder holds the parts; another run of the same attempt is never used."""
    bucket: str
    """Where the objects are."""
    parts: tuple[Part, ...] = Field(min_length=1)
    """The canonical objects, in the file's order."""
    columns: tuple[Column, ...]
    """The columns beside `__time` and `ingest_task_id`."""
    rows_read: RowCount
    """Rows in the file, by the second reader."""
    rows_accepted: RowCount
    """Rows in the parts."""
    rows_rejected: RowCount
    """Rows in the rejects object."""
    time_min: AwareDatetime
    """The earliest `__time`."""
    time_max: AwareDatetime
    """The latest `__time`."""
    time_column: str
    """The column that became `__time`, by its name in the file."""
    file_size: ByteCount
    """Size of the uploaded object in bytes."""
    report_key: str
    """The report's key."""
    rejects_key: str | None = None
    """The key of the rejects object, if any row was rejected."""
    started_at: AwareDatetime
    """When the validation began."""
    finished_at: AwareDatetime
    """When the verdict was reached."""
    contract_version: int | None = Field(default=None, ge=FIRST_VERSION, le=_LAST_VERSION)
    """The version of the contract that the file was judged by, if by any."""
    rejected_records: str | None = None
    """Which records were rejected, as in `3,77,100-101`; absent when they are too scattered to be told."""
    corrected_records: str | None = None
    """For a correction: which records of the corrected file its good rows stand for, where all of them say so."""
    source_sha256: str | None = None
    """Digest of the file as it was read, in hexadecimal digits: by it the same bytes are known again."""
    rows_by_time: tuple[RowsOfTime, ...] | None = None
    """For a task that stops after its plan: where in time the rows in the parts lie, by the finest of hour, day, month
    and year that has at most 1,000 of them with rows; in the order of time."""
    loading: Loading | None = None
    """How its datasource is loaded, by that contract; absent: by what the verdict itself tells."""


class Problem(Model):
    """One thing that is wrong, in words for the user: a stable code, what was seen and expected, what to do."""

    code: str
    """Stable, for programs."""
    message: str
    """What was seen, what was expected and what to do."""
    detail: dict[str, JsonValue] = Field(default={})
    """The particulars, by name."""


class DruidSubmitted(Event):
    """Druid has taken the load: the id, the hash of the frozen spec, and what the count must come to."""

    event_type: ClassVar[str] = "ingest.druid.submitted.v1"
    topic: ClassVar[str] = "druid.submitted"

    datasource_name: str
    """Where the rows go."""
    druid_task_id: str
    """The load's id in Druid."""
    spec_hash: str
    """Digest of the spec as it was frozen before it was posted."""
    intervals: tuple[str, ...]
    """The time intervals that hold the rows, in ISO 8601."""
    rows_read: RowCount
    """As in the verdict."""
    rows_accepted: RowCount
    """What the count must come to."""
    rows_rejected: RowCount
    """As in the verdict."""
    submitted_at: AwareDatetime
    """When Druid was known to have it."""
    mode: LoadMode | None = None
    """Whether it adds to the rows of its intervals or takes their place."""
    spec_key: str | None = None
    """The key of the object that holds the spec as it was posted, without secrets."""
    proof_by: ProofBy = ProofBy.TASK_ID
    """How its rows are told from the others."""
    count_metric: str | None = None
    """With rollup: the metric whose sum is the count of rows."""
    rows_before: RowCount | None = None
    """With `proof_by` `difference`: the rows of its intervals before it was posted; 0 for a replace."""
    notices: tuple[Problem, ...] = ()
    """What was loaded though it differs from what the datasource has, such as the type of a column."""


class Ledger(Model):
    """Where every row went: read = accepted + rejected; accepted = processed = counted, or it is a MISMATCH.

    `rows_processed` is what Druid's own report says and None when there is none; `rows_counted` is what the kept
    `query` returned at `counted_at`, and decides.
    """

    status: LedgerStatus
    """What the count said."""
    rows_read: RowCount
    """Rows in the file."""
    rows_accepted: RowCount
    """Rows handed to Druid."""
    rows_rejected: RowCount
    """Rows in the rejects object."""
    rows_processed: RowCount | None = None
    """Rows that Druid's own report calls processed; absent when there is no report."""
    rows_counted: RowCount | None = None
    """Rows that the query found: this decides."""
    query: str | None = None
    """The query that was asked."""
    counted_at: AwareDatetime | None = None
    """When it was asked."""
    reason: str | None = None
    """Why the ledger is not RECONCILED."""


class PlannedChunk(Model):
    """What a load would do to one time chunk."""

    interval: str
    """The chunk, in ISO 8601."""
    rows_now: RowCount
    """The rows that Druid has there."""
    rows_coming: RowCount
    """The rows that the load brings."""
    replaced: bool
    """Whether the rows of now would be gone."""


class Plan(Model):
    """What a load would do, as Druid was when it was asked."""

    token: str
    """Names this picture: a load that is sent with it is refused when the picture has changed."""
    mode: LoadMode
    """Append or replace."""
    chunks: tuple[PlannedChunk, ...]
    """The chunks that the load touches or empties, in the order of time; at most 1,000."""
    rows_now: RowCount
    """Rows that Druid has in them."""
    rows_coming: RowCount
    """Rows that the load brings."""
    rows_vanishing: RowCount
    """Rows that would be gone."""
    chunks_vanishing: RowCount
    """Chunks that would have no rows any more."""
    made_at: AwareDatetime
    """When Druid was asked."""
    notices: tuple[Problem, ...] = ()
    """How the file differs from what the datasource has, such as the type of a column, and what becomes of it."""


class Undone(Model):
    """What taking a load back has changed, by count."""

    undoes: TaskId
    """The load that was taken back."""
    rows_before: RowCount
    """Rows in its intervals before."""
    rows_after: RowCount | None = None
    """Rows in them afterwards."""
    rows_removed: RowCount
    """Rows of the load that Druid had before."""
    rows_restored: RowCount = 0
    """Rows that the load had replaced and that are back."""
    segments_removed: RowCount
    """Segments that are not used any more."""
    segments_restored: RowCount = 0
    """Segments that are used again."""
    query: str | None = None
    """The query that counted."""
    counted_at: AwareDatetime | None = None
    """When it was asked last."""


class TaskUpdated(Event):
    """A task has moved. `sequence` is above 0 only for repeated progress reports of one state."""

    event_type: ClassVar[str] = "ingest.task.updated.v1"
    topic: ClassVar[str] = "task.updated"

    status: TaskStatus
    """The state that the attempt has entered."""
    occurred_at: AwareDatetime
    """When it did."""
    sequence: Annotated[int, Field(ge=0)] = 0
    """The number of a repeated progress report; 0 for the first word of a state."""
    reason: str | None = None
    """Why it is in this state, as a stable code."""
    rows_so_far: RowCount | None = None
    """Rows that Druid has taken so far."""
    problems: tuple[Problem, ...] = ()
    """What is wrong, for REJECTED and FAILED."""
    ledger: Ledger | None = None
    """The proof, with COMPLETED, or the figures that disagree."""
    rows_read: RowCount | None = None
    """Rows in the file, when a verdict tells them."""
    rows_rejected: RowCount | None = None
    """Rows in the rejects object, when a verdict tells them."""
    report_key: str | None = None
    """The report's key, when there is one."""
    rejects_key: str | None = None
    """The key of the rejects object, when there is one."""
    contract_version: int | None = Field(default=None, ge=FIRST_VERSION, le=_LAST_VERSION)
    """The version of the contract that the file is judged by, if by any; with VALIDATING."""
    plan: Plan | None = None
    """What the load would do, at the end of a task that stops after its plan."""
    duplicate_of: TaskId | None = None
    """The task that has loaded the same bytes before."""
    undone: Undone | None = None
    """What was taken back, at the end of an undo."""
    verified: Ledger | None = None
    """The ledger of a finished task as a later count has it. Such an event moves no state: `status` is the one that
    the task had, and `sequence` numbers the counts from 1."""

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
    WAIVE = "waive"
    VERIFY = "verify"
    UNDO = "undo"


class TaskCommand(Event):
    """An instruction about an attempt; the first in the log wins.

    `cancel`: end the attempt. `retry`: begin the next one, `attempt` + 1. `repost`: Druid lost the attempt, post it
    again. `waive`: these rejected rows will not be corrected. `verify`: count the rows of a finished task again.
    `undo`: take a load back; it is a task of its own, and `task_id` is its own.
    """

    event_type: ClassVar[str] = "ingest.task.command.v1"
    topic: ClassVar[str] = "task.commands"

    command: CommandName
    """What to do."""
    issued_at: AwareDatetime
    """When it was asked for."""
    sequence: Annotated[int, Field(ge=0)] = 0
    """How many commands of this kind the attempt had before."""
    reason: str | None = None
    """Why it was asked for."""
    rows: RowCount | None = None
    """With `waive`: how many rejected rows."""
    records: str | None = None
    """With `waive`: which records, as in `3,77,100-101`; absent when all that were left were meant."""
    user_id: str | None = Field(default=None, max_length=256)
    """Who asked for it, as the caller said."""
    start_from: Stage | None = None
    """With `retry`: where the new attempt begins."""
    run_id: str | None = Field(default=None, max_length=64)
    """With `retry` from `submission`: the run of the followed attempt whose parts are loaded."""
    undoes: TaskId | None = None
    """With `undo`: the task whose load is taken back."""
    datasource_name: str | None = Field(default=None, max_length=1024)
    """With `undo`: the datasource of that load."""

    @property
    def stage(self) -> str:
        """The command: one of each kind follows an attempt."""
        return self.command.value

    @property
    def order(self) -> int:
        """How many commands of this kind the attempt had before."""
        return self.sequence


class DatasourceUpdated(Model):
    """A datasource has a new version of its contract. A version never changes, and none is taken back."""

    event_type: ClassVar[str] = "ingest.datasource.updated.v1"
    topic: ClassVar[str] = "datasource.updated"

    tenant: str = Field(default=DEFAULT_TENANT, min_length=1, max_length=64)
    """Whose datasource it is."""
    datasource_name: str = Field(max_length=1024)
    """The datasource; the record's key is tenant, datasource and version with slashes between them."""
    version: int = Field(ge=FIRST_VERSION, le=_LAST_VERSION)
    """The version; each is one more than the one before."""
    contract: str
    """The contract as it was sent: YAML or JSON."""
    sha256: str
    """Digest of that text in UTF-8, in hexadecimal digits."""
    created_at: AwareDatetime
    """When the version was made."""
    created_by: str | None = Field(default=None, max_length=256)
    """Who made it, as the caller said."""

    @property
    def key(self) -> str:
        """The record's key: every version is kept when the topic is compacted."""
        return f"{self.tenant}/{self.datasource_name}/{self.version}"

    @property
    def event_id(self) -> UUID:
        """The id that repeats when the version is told again."""
        return ids.derived_uuid("event", self.event_type, self.tenant, self.datasource_name, str(self.version))


TaskEvent = FileUploaded | FileValidated | DruidSubmitted | TaskUpdated | TaskCommand
AnyEvent = TaskEvent | DatasourceUpdated
TASK_EVENT_CLASSES: tuple[type[TaskEvent], ...] = (
    FileUploaded,
    FileValidated,
    DruidSubmitted,
    TaskUpdated,
    TaskCommand,
)
EVENT_CLASSES: tuple[type[AnyEvent], ...] = (*TASK_EVENT_CLASSES, DatasourceUpdated)


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
        case DatasourceUpdated():
            return event.created_at


def body_of(event: AnyEvent) -> dict[str, Any]:
    """The JSON body: fields that were left empty are not written."""
    return event.model_dump(mode="json", exclude_none=True)
