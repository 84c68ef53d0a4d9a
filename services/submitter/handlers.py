"""What the submitter does with a record: one transaction, then it wakes the worker."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from services.submitter import contents, submissions, turns
from shared.db.engine import Database
from shared.errors import PermanentError
from shared.events import (
    CommandName,
    FileUploaded,
    FileValidated,
    LoadOptions,
    StopAfter,
    TaskCommand,
    TaskUpdated,
)
from shared.inbox import Inbox
from shared.kafka.envelope import Received

TOPICS = (FileUploaded.topic, FileValidated.topic, TaskUpdated.topic, TaskCommand.topic)


class IncompleteCommandError(PermanentError):
    """A command lacks what it cannot be carried out without."""


class Handlers:
    """Translates events into rows of the submitter's two tables; `wake` is called when work may have come."""

    def __init__(self, database: Database, inbox: Inbox, wake: Callable[[], None]) -> None:
        self._database = database
        self._inbox = inbox
        self._wake = wake

    async def handle(self, received: Received) -> None:
        """Take one event in."""
        async with self._database.transaction() as connection:
            match received.event:
                case FileUploaded(options=LoadOptions(stop_after=None)) as event:
                    await self._take_place(connection, event)
                case FileValidated(options=LoadOptions(stop_after=None)) as event:
                    await self._take_place(connection, event)
                    await self._inbox.put(connection, received)
                case FileValidated(options=LoadOptions(stop_after=StopAfter.PLAN)):
                    await self._inbox.put(connection, received)
                case TaskUpdated() as event if event.status.is_end:
                    await self._end(connection, event)
                case TaskCommand(command=CommandName.REPOST) as event:
                    await submissions.reopen(
                        connection, task_id=event.task_id, attempt=event.attempt, asked_at=event.issued_at
                    )
                case TaskCommand(command=CommandName.UNDO) as event:
                    await self._undo(connection, received, event)
                case _:
                    return
        self._wake()

    async def _take_place(self, connection: AsyncConnection, event: FileUploaded | FileValidated) -> None:
        await turns.take_place(connection, event)
        await contents.keep(connection, event)

    async def _undo(self, connection: AsyncConnection, received: Received, command: TaskCommand) -> None:
        if command.undoes is None or command.datasource_name is None:
            msg = "an undo names the task whose load is taken back, and its datasource"
            raise IncompleteCommandError(msg)
        await turns.take_place_of_undo(connection, command)
        await self._inbox.put(connection, received)

    async def _end(self, connection: AsyncConnection, event: TaskUpdated) -> None:
        await turns.end(connection, event)
        if event.undone is not None:
            await turns.keep_undone(connection, task_id=event.undone.undoes, by=event.task_id)
        waiting = await turns.waiting_beside(connection, task_id=event.task_id)
        if waiting:
            await self._inbox.hurry(connection, *waiting)
