"""Makes the admission's decisions: over all waiting loads at once, one decision at a time in all submitters together.

A decision is made when a load has become ready, when one has ended or left its slots, and every so often while loads
wait for slots. Its result is written into the rows: a worker takes those that are admitted, and tells the others what
they wait for. So a load that waits costs nothing but its part of the next decision.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from services.submitter import openings
from services.submitter.admission import decide
from services.submitter.deciding import Tact, changes, is_quick
from services.submitter.fairness import Policy
from services.submitter.gauge import Gauge
from services.submitter.openings import Outlook, Standing
from services.submitter.slots import Cluster
from services.submitter.submissions import Phase
from services.submitter.turn import Hold, Reason
from shared.backoff import Backoff
from shared.db.engine import Database
from shared.errors import TransientError
from shared.failpoint import failpoint
from shared.health import Progress
from shared.inbox import Job
from shared.telemetry import logger
from shared.waiting import wait_any

_log = logger(__name__)
_LET_GO = timedelta(milliseconds=50)
_LONGEST_REST = timedelta(seconds=1)
CATCHING_UP = Hold(Reason.CATCHING_UP, "what was accepted before it is being read")


@dataclass(frozen=True)
class Rhythm:
    """When decisions are made and what they tell; `look_every` is how often while nothing but an end can help."""

    look_every: timedelta = timedelta(seconds=2)
    policy: Policy = field(default_factory=Policy)
    tact: Tact = field(default_factory=Tact)


class Admitting:
    """Decides for all, and answers those that ask.

    Args:
        database: the submitter's tables.
        gauge: Druid's slots.
        rhythm: when decisions are made.
        line_known: whether all uploads have been read; see `_decide`.
        wake_worker: called when rows are ready to be taken.
    """

    def __init__(
        self,
        database: Database,
        gauge: Gauge,
        rhythm: Rhythm,
        *,
        line_known: Callable[[], Awaitable[bool]],
        wake_worker: Callable[[], None],
    ) -> None:
        self.progress = Progress("submitter admission")
        self._database = database
        self._gauge = gauge
        self._rhythm = rhythm
        self._line_known = line_known
        self._wake_worker = wake_worker
        self._woken = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._begun = 0
        self._complete = 0
        self._asking: set[UUID] = set()
        self._backoff = Backoff()

    def wake(self) -> None:
        """Say that a slot or a datasource may be free."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Decide until `stop` is set; of a stream of words each decision answers all that came before it.

        Half of the time is left to others, however many loads wait.
        """
        failures, clock = 0, asyncio.get_running_loop().time
        while not stop.is_set():
            began = clock()
            self._woken.clear()
            self.progress.begin()
            try:
                pause = await self.decide_now()
                failures = 0
            except TransientError as error:
                failures += 1
                pause = self._backoff.delay(failures)
                self.progress.waiting(str(error))
                if failures == 1 or failures % 20 == 0:
                    _log.warning("admission_waiting", failures=failures, why=str(error))
            finally:
                self.progress.end()
            await wait_any(min(timedelta(seconds=clock() - began), _LONGEST_REST), stop)
            await wait_any(pause, stop, self._woken)

    async def ask(self, job: Job) -> Standing | Hold | None:
        """How a row that a worker has in hand stands: admitted, held, or None when its task stands in no line.

        What was decided and not told yet is told first; else there is a new decision, which many may share.
        """
        columns = job.columns
        if columns["phase"] == Phase.WAITING and columns["hold"] in {None, job.wait_reason}:
            after = self._begun
            self._asking.add(job.event_id)
            try:
                async with self._one_at_a_time:
                    if self._complete <= after:
                        await self._decide()
            finally:
                self._asking.discard(job.event_id)
        async with self._database.transaction() as connection:
            found = await openings.standing(connection, job)
        if found is None or found.has_ended or found.phase is not Phase.WAITING:
            return found
        return as_hold(found.hold)

    async def decide_now(self) -> timedelta:
        """Make one decision; returns after how long the next should follow if nobody wakes it."""
        async with self._one_at_a_time:
            return await self._decide()

    async def _decide(self) -> timedelta:
        """See `decide_now`; only one at a time.

        Nobody is admitted unless the line is known: topics are read in no order of each other, so after a stop a late
        file's verdict may be read before an early file's upload. An upload that is published later finds the load sent.
        """
        self._begun += 1
        number, asking = self._begun, frozenset(self._asking)
        async with self._database.transaction() as connection:
            seen_at = await openings.outlook(connection)
        pause = self._rhythm.look_every
        if seen_at.waits:
            pause = await self._decide_over(seen_at, asking) if await self._line_known() else _LET_GO
        self._complete = number
        return pause

    async def _decide_over(self, seen_at: Outlook, asking: frozenset[UUID]) -> timedelta:
        seen = await self._gauge.look(seen_at.running)
        async with self._database.transaction() as connection:
            await openings.alone(connection)
            await openings.left(connection, seen.gone)
            others = await openings.others(connection, seen.running)
            entries = await openings.open_entries(connection, known_at=seen_at.now)
            verdicts = decide(
                [entry.turn for entry in entries],
                Cluster(seen.capacity, others, seen.trouble),
                self._rhythm.policy,
                now=seen_at.now,
            )
            made = changes(entries, verdicts, asking=asking, now=seen_at.now, tact=self._rhythm.tact)
            await openings.admit(connection, made.admit)
            await openings.hold(connection, made.hold, made.hurry)
        if made.admit:
            failpoint("S0")
        if made.admit or made.hold or made.hurry:
            self._wake_worker()
        if made.again:
            return _LET_GO
        quick = any(is_quick(verdict) for verdict in verdicts.values())
        return self._gauge.every if quick else self._rhythm.look_every


def as_hold(words: str | None) -> Hold:
    """Read what stands in a row; nothing, as long as its line is not known."""
    if words is None:
        return CATCHING_UP
    code, _, detail = words.partition(": ")
    return Hold(Reason(code), detail)
