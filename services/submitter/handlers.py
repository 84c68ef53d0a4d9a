"""What the submitter does with a record: one transaction, then it wakes whoever has something to do."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from services.submitter import contents, submissions, turns
from services.submitter.cancelling import Cancelling
from services.submitter.openings import LARGE_LANE, SMALL_LANE
from services.submitter.slots import Sizes
from shared.db.engine import Database
from shared.errors import PermanentError
from shared.events import (
    CommandName,
    FileUploaded,
    FileValidated,
    LoadMode,
    LoadOptions,
    StopAfter,
    TaskCommand,
    TaskStatus,
    TaskUpdated,
)
from shared.inbox import Inbox
from shared.kafka.envelope import Received

TOPICS = (FileUploaded.topic, FileValidated.topic, TaskUpdated.topic, TaskCommand.topic)
Wake = Callable[[], None]


class IncompleteCommandError(PermanentError):
    """A command lacks what it cannot be carried out without."""


class Handlers:
    """Translates events into rows of the submitter's two tables.

    Args:
        database: where they are.
        inbox: the submissions.
        cancelling: carries cancels out.
        sizes: what a load asks for by its size.
        wake_worker: called when there is a row to be taken.
        wake_admission: called when a slot or a datasource may be free.
    """

    def __init__(
        self,
        database: Database,
        inbox: Inbox,
        cancelling: Cancelling,
        sizes: Sizes,
        *,
        wake_worker: Wake,
        wake_admission: Wake,
    ) -> None:
        self._database = database
        self._inbox = inbox
        self._cancelling = cancelling
        self._sizes = sizes
        self._wake_worker = wake_worker
        self._wake_admission = wake_admission

    async def handle(self, received: Received) -> None:
        """Take one event in."""
        wake = self._wake_worker
        async with self._database.transaction() as connection:
            match received.event:
                case FileUploaded(options=LoadOptions(stop_after=None)) as event:
                    await turns.take_place(connection, event)
                    await contents.keep(connection, event)
                    return
                case FileValidated(options=LoadOptions(stop_after=StopAfter.PLAN)):
                    await self._inbox.put(connection, received, slots=0)
                case FileValidated(options=LoadOptions(stop_after=None)) as event:
                    await turns.take_place(connection, event)
                    await contents.keep(connection, event)
                    await self._inbox.put(connection, received, **self._asks_for(event))
                    await self._leave(connection, await self._cancelling.obey(connection, event))
                case TaskUpdated() as event if event.status.is_end:
                    await self._leave(connection, event)
                    wake = self._wake_admission
                case TaskUpdated(status=TaskStatus.LOADING) as event:
                    await submissions.leave_slots(connection, task_id=event.task_id, attempt=event.attempt)
                    wake = self._wake_admission
                case TaskCommand(command=CommandName.REPOST) as event:
                    await submissions.reopen(
                        connection, task_id=event.task_id, attempt=event.attempt, asked_at=event.issued_at
                    )
                case TaskCommand(command=CommandName.UNDO) as event:
                    await self._undo(connection, received, event)
                    wake = self._wake_both
                case TaskCommand(command=CommandName.CANCEL) as event:
                    await self._leave(connection, await self._cancelling.hear(connection, event))
                    wake = self._wake_both
                case TaskCommand(command=CommandName.RETRY) as event:
                    following = event.attempt + 1
                    await turns.renew(connection, task_id=event.task_id, attempt=following, asked_at=event.issued_at)
                    return
                case _:
                    return
        wake()

    def _wake_both(self) -> None:
        self._wake_worker()
        self._wake_admission()

    async def _leave(self, connection: AsyncConnection, event: TaskUpdated | None) -> None:
        """An attempt that has ended, if one has, leaves its line."""
        if event is not None:
            await turns.end(connection, event)
            if event.undone is not None:
                await turns.keep_undone(connection, task_id=event.undone.undoes, by=event.task_id)

    async def _undo(self, connection: AsyncConnection, received: Received, command: TaskCommand) -> None:
        if command.undoes is None or command.datasource_name is None:
            msg = "an undo names the task whose load is taken back, and its datasource"
            raise IncompleteCommandError(msg)
        await turns.take_place_of_undo(connection, command)
        await self._inbox.put(connection, received, slots=0)

    def _asks_for(self, event: FileValidated) -> dict[str, int]:
        rows, size = event.rows_accepted, event.file_size
        lane = SMALL_LANE if self._sizes.is_small(rows=rows, size_bytes=size) else LARGE_LANE
        by_range = (
            event.loading is not None
            and event.loading.partitioning.type == "range"
            and event.options.mode is LoadMode.REPLACE
        )
        slots = self._sizes.slots(rows=rows, size_bytes=size, parts=len(event.parts), by_range=by_range)
        return {"lane": lane, "slots": slots}
