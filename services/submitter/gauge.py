"""Reads Druid's slots, at most every so often, for all loads that wait; a Druid that does not answer is no failure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.submitter.patience import away, pause
from shared.druid import Druid, DruidState
from shared.druid_slots import DruidSlots
from shared.errors import IngestError
from shared.telemetry import logger

_log = logger(__name__)
_UNKNOWN = "Druid does not say how many slots it has: SUBMITTER_SLOTS is to say how many may be used"


@dataclass(frozen=True)
class Seen:
    """What was seen.

    Args:
        capacity: all slots, or those that the settings say; None when it is not known, and `trouble` says why.
        running: tasks in each group that runs; empty where others do not matter.
        gone: those of our loads that use no slot any more; only of a look that has just been taken.
        trouble: in the words that a task is told.
    """

    capacity: int | None
    running: Mapping[str, int] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    trouble: str = ""


class Gauge:
    """Looks at Druid.

    Args:
        druid: who is asked.
        every: how old an answer may be; younger ones are given again.
        slots: how many slots may be used, where Druid is not to be asked for that.
        clock: now, aware UTC.
    """

    def __init__(self, druid: Druid, *, every: timedelta, slots: int | None, clock: Callable[[], datetime]) -> None:
        self.every = every
        self._druid = druid
        self._slots = slots
        self._clock = clock
        self._last: Seen | None = None
        self._asked_at = self._next_at = clock()
        self._trouble: tuple[datetime, str] | None = None

    async def look(self, ours: Collection[str]) -> Seen:
        """The slots, and which of our loads, by their Druid ids, have left them; never raises for Druid's sake."""
        now = self._clock()
        if self._last is not None and self._asked_at <= now < self._next_at:
            return self._last
        try:
            seen = await self._ask(ours)
        except IngestError as error:
            return self._in_trouble(error, now)
        self._trouble = None
        self._keep(Seen(seen.capacity, seen.running, trouble=seen.trouble), now, self.every)
        return seen

    def _in_trouble(self, error: IngestError, now: datetime) -> Seen:
        """Keep the moment and the cause of the first failure; ask again later each time."""
        if self._trouble is None:
            self._trouble = (now, away(str(error), since=now).detail)
            _log.warning("slots_not_known", why=str(error))
        since, told = self._trouble
        return self._keep(Seen(None, trouble=told), now, pause(now - since))

    def _keep(self, seen: Seen, now: datetime, for_how_long: timedelta) -> Seen:
        self._last, self._asked_at, self._next_at = seen, now, now + for_how_long
        return seen

    async def _ask(self, ours: Collection[str]) -> Seen:
        slots = DruidSlots(self._slots) if self._slots is not None else await self._druid.slots()
        statuses = await self._druid.task_statuses(ours)
        running = {one for one, status in statuses.items() if status.state is DruidState.RUNNING}
        trouble = "" if slots.capacity is not None else _UNKNOWN
        return Seen(slots.capacity, slots.running, frozenset(ours) - running, trouble)
