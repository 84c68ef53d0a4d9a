"""The line of each datasource in PostgreSQL: who was accepted when, and who has ended (`load_turns`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import exists, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.submitter.admission import Turn
from shared.db.models import LoadTurn, Submission
from shared.events import FileUploaded, FileValidated, LoadMode, TaskCommand, TaskUpdated


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


async def take_place_of_undo(connection: AsyncConnection, command: TaskCommand) -> None:
    """Put an undo into the line of the load that it takes back: like a replace it has the datasource to itself."""
    place: dict[str, Any] = {
        "tenant": command.tenant,
        "datasource_name": command.datasource_name,
        "mode": LoadMode.REPLACE.value,
        "accepted_at": command.issued_at,
    }
    await connection.execute(
        insert(LoadTurn)
        .values(task_id=command.task_id, **place)
        .on_conflict_do_update(index_elements=["task_id"], set_=place, where=LoadTurn.accepted_at.is_(None))
    )


async def keep_undone(connection: AsyncConnection, *, task_id: str, by: str) -> None:
    """Note that a load was taken back."""
    await connection.execute(update(LoadTurn).where(LoadTurn.task_id == task_id).values(undone_by=by))


async def keep_replaced(connection: AsyncConnection, *, task_id: str, replaced: Mapping[str, Any]) -> None:
    """Note which segments a replace takes the place of."""
    await connection.execute(update(LoadTurn).where(LoadTurn.task_id == task_id).values(replaced=dict(replaced)))


async def end(connection: AsyncConnection, event: TaskUpdated) -> None:
    """Let a task leave its line, even one that is not known yet; the first end stays."""
    ended = {"ended_at": event.occurred_at, "ended_as": event.status.value}
    await connection.execute(
        insert(LoadTurn)
        .values(task_id=event.task_id, **ended)
        .on_conflict_do_update(index_elements=["task_id"], set_=ended, where=LoadTurn.ended_at.is_(None))
    )


async def waiting_beside(connection: AsyncConnection, *, task_id: str) -> Sequence[str]:
    """The tasks of the same line whose load was not sent yet."""
    here = select(LoadTurn.tenant, LoadTurn.datasource_name).where(LoadTurn.task_id == task_id)
    waiting = (
        select(Submission.task_id)
        .join(LoadTurn, LoadTurn.task_id == Submission.task_id)
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
    sent = exists().where(Submission.task_id == LoadTurn.task_id, Submission.phase != "WAITING")
    found = await connection.execute(
        select(LoadTurn.task_id, LoadTurn.mode, LoadTurn.accepted_at, sent.label("sent")).where(
            LoadTurn.tenant == tenant,
            LoadTurn.datasource_name == datasource_name,
            LoadTurn.ended_at.is_(None),
        )
    )
    return [Turn(row.task_id, LoadMode(row.mode), row.accepted_at, row.sent) for row in found]


async def has_ended(connection: AsyncConnection, *, task_id: str) -> bool:
    """Whether the task's attempt is over."""
    found = await connection.execute(select(LoadTurn.ended_at).where(LoadTurn.task_id == task_id))
    return found.scalar_one_or_none() is not None
