"""Every table, with its owner: a service writes its own tables and reads no other's.

The gateway's read side is the one exception: it reads the projector's three tables, never writes them.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

TASK_ID_LENGTH = 22


class Base(DeclarativeBase):
    """All tables of the installation; the naming convention keeps migrations stable."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy reads this class attribute and never changes it
        datetime: DateTime(timezone=True),
        # None is SQL's NULL: without the flag a None that is written becomes the JSON value null
        dict[str, Any]: JSONB(none_as_null=True),
        list[Any]: JSONB(none_as_null=True),
        str: Text,
        uuid.UUID: UUID(as_uuid=True),
    }


# ---------------------------------------------------------------------------------------------------------- gateway


class Upload(Base):
    """A file that a client sends or has sent. `state`: RECEIVING, STORED (a 202 was or may be given), EXPIRED."""

    __tablename__ = "uploads"

    task_id: Mapped[str] = mapped_column(String(TASK_ID_LENGTH), primary_key=True)
    tenant: Mapped[str]
    state: Mapped[str] = mapped_column(String(16))
    datasource_name: Mapped[str]
    original_filename: Mapped[str | None]
    user_id: Mapped[str | None]
    object_key: Mapped[str]
    file_uri: Mapped[str]
    options: Mapped[dict[str, Any]]
    file_size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    etag: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    stored_at: Mapped[datetime | None]
    contract_version: Mapped[int | None]
    corrects: Mapped[str | None] = mapped_column(String(TASK_ID_LENGTH))

    __table_args__ = (Index("ix_uploads_receiving", "created_at", postgresql_where=text("state = 'RECEIVING'")),)


class CorrectionDecision(Base):
    """What the gateway has decided about the rejected rows of a task; one row for each task that has any decision.

    `version` counts the decisions: each is made on the version that was looked at, or not at all. `child_task_id` is
    the latest correction, `waivers` the number of waivers, `rows_waived` their rows; `waived_records` are those that
    were named, as in `3,77,100-101`.
    """

    __tablename__ = "correction_decisions"

    parent_task_id: Mapped[str] = mapped_column(String(TASK_ID_LENGTH), primary_key=True)
    version: Mapped[int]
    child_task_id: Mapped[str | None] = mapped_column(String(TASK_ID_LENGTH))
    waivers: Mapped[int] = mapped_column(server_default="0")
    rows_waived: Mapped[int] = mapped_column(BigInteger, server_default="0")
    waived_records: Mapped[str] = mapped_column(server_default="")


class GivenCommand(Base):
    """A command that the gateway has promised to give about an attempt, as `body`; one for each event id."""

    __tablename__ = "given_commands"

    event_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(String(TASK_ID_LENGTH), index=True)
    body: Mapped[dict[str, Any]]
    given_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Datasource(Base):
    """A version of a datasource's contract; never changed and never removed.

    `content` is the text as it was sent. `document` is the same as JSON, kept as text (no JSONB) so that numbers keep
    their digits and fields their order.
    """

    __tablename__ = "datasources"

    tenant: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    document: Mapped[Any] = mapped_column(JSON)
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    created_by: Mapped[str | None]


class ApiKeyRow(Base):
    """An API key; `hash` is that of its secret, which is kept nowhere. See `services/gateway/api_keys.py`.

    `revoked_at` may lie ahead: a key that was rotated opens until then.
    """

    __tablename__ = "api_keys"

    key_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    tenant: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    hash: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[Any]]
    datasources: Mapped[list[Any]]
    created_at: Mapped[datetime]
    created_by: Mapped[str | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class DatasourceOwner(Base):
    """Whose a datasource is: the tenant's who has used its name first. Druid has one space of names for all."""

    __tablename__ = "datasource_owners"

    name: Mapped[str] = mapped_column(primary_key=True)
    tenant: Mapped[str]
    claimed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class OutboxRow(Base):
    """A record that was promised in a transaction and waits for Kafka; deleted once Kafka has it."""

    __tablename__ = "outbox"

    position: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    event_id: Mapped[uuid.UUID] = mapped_column(unique=True)
    topic: Mapped[str]
    key: Mapped[str]
    headers: Mapped[dict[str, Any]]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


# ------------------------------------------------------------------------------------------------ the worker services


class JobColumns:
    """What every inbox row has; `shared/inbox.py` is the only code that writes these columns.

    A row may be leased when it is open, `available_at` has passed and nobody holds it. `deaths` counts leases that
    ended without a word from their holder.
    """

    event_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(String(TASK_ID_LENGTH), index=True)
    attempt: Mapped[int]
    event: Mapped[dict[str, Any]]
    traceparent: Mapped[str | None]
    lane: Mapped[int] = mapped_column(server_default="0")
    wait_reason: Mapped[str | None]
    available_at: Mapped[datetime] = mapped_column(server_default=func.now())
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    deaths: Mapped[int] = mapped_column(server_default="0")
    tries: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    done_at: Mapped[datetime | None]


class CommandColumns:
    """A command about an attempt as a service has heard it first; `shared/heard_commands.py` writes these columns.

    Kept because topics are read in no order of each other: what a command is about may be heard of later.
    """

    task_id: Mapped[str] = mapped_column(String(TASK_ID_LENGTH), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    command: Mapped[str] = mapped_column(String(16), primary_key=True)
    body: Mapped[dict[str, Any]]
    heard_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ValidationJob(JobColumns, Base):
    """The validator's inbox: one row for each attempt to validate an uploaded file.

    `outcome` is the one verdict that may be published, as `{"type", "body"}`; only the holder of the lease writes it.
    `reading` is kept with an accepted one: how the file was read, by which corrected rows of it are read too.
    `contract_version` is set with the first lease, and 0 for no contract; `contract_missed_at` is when that version was
    first looked for in vain. `runs` are the ids of the runs that were begun, in whose folders objects may be.
    """

    __tablename__ = "validation_jobs"

    outcome: Mapped[dict[str, Any] | None]
    reading: Mapped[dict[str, Any] | None]
    contract_version: Mapped[int | None]
    contract_missed_at: Mapped[datetime | None]
    runs: Mapped[list[Any] | None]

    __table_args__ = (Index("ix_validation_jobs_open", "available_at", postgresql_where=text("done_at IS NULL")),)


class ValidationCommand(CommandColumns, Base):
    """What the validator has heard of cancelling and retrying."""

    __tablename__ = "validation_commands"


class HeardContract(Base):
    """The validator's copy of every version of every contract, as `datasource.updated` told it."""

    __tablename__ = "contracts"

    tenant: Mapped[str] = mapped_column(primary_key=True)
    datasource_name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class Submission(JobColumns, Base):
    """The submitter's inbox: one row for each load, and for each load that is to be taken back.

    `phase`: WAITING, ADMITTED (it has its turn), POSTING (the spec is frozen), POSTED. `spec` is the task of Druid, or
    the segments that an undo marks. `slots`: those of Druid that it asks for while it waits, and that it was given from
    ADMITTED on. `hold`: what it waits for, as last decided; its user was told so in `wait_reason`, at `reported_at`, in
    `reports` reports. `left_at`: since when its slots are known to be free again. `outcome` is the body of the one end
    that the submitter may publish.
    """

    __tablename__ = "submissions"

    phase: Mapped[str] = mapped_column(String(16), server_default="WAITING")
    druid_task_id: Mapped[str | None] = mapped_column(unique=True)
    spec: Mapped[dict[str, Any] | None]
    spec_hash: Mapped[str | None] = mapped_column(String(64))
    posting_at: Mapped[datetime | None]
    outcome: Mapped[dict[str, Any] | None]
    slots: Mapped[int] = mapped_column(server_default="1")
    hold: Mapped[str | None]
    reports: Mapped[int] = mapped_column(server_default="0")
    reported_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_submissions_open", "available_at", postgresql_where=text("done_at IS NULL")),)


class SubmissionCommand(CommandColumns, Base):
    """What the submitter has heard of cancelling."""

    __tablename__ = "submission_commands"


class LoadTurn(Base):
    """The submitter's line: which tasks a datasource has accepted, in which order, and which have ended how.

    A task stands in it with its latest `attempt`, from when that was asked for. `source_sha256` and `contract_version`
    (0 for none) say what is loaded; `is_correction` is set for corrected rows, `once` when the same content may not be
    added a second time. `undone_by` is the task that has taken the load back. `replaced` has the ids of the segments
    that could be seen when a replace was frozen.
    """

    __tablename__ = "load_turns"

    task_id: Mapped[str] = mapped_column(String(TASK_ID_LENGTH), primary_key=True)
    tenant: Mapped[str | None]
    datasource_name: Mapped[str | None]
    mode: Mapped[str | None] = mapped_column(String(16))
    accepted_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_as: Mapped[str | None] = mapped_column(String(16))
    source_sha256: Mapped[str | None] = mapped_column(String(64))
    contract_version: Mapped[int | None]
    is_correction: Mapped[bool] = mapped_column(server_default=text("false"))
    once: Mapped[bool] = mapped_column(server_default=text("false"))
    undone_by: Mapped[str | None] = mapped_column(String(TASK_ID_LENGTH))
    replaced: Mapped[dict[str, Any] | None]
    attempt: Mapped[int] = mapped_column(server_default="1")

    __table_args__ = (
        Index("ix_load_turns_open", "tenant", "datasource_name", postgresql_where=text("ended_at IS NULL")),
        Index("ix_load_turns_source_sha256", "source_sha256"),
    )


class DruidWatch(JobColumns, Base):
    """The monitor's inbox: one row for each Druid task that is followed to its end.

    `ended_at` and `druid_status` are set once Druid calls the task terminal; `progress` numbers the reports;
    `missing_since` is when Druid first answered that it knows no such task, `reposts` how often it was posted again for
    that. `outcome` is the body of the one end that may be published, `loaded_at` when it was reached;
    `cancel_asked_at` is when somebody wanted it to be cancelled.
    """

    __tablename__ = "druid_watch"

    druid_status: Mapped[str | None] = mapped_column(String(16))
    rows_processed: Mapped[int | None] = mapped_column(BigInteger)
    rows_lost: Mapped[int | None] = mapped_column(BigInteger)
    druid_error: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    missing_since: Mapped[datetime | None]
    progress: Mapped[int] = mapped_column(server_default="0")
    refreshed: Mapped[bool] = mapped_column(server_default=text("false"))
    loaded_at: Mapped[datetime | None]
    reposts: Mapped[int] = mapped_column(server_default="0")
    outcome: Mapped[dict[str, Any] | None]
    cancel_asked_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_druid_watch_open", "available_at", postgresql_where=text("done_at IS NULL")),)


class WatchCommand(CommandColumns, Base):
    """What the monitor has heard of cancelling."""

    __tablename__ = "watch_commands"


class Verification(JobColumns, Base):
    """The monitor's second inbox: one row for each time that a finished task is to be counted again."""

    __tablename__ = "verifications"

    __table_args__ = (Index("ix_verifications_open", "available_at", postgresql_where=text("done_at IS NULL")),)


# --------------------------------------------------------------------------------------------------------- projector


class IngestionTask(Base):
    """The one current state of each task; can be rebuilt from the topics to the same rows."""

    __tablename__ = "ingestion_tasks"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(String(TASK_ID_LENGTH), unique=True)
    tenant: Mapped[str] = mapped_column(server_default="default")
    user_id: Mapped[str | None]
    datasource_name: Mapped[str | None]
    original_filename: Mapped[str | None]
    file_uri: Mapped[str | None]
    status: Mapped[str] = mapped_column(String(16), server_default="PENDING")
    status_reason: Mapped[str | None]
    attempt: Mapped[int] = mapped_column(server_default="1")
    druid_task_id: Mapped[str | None]
    created_at: Mapped[datetime | None]
    updated_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    error_message: Mapped[str | None]
    validation_errors: Mapped[list[Any] | None]
    file_size: Mapped[int | None] = mapped_column(BigInteger)
    row_count: Mapped[int | None] = mapped_column(Integer)
    mode: Mapped[str | None] = mapped_column(String(16))
    rows_read: Mapped[int | None] = mapped_column(BigInteger)
    rows_accepted: Mapped[int | None] = mapped_column(BigInteger)
    rows_rejected: Mapped[int | None] = mapped_column(BigInteger)
    rows_so_far: Mapped[int | None] = mapped_column(BigInteger)
    ledger: Mapped[dict[str, Any] | None]
    report_key: Mapped[str | None]
    rejects_key: Mapped[str | None]
    time_min: Mapped[datetime | None]
    time_max: Mapped[datetime | None]
    states: Mapped[list[Any] | None]
    contract_version: Mapped[int | None]
    corrects: Mapped[str | None] = mapped_column(String(TASK_ID_LENGTH), index=True)
    rejected_records: Mapped[str | None]
    corrected_records: Mapped[str | None]
    rows_waived: Mapped[int | None] = mapped_column(BigInteger)
    waived_records: Mapped[str | None]
    stop_after: Mapped[str | None] = mapped_column(String(16))
    plan: Mapped[dict[str, Any] | None]
    spec_key: Mapped[str | None]
    duplicate_of: Mapped[str | None] = mapped_column(String(TASK_ID_LENGTH))
    undoes: Mapped[str | None] = mapped_column(String(TASK_ID_LENGTH), index=True)
    undone: Mapped[dict[str, Any] | None]
    verified: Mapped[dict[str, Any] | None]


class TaskAttempt(Base):
    """What each attempt of a task came to."""

    __tablename__ = "task_attempts"

    task_id: Mapped[str] = mapped_column(String(TASK_ID_LENGTH), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(String(16))
    druid_task_id: Mapped[str | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    error_message: Mapped[str | None]
    ledger: Mapped[dict[str, Any] | None]


class TaskHistory(Base):
    """Every event that was ever seen of a task, once."""

    __tablename__ = "task_history"

    event_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(String(TASK_ID_LENGTH), index=True)
    attempt: Mapped[int]
    event_type: Mapped[str]
    occurred_at: Mapped[datetime]
    body: Mapped[dict[str, Any]]
