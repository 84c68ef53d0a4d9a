"""The phases of a submission: WAITING for its turn, ADMITTED to it, POSTING once its spec is frozen, POSTED.

From ADMITTED on no load that may not run beside it is sent before its end, and its slots are its own. The spec is
frozen by the holder of the lease only: a worker that has lost it, perhaps to one that has ended the task, must not send
anything any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.submitter import turns
from services.submitter.spec import Frozen, intervals_of
from shared.db.models import LoadTurn, Submission
from shared.db.storable import storable
from shared.events import TaskUpdated
from shared.inbox import Job, LeaseLostError


class Phase(StrEnum):
    """How far a submission is."""

    WAITING = "WAITING"
    ADMITTED = "ADMITTED"
    POSTING = "POSTING"
    POSTED = "POSTED"


@dataclass(frozen=True)
class Posting:
    """A submission whose spec is frozen; `since` is when that was, or when it was last opened again."""

    frozen: Frozen
    since: datetime


def posting_of(columns: Mapping[str, Any]) -> Posting | None:
    """Read a row's own columns; None while its spec is not frozen."""
    spec = columns["spec"]
    if spec is None:
        return None
    frozen = Frozen(columns["druid_task_id"], spec, columns["spec_hash"], intervals_of(spec))
    return Posting(frozen, columns["posting_at"])


async def freeze(connection: AsyncConnection, job: Job, *, frozen: Frozen, now: datetime) -> Posting:
    """ADMITTED → POSTING with this spec, which stays the row's for ever.

    Raises:
        LeaseLostError: another worker has the row.
    """
    await _step(
        connection,
        job,
        phase=Phase.POSTING.value,
        spec=dict(frozen.spec),
        spec_hash=frozen.spec_hash,
        druid_task_id=frozen.druid_task_id,
        posting_at=now,
    )
    return Posting(frozen, now)


async def freeze_undo(connection: AsyncConnection, job: Job, *, frozen: Mapping[str, Any], now: datetime) -> None:
    """ADMITTED → POSTING with what an undo changes, which stays the row's for ever.

    Raises:
        LeaseLostError: another worker has the row.
    """
    await _step(connection, job, phase=Phase.POSTING.value, spec=dict(frozen), posting_at=now)


async def conclude(connection: AsyncConnection, job: Job, end: TaskUpdated) -> TaskUpdated:
    """Keep the end of a task that is not loaded: it is said from here only, however often.

    Raises:
        LeaseLostError: another worker has the row, or it was cancelled.
    """
    await _step(connection, job, outcome=storable(end.model_dump(mode="json")))
    await turns.end(connection, end)
    return end


def outcome_of(columns: Mapping[str, Any]) -> TaskUpdated | None:
    """The end that a row holds."""
    outcome = columns["outcome"]
    return None if outcome is None else TaskUpdated.model_validate(outcome)


async def _step(connection: AsyncConnection, job: Job, **columns: Any) -> None:
    """Write into a row whose spec is not frozen and whose end is not kept."""
    held = (
        Submission.event_id == job.event_id,
        Submission.tries == job.tries,  # every lease has its own
        Submission.done_at.is_(None),
        Submission.spec.is_(None),
        Submission.outcome.is_(None),
    )
    changed = await connection.execute(update(Submission).where(*held).values(**columns).returning(Submission.event_id))
    if changed.first() is None:
        msg = f"the lease on submission {job.event_id} is lost"
        raise LeaseLostError(msg)


async def leave_slots(connection: AsyncConnection, *, task_id: str, attempt: int) -> None:
    """Note that Druid has finished the load: its slots are free, though its rows cannot be queried yet."""
    await connection.execute(
        update(Submission)
        .where(
            Submission.task_id == task_id,
            Submission.attempt == attempt,
            Submission.phase == Phase.POSTED.value,
            Submission.left_at.is_(None),
        )
        .values(left_at=func.clock_timestamp())
    )


async def earlier(connection: AsyncConnection, *, task_id: str, attempt: int) -> list[Frozen]:
    """What Druid may have been given for earlier attempts of a task, the first of them first."""
    asking = (
        select(Submission.druid_task_id, Submission.spec, Submission.spec_hash)
        .where(Submission.task_id == task_id, Submission.attempt < attempt, Submission.spec.is_not(None))
        .order_by(Submission.attempt)
    )
    return [
        Frozen(row.druid_task_id, row.spec, row.spec_hash, intervals_of(row.spec))
        for row in await connection.execute(asking)
    ]


async def reopen(connection: AsyncConnection, *, task_id: str, attempt: int, asked_at: datetime) -> bool:
    """Back to POSTING, to post the same bytes again, unless the task has ended or was posted since it was asked.

    The row is one whose load was said to be with Druid, also by the last words about it: its deaths are forgotten.
    """
    ended = select(LoadTurn.task_id).where(LoadTurn.task_id == task_id, turns.over(attempt))
    opened = await connection.execute(
        update(Submission)
        .where(
            Submission.task_id == task_id,
            Submission.attempt == attempt,
            Submission.spec.is_not(None),
            Submission.done_at.is_not(None),
            Submission.posting_at < asked_at,
            ~ended.exists(),
        )
        .values(
            phase=Phase.POSTING.value,
            posting_at=func.clock_timestamp(),
            available_at=func.clock_timestamp(),
            done_at=None,
            left_at=None,
            deaths=0,
        )
        .returning(Submission.event_id)
    )
    return opened.first() is not None
