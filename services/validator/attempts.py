"""What a command makes of a task's validation: it ends the attempt that has no verdict yet, or begins the next one.

Exactly one verdict of an attempt is ever spoken of, and it is whatever was written into the job's row first: the
worker's, or the CANCELLED that is written here. An attempt that has a verdict is not the validator's to cancel.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.validator import publication
from services.validator.lanes import SMALL, Lanes
from shared import heard_commands
from shared.db.models import ValidationCommand, ValidationJob
from shared.events import CommandName, FileUploaded, FileValidated, Stage, TaskCommand, TaskStatus, TaskUpdated
from shared.inbox import Inbox
from shared.kafka.envelope import Received

RETRY = "retry"

Told = FileValidated | TaskUpdated


class Attempts:
    """Carries commands out, in the caller's transaction; what they make true is returned, to be said after it.

    Args:
        inbox: the jobs.
        lanes: which files go first.
        clock: the time, aware UTC.
    """

    def __init__(self, inbox: Inbox, lanes: Lanes, clock: Callable[[], datetime]) -> None:
        self._inbox = inbox
        self._lanes = lanes
        self._clock = clock

    async def upload(self, connection: AsyncConnection, received: Received, event: FileUploaded) -> tuple[Told, ...]:
        """Take a file in; what was commanded about it before it was heard of is done at once."""
        await self._inbox.put(connection, received, lane=self._lanes.lane(event.file_size))
        return await self._obey(connection, event.task_id, event.attempt)

    async def command(self, connection: AsyncConnection, event: TaskCommand) -> tuple[Told, ...]:
        """Take a command in; the first of its kind about an attempt counts."""
        await heard_commands.keep(connection, ValidationCommand, event)
        return await self._obey(connection, event.task_id, event.attempt)

    async def _obey(self, connection: AsyncConnection, task_id: str, attempt: int) -> tuple[Told, ...]:
        kept = partial(heard_commands.kept, connection, ValidationCommand, task_id=task_id)
        told: list[Told] = []
        while True:
            cancel = await kept(attempt=attempt, command=CommandName.CANCEL)
            if cancel is not None:
                told += await self._cancel(connection, cancel)
            retry = await kept(attempt=attempt, command=CommandName.RETRY)
            begun = await self._begin_next(connection, retry) if retry is not None else None
            if begun is None:
                return tuple(told)
            told.append(begun)
            attempt += 1

    async def _cancel(self, connection: AsyncConnection, command: TaskCommand) -> tuple[TaskUpdated, ...]:
        end = publication.cancelled(command, occurred_at=self._clock())
        seized = await self._inbox.seize(
            connection,
            ValidationJob.task_id == command.task_id,
            ValidationJob.attempt == command.attempt,
            ValidationJob.outcome.is_(None),
            outcome=publication.written(end),
            lane=SMALL,
        )
        return (end,) if seized else ()

    async def _begin_next(self, connection: AsyncConnection, command: TaskCommand) -> Told | None:
        """Make the job of the next attempt; None while the file is not heard of."""
        asking = select(ValidationJob.__table__).where(
            ValidationJob.task_id == command.task_id, ValidationJob.attempt == command.attempt
        )
        followed = (await connection.execute(asking)).one_or_none()
        if followed is None:
            return None
        event = following(FileUploaded.model_validate(followed.event), command)
        handed_on = handed_on_again(_verdict_of(followed), command)
        columns: dict[str, Any] = {"lane": self._lanes.lane(event.file_size)}
        if handed_on is not None:
            columns = {"lane": SMALL, "outcome": publication.written(handed_on), "reading": followed.reading}
        received = Received(event, event.event_id, followed.traceparent)
        await self._inbox.put(connection, received, contract_version=followed.contract_version, **columns)
        return handed_on or _pending(event)


def following(event: FileUploaded, command: TaskCommand) -> FileUploaded:
    """The same file as the attempt after the one that the command follows; its place in line is of now."""
    return event.model_copy(update={"attempt": command.attempt + 1, "accepted_at": command.issued_at})


def handed_on_again(verdict: Told | None, command: TaskCommand) -> FileValidated | None:
    """The verdict of the followed attempt as that of the next, if its parts are what the command asks for.

    None where they are not: the attempt then begins with the validation, which is never wrong.
    """
    wanted = command.start_from is Stage.SUBMISSION and isinstance(verdict, FileValidated)
    if not wanted or not isinstance(verdict, FileValidated) or command.run_id not in {None, verdict.run_id}:
        return None
    return verdict.model_copy(update={"attempt": command.attempt + 1, "accepted_at": command.issued_at})


def _verdict_of(job: Row[Any]) -> Told | None:
    return None if job.outcome is None else publication.read(job.outcome)


def _pending(event: FileUploaded) -> TaskUpdated:
    return TaskUpdated(
        task_id=event.task_id,
        tenant=event.tenant,
        attempt=event.attempt,
        status=TaskStatus.PENDING,
        occurred_at=event.accepted_at,
        reason=RETRY,
    )
