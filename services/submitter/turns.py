"""The line of each datasource in PostgreSQL: who was accepted when, and who has ended (`load_turns`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.models import LoadTurn
from shared.events import FileUploaded, FileValidated


async def take_place(connection: AsyncConnection, event: FileUploaded | FileValidated) -> None:
    """Put a task into its line; the first word about its place stays, and an end that came before it stays too."""
    place: dict[str, Any] = {
        "tenant": event.tenant,
        "datasource_name": event.datasource_name,
        "mode": event.options.mode.value,
        "accepted_at": event.accepted_at,
    }
    await connection.execute(
        insert(LoadTurn)
        .values(task_id=event.task_id, **place)
        .on_conflict_do_update(index_elements=["task_id"], set_=place, where=LoadTurn.accepted_at.is_(None))
    )


async def end(connection: AsyncConnection, *, task_id: str, ended_at: datetime) -> None:
    """Let a task leave its line, even one that is not known yet; the first end stays."""
    await connection.execute(
        insert(LoadTurn)
        .values(task_id=task_id, ended_at=ended_at)
        .on_conflict_do_update(
            index_elements=["task_id"], set_={"ended_at": ended_at}, where=LoadTurn.ended_at.is_(None)
        )
    )


async def has_ended(connection: AsyncConnection, *, task_id: str) -> bool:
    """Whether the task's attempt is over."""
    found = await connection.execute(select(LoadTurn.ended_at).where(LoadTurn.task_id == task_id))
    return found.scalar_one_or_none() is not None
