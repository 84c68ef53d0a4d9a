"""Cancelling a load that Druid has not been given: by compare-and-set, so that either it ends here or it is posted.

From the moment that its spec is frozen a POST may have arrived, and only the monitor ends the task.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from shared import heard_commands
from shared.db.models import Submission, SubmissionCommand
from shared.db.storable import storable
from shared.events import CommandName, FileValidated, TaskCommand, TaskStatus, TaskUpdated
from shared.inbox import Inbox


class Cancelling:
    """Carries cancels out, in the caller's transaction.

    Args:
        inbox: the submissions.
        clock: now, aware UTC.
    """

    def __init__(self, inbox: Inbox, clock: Callable[[], datetime]) -> None:
        self._inbox = inbox
        self._clock = clock

    async def hear(self, connection: AsyncConnection, command: TaskCommand) -> TaskUpdated | None:
        """Keep a cancel, and carry it out as far as its verdict is heard of; see `obey`."""
        await heard_commands.keep(connection, SubmissionCommand, command)
        return await self.obey(connection, command)

    async def obey(self, connection: AsyncConnection, about: FileValidated | TaskCommand) -> TaskUpdated | None:
        """Do what was commanded about this attempt; the end that its row holds from now on, to be said by the worker.

        None when nothing was commanded, or when it is not the submitter's to end.
        """
        attempt = {"task_id": about.task_id, "attempt": about.attempt}
        command = await heard_commands.kept(
            connection,
            SubmissionCommand,
            task_id=about.task_id,
            attempt=about.attempt,
            command=CommandName.CANCEL,
        )
        if command is None:
            return None
        end = TaskUpdated(
            **attempt,
            tenant=command.tenant,
            status=TaskStatus.CANCELLED,
            occurred_at=self._clock(),
            reason="cancelled",
        )
        seized = await self._inbox.seize(
            connection,
            Submission.task_id == about.task_id,
            Submission.attempt == about.attempt,
            Submission.spec.is_(None),
            Submission.outcome.is_(None),
            outcome=storable(end.model_dump(mode="json")),
        )
        return end if seized else None
