"""The phases of a submission: WAITING until its spec is frozen, POSTING until Druid has it, POSTED after that.

Both steps are compare-and-set, so that of two workers on one row, or of a worker and a cancel, one wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.submitter.spec import Frozen, intervals_of
from shared.db.models import LoadTurn, Submission


class Phase(StrEnum):
    """How far a submission is."""

    WAITING = "WAITING"
    POSTING = "POSTING"
    POSTED = "POSTED"


@dataclass(frozen=True)
class Posting:
    """A submission whose spec is frozen; `since` is when that was, or when it was last opened again."""

    frozen: Frozen
    since: datetime


def posting_of(columns: Mapping[str, Any]) -> Posting | None:
    """Read a row's own columns; None while it is WAITING."""
    if columns["phase"] == Phase.WAITING:
        return None
    spec = columns["spec"]
    frozen = Frozen(columns["druid_task_id"], spec, columns["spec_hash"], intervals_of(spec))
    return Posting(frozen, columns["posting_at"])


async def freeze(connection: AsyncConnection, *, event_id: UUID, frozen: Frozen, now: datetime) -> Posting | None:
    """WAITING → POSTING with this spec; what is frozen from now on, which may be another's; None if it went elsewhere.

    The spec that stays is the one of whoever was first.
    """
    await connection.execute(
        update(Submission)
        .where(Submission.event_id == event_id, Submission.phase == Phase.WAITING.value)
        .values(
            phase=Phase.POSTING.value,
            spec=dict(frozen.spec),
            spec_hash=frozen.spec_hash,
            druid_task_id=frozen.druid_task_id,
            posting_at=now,
        )
    )
    row = (await connection.execute(select(Submission.__table__).where(Submission.event_id == event_id))).mappings()
    return posting_of(dict(row.one()))


async def reopen(connection: AsyncConnection, *, task_id: str, attempt: int, asked_at: datetime) -> bool:
    """POSTED → POSTING, to post the same bytes again, unless the task has ended or was posted since it was asked."""
    ended = select(LoadTurn.task_id).where(LoadTurn.task_id == task_id, LoadTurn.ended_at.is_not(None))
    opened = await connection.execute(
        update(Submission)
        .where(
            Submission.task_id == task_id,
            Submission.attempt == attempt,
            Submission.phase == Phase.POSTED.value,
            Submission.done_at.is_not(None),
            Submission.posting_at < asked_at,
            ~ended.exists(),
        )
        .values(
            phase=Phase.POSTING.value,
            posting_at=func.clock_timestamp(),
            available_at=func.clock_timestamp(),
            done_at=None,
        )
        .returning(Submission.event_id)
    )
    return opened.first() is not None
