"""Lease, effect, event: how a worker service does its work exactly once in effect, however often it dies.

    lease a row -> run the effect under heartbeats -> publish its events -> mark the row

A death anywhere in between leases the row again; effects are repeatable and events have ids that repeat, so the second
run changes nothing that the first has done.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from shared.backoff import Backoff
from shared.errors import TransientError
from shared.events import AnyEvent
from shared.failpoint import failpoint
from shared.health import Progress
from shared.inbox import Inbox, Job, LeaseLostError
from shared.kafka.producer import EventProducer
from shared.telemetry import logger, task_scope
from shared.waiting import wait_any

DEATHS_ALLOWED = 3
_log = logger(__name__)


@dataclass(frozen=True)
class Done:
    """The effect is complete: publish these events, then close the row."""

    events: tuple[AnyEvent, ...]


@dataclass(frozen=True)
class Wait:
    """The effect may not happen yet: publish these events, then lease the row again after `delay`."""

    delay: timedelta
    reason: str | None
    events: tuple[AnyEvent, ...] = ()


Effect = Callable[[Job], Awaitable[Done | Wait]]
LastWords = Callable[[Job, str], Awaitable[tuple[AnyEvent, ...]]]


class EffectDiedError(Exception):
    """The effect ended without a result and the cause may lie in the job: counted, and given up the third time."""


class Worker:
    """Runs a service's effect on its inbox.

    Args:
        inbox: the rows.
        effect: does the work of one row; must be repeatable.
        last_words: the events that end a task whose effect has died three times; gets the job and what happened, and
            raises `LeaseLostError` when somebody else has ended it.
        producer: publishes the events.
        name: for logs and health; also the fail point's prefix, `{name}:effect_done` and `{name}:published`.
        concurrency: how many rows at once.
        kept_free: how many of those places only rows of lane 0 may take, so that they never wait for long ones. One
            place is always open to all.
        idle: how long to wait at most when no row is due and nobody calls `wake`. Only a row that another process has
            put, and not worked on, waits for it.
    """

    def __init__(
        self,
        inbox: Inbox,
        effect: Effect,
        last_words: LastWords,
        producer: EventProducer,
        *,
        name: str,
        concurrency: int = 1,
        kept_free: int = 0,
        idle: timedelta = timedelta(seconds=2),
    ) -> None:
        self.progress = Progress(f"{name} worker")
        self._inbox = inbox
        self._effect = effect
        self._last_words = last_words
        self._producer = producer
        self._name = name
        self._concurrency = concurrency
        self._kept_free = kept_free
        self._slow_places = max(1, concurrency - kept_free)
        self._slow = 0
        self._idle = idle
        self._backoff = Backoff()
        self._patience = Backoff(first=timedelta(seconds=1), longest=timedelta(seconds=30))
        self._woken = asyncio.Event()
        self._nudges: set[tuple[str, asyncio.Event]] = set()

    def wake(self) -> None:
        """Say that a row was put or made available, so that nobody waits for the next round."""
        self._woken.set()

    def recheck(self, task_id: str) -> None:
        """Say that a row of the task was seized: what this worker does about it stops now, not at its next heartbeat.

        The work of another process stops at that, a third of a lease later at most.
        """
        for working_on, nudge in self._nudges:
            if working_on == task_id:
                nudge.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then finish what is in hand; a cancelled worker gives its rows back at once."""
        running: set[asyncio.Task[None]] = set()
        try:
            await self._work_until(stop, running)
            if running:
                await asyncio.wait(running)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _work_until(self, stop: asyncio.Event, running: set[asyncio.Task[None]]) -> None:
        failures = 0
        while not stop.is_set():
            self._woken.clear()
            try:
                jobs, pause = await self._lease(self._concurrency - len(running))
                failures = 0
            except TransientError as error:
                jobs, failures = [], failures + 1
                pause = self._backoff.delay(failures)
                self.progress.waiting(str(error))
                if failures == 1 or failures % 20 == 0:
                    _log.warning("lease_waiting", worker=self._name, failures=failures, why=str(error))
            for job in jobs:
                task = asyncio.create_task(self._settle(job))
                running.add(task)
                task.add_done_callback(running.discard)
                task.add_done_callback(lambda _: self._woken.set())
            if len(running) >= self._concurrency:
                await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            elif not jobs:
                await wait_any(pause, stop, self._woken)

    async def _lease(self, places: int) -> tuple[list[Job], timedelta]:
        """Rows for the places that are free; one by one where some are kept, because which are depends on the row."""
        if not self._kept_free:
            return await self._inbox.lease_or_pause(places, longest=self._idle)
        highest_lane = None if self._slow < self._slow_places else 0
        return await self._inbox.lease_or_pause(min(places, 1), longest=self._idle, highest_lane=highest_lane)

    async def _settle(self, job: Job) -> None:
        """Bring one leased row to its next resting place; never raises."""
        self._slow += job.lane > 0
        try:
            await self._bring_to_rest(job)
        finally:
            self._slow -= job.lane > 0

    async def _bring_to_rest(self, job: Job) -> None:
        with task_scope(job.task_id, event_id=str(job.event_id)):
            self.progress.begin()
            try:
                await self._under_heartbeat(job)
            except LeaseLostError as error:
                _log.warning("lease_lost", worker=self._name, why=str(error))
            except asyncio.CancelledError:
                await self._release_stopped(job)
                raise
            except TransientError as error:
                await self._release_after(job, error)
            except Exception as error:  # noqa: BLE001  # whatever the effect raises must not end the worker
                await self._release_dead(job, error)
            finally:
                self.progress.end()

    async def _under_heartbeat(self, job: Job) -> None:
        nudge = asyncio.Event()
        self._nudges.add((job.task_id, nudge))
        work = asyncio.create_task(self._work(job))
        beat = asyncio.create_task(self._beat(job, nudge))
        try:
            await asyncio.wait({work, beat}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                beat.result()  # only a lost lease ends the heartbeat
        finally:
            self._nudges.discard((job.task_id, nudge))
            for task in (work, beat):
                task.cancel()
            results = await asyncio.gather(work, beat, return_exceptions=True)
        if isinstance(results[0], Exception):
            raise results[0]

    async def _work(self, job: Job) -> None:
        if job.deaths >= DEATHS_ALLOWED:
            outcome: Done | Wait = Done(await self._last_words(job, f"the {self._name} died {job.deaths} times on it"))
        else:
            outcome = await self._effect(job)
        failpoint(f"{self._name}:effect_done")
        for event in outcome.events:
            await self._producer.emit(event, traceparent=job.traceparent)
        failpoint(f"{self._name}:published")
        if isinstance(outcome, Done):
            await self._inbox.finish(job)
        else:
            await self._inbox.release(job, delay=outcome.delay, reason=outcome.reason)

    async def _beat(self, job: Job, nudge: asyncio.Event) -> None:
        pause = self._inbox.lease_for / 3
        while True:
            await wait_any(pause, nudge)
            nudge.clear()
            self.progress.begin()
            with contextlib.suppress(TransientError):
                await self._inbox.heartbeat(job)

    async def _release_after(self, job: Job, error: TransientError) -> None:
        """A dependency is away: give the row back for a while that grows with each try."""
        _log.warning("effect_waiting", worker=self._name, tries=job.tries, why=str(error))
        await self._release(job, delay=self._patience.delay(job.tries), reason="dependency_away")

    async def _release_dead(self, job: Job, error: Exception) -> None:
        """The effect itself failed: count it, so that the third time ends the task."""
        _log.exception("effect_died", worker=self._name, deaths=job.deaths + 1, exc_info=error)
        await self._release(job, delay=self._patience.delay(job.deaths + 1), reason="retry", died=True)

    async def _release_stopped(self, job: Job) -> None:
        """The worker must go before the effect is done: that is no death, and the next worker may start at once."""
        with contextlib.suppress(TransientError, LeaseLostError):
            await self._inbox.release(job, delay=timedelta(0), reason=None)

    async def _release(self, job: Job, *, delay: timedelta, reason: str, died: bool = False) -> None:
        """Give the row back, however long PostgreSQL is away: a lease that merely runs out would count as a death."""
        failures = 0
        while True:
            try:
                await self._inbox.release(job, delay=delay, reason=reason, died=died)
            except LeaseLostError:
                return
            except TransientError as error:
                failures += 1
                self.progress.waiting(str(error))
            else:
                return
            await asyncio.sleep(self._backoff.delay(failures).total_seconds())
