"""The gateway's own table of the commands that it has promised to give: `given_commands`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from services.gateway.decisions import SOURCE
from shared.db.engine import Database
from shared.db.models import GivenCommand
from shared.db.storable import storable
from shared.events import TaskCommand, body_of
from shared.kafka.envelope import encode
from shared.outbox import promise


@dataclass(frozen=True)
class Kept:
    """A command as it stands; `replayed` when it had been promised before."""

    command: TaskCommand
    replayed: bool


class CommandRows(Protocol):
    """What the use case asks of the table. The method is a transaction and may raise `DatabaseAwayError`."""

    async def give(self, command: TaskCommand, *, traceparent: str | None) -> Kept:
        """Keep a command and the promise of it, together; the first of its event id stands, and is promised again."""


class PostgresCommandRows:
    """The table in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def give(self, command: TaskCommand, *, traceparent: str | None) -> Kept:
        """See `CommandRows.give`."""
        keeping = insert(GivenCommand).values(
            event_id=command.event_id, task_id=command.task_id, body=storable(body_of(command))
        )
        asking = select(GivenCommand.body).where(GivenCommand.event_id == command.event_id)
        async with self._database.transaction() as connection:
            made = await connection.execute(keeping.on_conflict_do_nothing().returning(GivenCommand.event_id))
            kept = Kept(command, replayed=False)
            if made.first() is None:
                first = TaskCommand.model_validate((await connection.execute(asking)).scalar_one())
                kept = Kept(first, replayed=True)
            await promise(connection, encode(kept.command, source=SOURCE, traceparent=traceparent))
        return kept
