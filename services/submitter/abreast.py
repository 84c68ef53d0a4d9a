"""Loads that are with Druid beside another one and write a column of it in another type, in PostgreSQL.

Such a column is in no segment that can be seen yet, so that one load waits for the other: what Druid has then decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.submitter.live_types import differing
from services.submitter.turn import Hold, Reason
from services.submitter.turns import UNDO
from shared.db.models import LoadTurn, Submission
from shared.events import FileValidated


async def find(
    connection: AsyncConnection, event: FileValidated, spec: Mapping[str, Any], *, asked_at: datetime
) -> Hold | None:
    """The load that has to end first, in words; the caller has the line to himself.

    Args:
        connection: in a transaction.
        event: whose load it is.
        spec: the Druid task that is to be frozen.
        asked_at: when Druid was asked for the types that are there: what has ended since is not in its answer.
    """
    empty = frozenset(one.name for one in event.columns if one.empty)
    asking = (
        select(Submission.task_id, Submission.spec)
        .join(LoadTurn, and_(LoadTurn.task_id == Submission.task_id, LoadTurn.attempt == Submission.attempt))
        .where(
            LoadTurn.datasource_name == event.datasource_name,
            LoadTurn.task_id != event.task_id,
            LoadTurn.mode != UNDO,
            or_(LoadTurn.ended_at.is_(None), LoadTurn.ended_at >= asked_at),
            Submission.spec.is_not(None),
            Submission.outcome.is_(None),
        )
        .order_by(LoadTurn.accepted_at, LoadTurn.task_id)
    )
    for row in await connection.execute(asking):
        column = differing(spec, row.spec, empty=empty)
        if column is not None:
            return Hold(Reason.LOCK, f"task {row.task_id} writes `{column}` in another type, and has to end first")
    return None
