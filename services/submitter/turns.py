"""The line of each datasource in PostgreSQL: who was accepted when, and who has ended (`load_turns`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.submitter.admission import Turn
from shared.db.models import LoadTurn, Submission
from shared.events import FIRST_ATTEMPT, FileUploaded, FileValidated, LoadMode


async def take_place(connection: AsyncConnection, event: FileUploaded | FileValidated) -> None:
    """Put a task into its line; the first word about its place stays, and an end that came before it stays too.

    A later attempt stands from when it was asked for, whoever tells of it first: its verdict, or the command.
    """
    if event.attempt > FIRST_ATTEMPT:
        await renew(connection, task_id=event.task_id, attempt=event.attempt, asked_at=event.accepted_at)
    place: dict[str, Any] = {
        "tenant": event.tenant,
        "datasource_name": event.datasource_name,
        "mode": event.options.mode.value,
        "accepted_at": func.coalesce(LoadTurn.accepted_at, event.accepted_at),
    }
    await connection.execute(
        insert(LoadTurn)
        .values(task_id=event.task_id, **{**place, "accepted_at": event.accepted_at})
        .on_conflict_do_update(index_elements=["task_id"], set_=place, where=LoadTurn.datasource_name.is_(None))
    )


async def renew(connection: AsyncConnection, *, task_id: str, attempt: int, asked_at: datetime) -> None:
    """Have a task stand in its line anew, with a later attempt; one that was heard of already stays as it is."""
    anew: dict[str, Any] = {"attempt": attempt, "accepted_at": asked_at, "ended_at": None}
    await connection.execute(
        insert(LoadTurn)
        .values(task_id=task_id, **anew)
        .on_conflict_do_update(index_elements=["task_id"], set_=anew, where=LoadTurn.attempt < attempt)
    )


async def end(connection: AsyncConnection, *, task_id: str, attempt: int, ended_at: datetime) -> None:
    """Let an attempt leave its line, even one that is not known yet; the first end stays, and no later attempt ends."""
    left: dict[str, Any] = {"attempt": attempt, "ended_at": ended_at}
    still_there = or_(LoadTurn.attempt < attempt, and_(LoadTurn.attempt == attempt, LoadTurn.ended_at.is_(None)))
    await connection.execute(
        insert(LoadTurn)
        .values(task_id=task_id, **left)
        .on_conflict_do_update(index_elements=["task_id"], set_=left, where=still_there)
    )


async def waiting_beside(connection: AsyncConnection, *, task_id: str) -> Sequence[str]:
    """The tasks of the same line whose load was not sent yet."""
    here = select(LoadTurn.tenant, LoadTurn.datasource_name).where(LoadTurn.task_id == task_id)
    waiting = (
        select(Submission.task_id)
        .join(LoadTurn, and_(LoadTurn.task_id == Submission.task_id, LoadTurn.attempt == Submission.attempt))
        .where(Submission.done_at.is_(None), Submission.phase == "WAITING")
        .where(tuple_(LoadTurn.tenant, LoadTurn.datasource_name).in_(here))
    )
    return (await connection.execute(waiting)).scalars().all()


async def take_line(connection: AsyncConnection, *, tenant: str, datasource_name: str) -> None:
    """Have a line to oneself until the transaction ends: whoever admits a load takes it first."""
    line = f"{tenant}\x1f{datasource_name}"
    await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(line, 0))))


async def open_turns(connection: AsyncConnection, *, tenant: str, datasource_name: str) -> list[Turn]:
    """All turns of a line that have not ended."""
    sent = exists().where(
        Submission.task_id == LoadTurn.task_id, Submission.attempt == LoadTurn.attempt, Submission.phase != "WAITING"
    )
    found = await connection.execute(
        select(LoadTurn.task_id, LoadTurn.mode, LoadTurn.accepted_at, sent.label("sent")).where(
            LoadTurn.tenant == tenant,
            LoadTurn.datasource_name == datasource_name,
            LoadTurn.ended_at.is_(None),
        )
    )
    return [Turn(row.task_id, LoadMode(row.mode), row.accepted_at, row.sent) for row in found]


async def has_ended(connection: AsyncConnection, *, task_id: str, attempt: int) -> bool:
    """Whether the attempt is over; it is when a later one has begun."""
    found = await connection.execute(select(LoadTurn.task_id).where(LoadTurn.task_id == task_id, over(attempt)))
    return found.first() is not None


def over(attempt: int) -> ColumnElement[bool]:
    """The condition under which a task's turn says that the attempt is over."""
    return or_(LoadTurn.attempt > attempt, and_(LoadTurn.attempt == attempt, LoadTurn.ended_at.is_not(None)))
