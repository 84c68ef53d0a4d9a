"""The line of each datasource in PostgreSQL: who was accepted when, and who has ended (`load_turns`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.models import LoadTurn
from shared.events import FIRST_ATTEMPT, FileUploaded, FileValidated, TaskCommand, TaskUpdated

UNDO = "undo"
"""What stands as the mode of a turn that takes a load back."""


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
    anew: dict[str, Any] = {"attempt": attempt, "accepted_at": asked_at, "ended_at": None, "ended_as": None}
    await connection.execute(
        insert(LoadTurn)
        .values(task_id=task_id, **anew)
        .on_conflict_do_update(index_elements=["task_id"], set_=anew, where=LoadTurn.attempt < attempt)
    )


async def take_place_of_undo(connection: AsyncConnection, command: TaskCommand) -> None:
    """Put an undo into the line of the load that it takes back: like a replace it has the datasource to itself."""
    place: dict[str, Any] = {
        "tenant": command.tenant,
        "datasource_name": command.datasource_name,
        "mode": UNDO,
        "accepted_at": command.issued_at,
    }
    await connection.execute(
        insert(LoadTurn)
        .values(task_id=command.task_id, **place)
        .on_conflict_do_update(index_elements=["task_id"], set_=place, where=LoadTurn.datasource_name.is_(None))
    )


async def take_line(connection: AsyncConnection, *, tenant: str, datasource_name: str) -> None:
    """Have a line to oneself until the transaction ends: whoever freezes a load takes it first."""
    line = f"{tenant}\x1f{datasource_name}"
    await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(line, 0))))


async def keep_undone(connection: AsyncConnection, *, task_id: str, by: str) -> None:
    """Note that a load was taken back."""
    await connection.execute(update(LoadTurn).where(LoadTurn.task_id == task_id).values(undone_by=by))


async def keep_replaced(connection: AsyncConnection, *, task_id: str, replaced: Mapping[str, Any]) -> None:
    """Note which segments a replace takes the place of."""
    await connection.execute(update(LoadTurn).where(LoadTurn.task_id == task_id).values(replaced=dict(replaced)))


async def end(connection: AsyncConnection, event: TaskUpdated) -> None:
    """Let an attempt leave its line, even one that is not known yet; the first end stays, and no later attempt ends."""
    attempt = event.attempt
    left: dict[str, Any] = {"attempt": attempt, "ended_at": event.occurred_at, "ended_as": event.status.value}
    still_there = or_(LoadTurn.attempt < attempt, and_(LoadTurn.attempt == attempt, LoadTurn.ended_at.is_(None)))
    await connection.execute(
        insert(LoadTurn)
        .values(task_id=event.task_id, **left)
        .on_conflict_do_update(index_elements=["task_id"], set_=left, where=still_there)
    )


async def has_ended(connection: AsyncConnection, *, task_id: str, attempt: int) -> bool:
    """Whether the attempt is over; it is when a later one has begun."""
    found = await connection.execute(select(LoadTurn.task_id).where(LoadTurn.task_id == task_id, over(attempt)))
    return found.first() is not None


def over(attempt: int) -> ColumnElement[bool]:
    """The condition under which a task's turn says that the attempt is over."""
    return or_(LoadTurn.attempt > attempt, and_(LoadTurn.attempt == attempt, LoadTurn.ended_at.is_not(None)))
