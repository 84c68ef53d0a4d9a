"""The monitor's loop: lease the watches that are due, ask Druid about all of them in one call, look at each."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import timedelta

from services.monitor.watching import Pace, Watching
from shared.backoff import Backoff
from shared.druid import Druid, DruidTaskStatus
from shared.errors import IngestError, TransientError
from shared.health import Progress
from shared.inbox import Inbox, Job, LeaseLostError
from shared.telemetry import logger, task_scope
from shared.waiting import wait_any

IDLE = timedelta(seconds=2)
_LOOK_AGAIN_AFTER_DEFECT = timedelta(seconds=30)
_log = logger(__name__)


class Poller:
    """Polls for as long as there is something to watch.

    A dependency that is away is waited for; a watch whose look fails for another reason is looked at again later, and
    never ended for it: its rows may all be there.

    Args:
        inbox: the watches.
        druid: who is asked about them.
        watching: looks at each.
        pace: how often.
        watched_at_once: how many watches are asked about in one call.
        concurrency: how many are looked at side by side.
    """

    def __init__(
        self, inbox: Inbox, druid: Druid, watching: Watching, pace: Pace, *, watched_at_once: int, concurrency: int
    ) -> None:
        self.progress = Progress("monitor poller")
        self._inbox = inbox
        self._druid = druid
        self._watching = watching
        self._pace = pace
        self._watched_at_once = watched_at_once
        self._backoff = Backoff()
        self._woken = asyncio.Event()
        self._slots = asyncio.Semaphore(concurrency)

    def wake(self) -> None:
        """Say that a watch was put."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until `stop` is set, then finish the round."""
        failures = 0
        while not stop.is_set():
            self._woken.clear()
            try:
                jobs, pause = await self._inbox.lease_or_pause(self._watched_at_once, longest=IDLE)
                if jobs:
                    await self._round(jobs)
                    pause = self._pace.quickest / 2
                failures = 0
            except IngestError as error:
                failures += 1
                self.progress.waiting(str(error))
                if failures == 1 or failures % 20 == 0:
                    _log.warning("poll_waiting", failures=failures, why=str(error))
                await wait_any(self._backoff.delay(failures), stop)
                continue
            await wait_any(pause, stop, self._woken)

    async def _round(self, jobs: Sequence[Job]) -> None:
        self.progress.begin()
        beat = asyncio.create_task(self._beat(jobs))
        try:
            statuses = await self._statuses(jobs)
            await asyncio.gather(*(self._settle(job, statuses.get(_druid_id(job))) for job in jobs))
        except IngestError:
            await asyncio.gather(*(self._give_back(job, self._pace.slowest, "dependency_away") for job in jobs))
            raise
        finally:
            beat.cancel()
            await asyncio.gather(beat, return_exceptions=True)
            self.progress.end()

    async def _statuses(self, jobs: Sequence[Job]) -> dict[str, DruidTaskStatus]:
        """The states of the tasks that Druid has not ended yet, as far as is known here."""
        open_ones = (job for job in jobs if job.columns["druid_status"] is None and job.columns["outcome"] is None)
        return await self._druid.task_statuses(_druid_id(job) for job in open_ones)

    async def _settle(self, job: Job, status: DruidTaskStatus | None) -> None:
        """Look at one watch; never raises."""
        async with self._slots:
            with task_scope(job.task_id):
                try:
                    await self._watching.look(job, status)
                except LeaseLostError as error:
                    _log.warning("lease_lost", why=str(error))
                except TransientError as error:
                    self.progress.waiting(str(error))
                    _log.warning("look_waiting", why=str(error))
                    await self._give_back(job, self._pace.slowest, "dependency_away")
                except Exception:  # noqa: BLE001  # a defect in one look must not end the others
                    _log.exception("look_died")
                    await self._give_back(job, _LOOK_AGAIN_AFTER_DEFECT, "retry")

    async def _give_back(self, job: Job, delay: timedelta, reason: str) -> None:
        with contextlib.suppress(TransientError, LeaseLostError):
            await self._inbox.release(job, delay=delay, reason=reason)

    async def _beat(self, jobs: Sequence[Job]) -> None:
        """Hold the leases of a round that takes long; those that are settled are not ours any more."""
        while True:
            await asyncio.sleep(self._inbox.lease_for.total_seconds() / 3)
            for job in jobs:
                with contextlib.suppress(TransientError, LeaseLostError):
                    await self._inbox.heartbeat(job)


def _druid_id(job: Job) -> str:
    return str(job.event["druid_task_id"])
