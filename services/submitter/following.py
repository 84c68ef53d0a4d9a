"""A further attempt of a task: whether it is loaded is decided by what earlier ones have left in Druid."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from services.submitter import submissions
from services.submitter.earlier import AllThere, Clear, EarlierAttempts, NotYet, SomeThere, end_of, judge
from services.submitter.turn import Hold, Reason
from shared.db.engine import Database
from shared.druid import Druid
from shared.events import FileValidated
from shared.worker import Done

EARLIER_ATTEMPT = Hold(Reason.EARLIER_ATTEMPT, "what the attempt before has left in Druid is being counted")


class Following:
    """Asked when the attempt has its turn, so that nothing else is loaded that may not be beside it.

    Args:
        database: the submitter's tables.
        druid: who is asked.
        clock: now, aware UTC.
    """

    def __init__(self, database: Database, druid: Druid, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._earlier = EarlierAttempts(druid)
        self._clock = clock

    async def __call__(self, event: FileValidated) -> Done | Hold | None:
        """The end of the attempt, or that nothing is certain yet; None when it is to be loaded."""
        async with self._database.transaction() as connection:
            earlier = await submissions.earlier(connection, task_id=event.task_id, attempt=event.attempt)
        if not earlier:
            return None
        now = self._clock()
        seen = await self._earlier.look(event, earlier, now=now)
        match judge(seen, accepted=event.rows_accepted):
            case NotYet():
                return EARLIER_ATTEMPT
            case Clear():
                self._earlier.forget(event)
                return None
            case AllThere() | SomeThere() as found:
                self._earlier.forget(event)
                return Done((end_of(event, seen, found, now=now),))
