"""The events that the submitter says of a load. Pure."""

from __future__ import annotations

from datetime import datetime

from pydantic import JsonValue

from services.submitter.live_types import noted_in, notices
from services.submitter.spec import Frozen, proof_of
from shared.events import DruidSubmitted, FileValidated, Problem, TaskStatus, TaskUpdated


def queued(event: FileValidated, words: str, *, number: int, at: datetime) -> TaskUpdated:
    """What it waits for; `number` is used by no other word of the attempt."""
    return TaskUpdated(
        task_id=event.task_id,
        tenant=event.tenant,
        attempt=event.attempt,
        status=TaskStatus.QUEUED,
        occurred_at=at,
        sequence=number,
        reason=words,
    )


def submitted(event: FileValidated, frozen: Frozen, *, spec_key: str, at: datetime) -> DruidSubmitted:
    """Druid has it, or may have it, since `at`; its frozen spec is kept under `spec_key`."""
    proof = proof_of(frozen.spec)
    return DruidSubmitted(
        task_id=event.task_id,
        tenant=event.tenant,
        attempt=event.attempt,
        datasource_name=event.datasource_name,
        druid_task_id=frozen.druid_task_id,
        spec_hash=frozen.spec_hash,
        intervals=frozen.intervals,
        rows_read=event.rows_read,
        rows_accepted=event.rows_accepted,
        rows_rejected=event.rows_rejected,
        submitted_at=at,
        mode=proof.mode,
        spec_key=spec_key,
        proof_by=proof.by,
        count_metric=proof.count_metric,
        rows_before=proof.rows_before,
        notices=notices(noted_in(frozen.spec)),
    )


def failed(
    event: FileValidated, code: str, message: str, *, at: datetime, detail: dict[str, JsonValue] | None = None
) -> TaskUpdated:
    """It ended without being loaded."""
    return TaskUpdated(
        task_id=event.task_id,
        tenant=event.tenant,
        attempt=event.attempt,
        status=TaskStatus.FAILED,
        occurred_at=at,
        problems=(Problem(code=code, message=message, detail=detail or {}),),
    )


def rejected(event: FileValidated, problem: Problem, *, at: datetime, duplicate_of: str | None = None) -> TaskUpdated:
    """It is not loaded for what it is: `duplicate_of` names the task that has loaded the same bytes."""
    return TaskUpdated(
        task_id=event.task_id,
        tenant=event.tenant,
        attempt=event.attempt,
        status=TaskStatus.REJECTED,
        occurred_at=at,
        problems=(problem,),
        duplicate_of=duplicate_of,
    )
