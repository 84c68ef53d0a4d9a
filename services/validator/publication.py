"""From the engine's verdict to the one event that tells it, with the keys of the run's objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import JsonValue

from services.validator.engine import Accepted, Code, Rejected
from services.validator.engine import Problem as Reason
from shared.db.storable import storable
from shared.events import (
    DEFAULT_TENANT,
    Column,
    FileUploaded,
    FileValidated,
    Part,
    Problem,
    RowsOfTime,
    StopAfter,
    TaskCommand,
    TaskStatus,
    TaskUpdated,
)
from shared.kafka.envelope import record_bytes
from shared.loading import Loading
from shared.object_keys import of_tenant
from shared.record_set import MAX_TEXT_BYTES

MESSAGE_CHARACTERS = 1_000
STOPPED = "stopped_after_validation"
CONTRACT_AWAITED = "contract_awaited"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Run:
    """One pass over one file, by one version of its contract; its folders are its own, named by a random `run_id`."""

    task_id: str
    run_id: str
    started_at: datetime
    contract_version: int | None = None
    tenant: str = DEFAULT_TENANT

    def part_key(self, name: str) -> str:
        """Where a canonical part goes."""
        return self._key("validated", name)

    def rejects_key(self, name: str) -> str:
        """Where the rejected rows go."""
        return self._key("rejected", name)

    def report_key(self, name: str) -> str:
        """Where the report goes."""
        return self._key("reports", name)

    def _key(self, folder: str, name: str) -> str:
        return of_tenant(self.tenant, f"{folder}/{self.task_id}/{self.run_id}/{name}")


@dataclass(frozen=True)
class Fetched:
    """The file as it was read: its size in bytes, and its digest in hexadecimal digits."""

    size_bytes: int
    sha256: str


def folders_of(event: FileUploaded, run_id: str) -> tuple[str, ...]:
    """The prefixes under which a run of the event's task writes."""
    folders = ("validated", "rejected", "reports")
    return tuple(of_tenant(event.tenant, f"{kind}/{event.task_id}/{run_id}/") for kind in folders)


def validated(
    event: FileUploaded,
    verdict: Accepted,
    run: Run,
    fetched: Fetched,
    *,
    bucket: str,
    finished_at: datetime,
    loading: Loading | None = None,
) -> FileValidated:
    """The event that hands an accepted file on; `loading` is how its datasource is loaded, by its contract."""
    return FileValidated(
        task_id=event.task_id,
        tenant=event.tenant,
        attempt=event.attempt,
        datasource_name=event.datasource_name,
        accepted_at=event.accepted_at,
        options=event.options,
        run_id=run.run_id,
        bucket=bucket,
        parts=tuple(
            Part(key=run.part_key(part.name), rows=part.rows, bytes=part.bytes, sha256=part.sha256)
            for part in verdict.parts
        ),
        columns=tuple(
            Column(
                name=one.name,
                type=one.type,
                source_name=one.source_name,
                logical_type=one.logical_type,
                empty=one.empty,
            )
            for one in verdict.columns
        ),
        rows_read=verdict.rows_read,
        rows_accepted=verdict.rows_accepted,
        rows_rejected=verdict.rows_rejected,
        time_min=_time(verdict.time_min_ms),
        time_max=_time(verdict.time_max_ms),
        time_column=verdict.time_column.source_name,
        file_size=fetched.size_bytes,
        source_sha256=fetched.sha256,
        rows_by_time=None
        if verdict.rows_by_time is None
        else tuple(RowsOfTime(start=_time(start), rows=rows) for start, rows in verdict.rows_by_time),
        report_key=run.report_key(verdict.report),
        rejects_key=run.rejects_key(verdict.rejects.name) if verdict.rejects else None,
        started_at=run.started_at,
        finished_at=finished_at,
        contract_version=run.contract_version,
        rejected_records=verdict.rejected_records,
        corrected_records=_if_short(verdict.corrected_records) if event.correction else None,
        loading=loading,
    )


def told(outcome: FileValidated | TaskUpdated) -> tuple[FileValidated | TaskUpdated, ...]:
    """What is said of a verdict: a task that stops after its validation ends with it, and nothing is loaded."""
    if not isinstance(outcome, FileValidated) or outcome.options.stop_after is not StopAfter.VALIDATION:
        return (outcome,)
    end = TaskUpdated(
        task_id=outcome.task_id,
        tenant=outcome.tenant,
        attempt=outcome.attempt,
        status=TaskStatus.COMPLETED,
        occurred_at=outcome.finished_at,
        reason=STOPPED,
        rows_read=outcome.rows_read,
        rows_rejected=outcome.rows_rejected,
        report_key=outcome.report_key,
        rejects_key=outcome.rejects_key,
    )
    return (outcome, end)


def narrowed(told: FileValidated, *, limit_bytes: int) -> FileValidated:
    """The event without the numbers of records when a record cannot hold it with them."""
    if record_bytes(told) <= limit_bytes:
        return told
    return told.model_copy(update={"rejected_records": None, "corrected_records": None})


def too_wide(verdict: Accepted, told: FileValidated, *, limit_bytes: int) -> Rejected | None:
    """The verdict in place of an accepted one whose event no record can hold; None when one can."""
    needed = record_bytes(told)
    if needed <= limit_bytes:
        return None
    message = (
        f"The names of the {len(told.columns):,} columns make a message of {needed:,} bytes, and at most "
        f"{limit_bytes:,} are taken (setting KAFKA_MAX_RECORD_BYTES): shorten the names, or send fewer columns."
    )
    detail: dict[str, JsonValue] = {"columns": len(told.columns), "record_bytes": needed, "limit": limit_bytes}
    return Rejected(
        problems=(Reason(code=Code.LIMIT_COLUMNS, message=message, detail=detail),),
        rows_read=verdict.rows_read,
    )


def rejected(
    event: FileUploaded, verdict: Rejected, run: Run, *, limit_bytes: int, occurred_at: datetime
) -> TaskUpdated:
    """The event that ends a task whose file cannot be loaded; problems that no record can hold are told in short."""
    whole = _rejected(event, verdict, run, occurred_at=occurred_at)
    if record_bytes(whole) <= limit_bytes:
        return whole
    short = tuple(Problem(code=one.code, message=one.message[:MESSAGE_CHARACTERS]) for one in whole.problems)
    return whole.model_copy(update={"problems": short})


def _rejected(event: FileUploaded, verdict: Rejected, run: Run, *, occurred_at: datetime) -> TaskUpdated:
    return TaskUpdated(
        task_id=event.task_id,
        tenant=event.tenant,
        attempt=event.attempt,
        status=TaskStatus.REJECTED,
        reason=verdict.problems[0].code,
        occurred_at=occurred_at,
        problems=tuple(Problem(code=one.code, message=one.message, detail=one.detail) for one in verdict.problems),
        rows_read=verdict.rows_read,
        rows_rejected=verdict.rows_rejected,
        report_key=run.report_key(verdict.report) if verdict.report else None,
        rejects_key=run.rejects_key(verdict.rejects.name) if verdict.rejects else None,
    )


def validating(event: FileUploaded, run: Run) -> TaskUpdated:
    """The word that the file is judged, and by which version of its contract."""
    begun_at, version = run.started_at, run.contract_version
    return _moved(event, TaskStatus.VALIDATING, occurred_at=begun_at, contract_version=version)


def awaiting_contract(event: FileUploaded, *, occurred_at: datetime) -> TaskUpdated:
    """The word that the file is not judged yet: a report on its being PENDING, which the upload itself said first."""
    return _moved(event, TaskStatus.PENDING, occurred_at=occurred_at, reason=CONTRACT_AWAITED, sequence=1)


def ended(event: FileUploaded, status: TaskStatus, problem: Problem, *, occurred_at: datetime) -> TaskUpdated:
    """An end that needs no look at the file."""
    return _moved(event, status, occurred_at=occurred_at, reason=problem.code, problems=(problem,))


def cancelled(command: TaskCommand, *, occurred_at: datetime) -> TaskUpdated:
    """The end of an attempt that somebody has cancelled before its verdict."""
    return TaskUpdated(
        task_id=command.task_id,
        tenant=command.tenant,
        attempt=command.attempt,
        status=TaskStatus.CANCELLED,
        occurred_at=occurred_at,
        reason="cancelled",
    )


def is_cancelled(outcome: FileValidated | TaskUpdated) -> bool:
    """Whether it is such an end."""
    return isinstance(outcome, TaskUpdated) and outcome.status is TaskStatus.CANCELLED


def written(outcome: FileValidated | TaskUpdated) -> dict[str, Any]:
    """A verdict as it is kept in the job's row; see `read`."""
    return {"type": outcome.event_type, "body": storable(outcome.model_dump(mode="json"))}


def read(kept: Mapping[str, Any]) -> FileValidated | TaskUpdated:
    """A verdict that was kept; see `written`."""
    outcome = FileValidated if kept["type"] == FileValidated.event_type else TaskUpdated
    return outcome.model_validate(kept["body"])


def _moved(event: FileUploaded, status: TaskStatus, *, occurred_at: datetime, **more: Any) -> TaskUpdated:
    return TaskUpdated(
        task_id=event.task_id,
        tenant=event.tenant,
        attempt=event.attempt,
        status=status,
        occurred_at=occurred_at,
        **more,
    )


def _if_short(records: str | None) -> str | None:
    return records if records is not None and len(records) <= MAX_TEXT_BYTES else None


def _time(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)
