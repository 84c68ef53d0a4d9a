"""The commands that a service has heard, one table each: the first of a kind about an attempt counts, for ever.

Every function runs in the caller's transaction.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.models import CommandColumns
from shared.db.storable import storable
from shared.events import CommandName, TaskCommand, body_of


async def keep(connection: AsyncConnection, table: type[CommandColumns], event: TaskCommand) -> None:
    """Keep a command, unless one of its kind about the attempt was heard before."""
    row = insert(table).values(
        task_id=event.task_id, attempt=event.attempt, command=event.command.value, body=storable(body_of(event))
    )
    await connection.execute(row.on_conflict_do_nothing())


async def kept(
    connection: AsyncConnection, table: type[CommandColumns], *, task_id: str, attempt: int, command: CommandName
) -> TaskCommand | None:
    """The command of this kind that counts for the attempt; None when none was heard yet."""
    asking = select(table.body).where(
        table.task_id == task_id, table.attempt == attempt, table.command == command.value
    )
    body = (await connection.execute(asking)).scalar_one_or_none()
    return None if body is None else TaskCommand.model_validate(body)
