"""What the monitor does with a record: a row in one of its tables, nothing else."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from shared import heard_commands
from shared.db.engine import Database
from shared.db.models import DruidWatch, WatchCommand
from shared.events import CommandName, DruidSubmitted, TaskCommand
from shared.failpoint import failpoint
from shared.inbox import Inbox
from shared.kafka.envelope import Received

TOPICS = (DruidSubmitted.topic, TaskCommand.topic)


class Handlers:
    """Handles `druid.submitted` (the task is watched from now on) and what is commanded about such tasks.

    `watch` and `verify` are called when there may be work for the one who watches, or for the one who counts again.
    """

    def __init__(
        self,
        database: Database,
        watches: Inbox,
        verifications: Inbox,
        watch: Callable[[], None],
        verify: Callable[[], None],
    ) -> None:
        self._database = database
        self._watches = watches
        self._verifications = verifications
        self._watch = watch
        self._verify = verify

    async def handle(self, received: Received) -> None:
        """Take one event in."""
        match received.event:
            case DruidSubmitted() as event:
                failpoint("M1")
                async with self._database.transaction() as connection:
                    await self._watches.put(connection, received)
                    await self._obey(connection, event)
                self._watch()
            case TaskCommand(command=CommandName.CANCEL) as event:
                async with self._database.transaction() as connection:
                    await heard_commands.keep(connection, WatchCommand, event)
                    await self._obey(connection, event)
                self._watch()
            case TaskCommand(command=CommandName.VERIFY):
                async with self._database.transaction() as connection:
                    await self._verifications.put(connection, received)
                self._verify()
            case _:
                pass

    async def _obey(self, connection: AsyncConnection, about: DruidSubmitted | TaskCommand) -> None:
        """Have the watch of this attempt know that it was cancelled, if it was and there is one that has not ended."""
        command = await heard_commands.kept(
            connection, WatchCommand, task_id=about.task_id, attempt=about.attempt, command=CommandName.CANCEL
        )
        if command is None:
            return
        await connection.execute(
            update(DruidWatch)
            .where(DruidWatch.task_id == about.task_id, DruidWatch.attempt == about.attempt)
            .where(DruidWatch.outcome.is_(None), DruidWatch.cancel_asked_at.is_(None))
            .values(cancel_asked_at=command.issued_at)
        )
        await self._watches.hurry(connection, about.task_id)
