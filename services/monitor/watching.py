"""One look at one watched task: observe, gather the evidence, judge, say so.

What ends a task is stored in its row before it is said, so that a restart says the same at the same time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.monitor import decide, says
from services.monitor.decide import (
    Again,
    Disproven,
    End,
    Ended,
    Evidence,
    Missing,
    Patience,
    PostAgain,
    Proven,
    Running,
)
from services.monitor.ledger import Expected
from shared.druid import Druid, DruidRefusedError, DruidTaskStatus, RowsCounted, RowStats, count_task_rows
from shared.events import DruidSubmitted
from shared.failpoint import failpoint
from shared.inbox import Inbox, Job
from shared.kafka.producer import EventProducer
from shared.telemetry import logger

_log = logger(__name__)
_MOST_RECOLLECTIONS = 10_000
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Pace:
    """How often to look: after `quickest` at something new, every `slowest` at something old; how often to report."""

    quickest: timedelta
    slowest: timedelta
    progress_every: timedelta


@dataclass
class Recollection:
    """What this process remembers of a watch between two looks; a restart may forget it, and waits a little longer."""

    reported_at: datetime | None = None
    counting_since: datetime | None = None


class Watching:
    """Looks at watched tasks.

    Args:
        inbox: the watches.
        druid: who is asked.
        producer: publishes what is found.
        patience: how long each doubt may last.
        pace: how often to look and to report.
        clock: now, aware UTC.
    """

    def __init__(
        self, inbox: Inbox, druid: Druid, producer: EventProducer, patience: Patience, pace: Pace, clock: Clock
    ) -> None:
        self._inbox = inbox
        self._druid = druid
        self._producer = producer
        self._patience = patience
        self._pace = pace
        self._clock = clock
        self._memory: dict[UUID, Recollection] = {}

    async def look(self, job: Job, status: DruidTaskStatus | None) -> None:
        """Take one look, and leave the row either closed or to be leased again at its pace."""
        event = DruidSubmitted.model_validate(job.event)
        now = self._clock()
        seen = self._end_in(job) or decide.observe(
            status, missing_since=job.columns["missing_since"], now=now, patience=self._patience
        )
        since = event.submitted_at
        match seen:
            case Ended():
                since = job.columns["ended_at"] or now
                if await self._prove(job, event, seen):
                    self._memory.pop(job.event_id, None)
                    return
            case Running():
                await self._running(job, event, now)
            case Missing():
                _log.warning("druid_task_missing", druid_task_id=event.druid_task_id)
                await self._inbox.update(job, missing_since=now)
            case _:
                pass
        if status is not None and job.columns["missing_since"] is not None:
            self._memory.pop(job.event_id, None)
            await self._inbox.update(job, missing_since=None)
        pause = decide.pace(now - since, quickest=self._pace.quickest, slowest=self._pace.slowest)
        await self._inbox.release(job, delay=pause, reason=None)

    def _end_in(self, job: Job) -> Ended | None:
        stored = job.columns["druid_status"]
        return None if stored is None else Ended(End(stored), job.columns["druid_error"])

    async def _running(self, job: Job, event: DruidSubmitted, now: datetime) -> None:
        """The first time, and from then on when there are more rows, but not too often."""
        number, rows = job.columns["progress"], None
        if number:
            memory = self._recollect(job)
            due = memory.reported_at is not None and now - memory.reported_at >= self._pace.progress_every
            memory.reported_at = now if due else memory.reported_at or now
            if not due:
                return
            stats = await self._druid.report(event.druid_task_id)
            rows = stats.processed if stats else None
            if rows is None or rows == job.columns["rows_processed"]:
                return
        await self._say(job, says.running(event, occurred_at=now, sequence=number, rows=rows))
        await self._inbox.update(job, progress=number + 1, rows_processed=rows)

    async def _prove(self, job: Job, event: DruidSubmitted, ended: Ended) -> bool:
        """True when there was a verdict and the row is closed."""
        ended_at: datetime = job.columns["ended_at"] or self._clock()
        if job.columns["druid_status"] is None and ended.end is not End.LOST:
            facts = {"druid_status": ended.end.value, "druid_error": ended.error, "ended_at": ended_at}
            await self._inbox.update(job, missing_since=None, **facts)
        if ended.end is End.SUCCESS and not job.columns["refreshed"]:
            await self._say(job, says.loading(event, occurred_at=ended_at))
        evidence = await self._evidence(job, event, ended, ended_at)
        decided_before = job.columns["loaded_at"] is not None
        verdict = decide.judge(evidence, self._patience)
        match verdict:
            case Again():
                return False
            case PostAgain():
                await self._ask_again(job, event)
                return False
            case Proven() | Disproven():
                at = job.columns["loaded_at"] if decided_before else evidence.counted_at
                await self._finish(job, event, verdict, at)
                return True

    async def _finish(self, job: Job, event: DruidSubmitted, verdict: Proven | Disproven, at: datetime) -> None:
        await self._inbox.update(job, loaded_at=at)
        failpoint("M2")
        if isinstance(verdict, Proven):
            end = says.completed(event, occurred_at=at, ledger=verdict.ledger)
        else:
            end = says.failed(event, occurred_at=at, ledger=verdict.ledger, problem=verdict.problem)
        await self._say(job, end)
        _log.info("ended", status=end.status.value, druid_task_id=event.druid_task_id, why=verdict.ledger.reason)
        failpoint("M5")
        await self._inbox.finish(job)

    async def _ask_again(self, job: Job, event: DruidSubmitted) -> None:
        number = job.columns["progress"]
        _log.warning("repost_asked", druid_task_id=event.druid_task_id)
        await self._say(job, says.repost(event, issued_at=self._clock(), sequence=number))
        self._memory.pop(job.event_id, None)
        await self._inbox.update(job, missing_since=None, refreshed=False, progress=number + 1)

    async def _evidence(self, job: Job, event: DruidSubmitted, ended: Ended, ended_at: datetime) -> Evidence:
        stats = await self._stats(job, event) if ended.end is End.SUCCESS else None
        loaded = await self._loaded(job, event)
        counted_at = self._clock()
        begun = ended_at if ended.end is not End.LOST else job.columns["missing_since"]
        counted, since_loaded = None, timedelta(0)
        if loaded or counted_at - begun >= self._patience.load:
            counted = await self._counted(event)
            since_loaded = self._counting_for(job, counted_at)
        return Evidence(
            end=ended.end,
            error=ended.error,
            expected=Expected(event.rows_read, event.rows_accepted, event.rows_rejected),
            stats=stats,
            loaded=loaded,
            counted=counted,
            counted_at=counted_at,
            since_end=counted_at - begun,
            since_loaded=since_loaded,
        )

    async def _stats(self, job: Job, event: DruidSubmitted) -> RowStats | None:
        """The report, read again until it is the final one: a live one may be short."""
        stored = _stored_stats(job.columns)
        if stored == RowStats(event.rows_accepted, 0):
            return stored
        stats = await self._druid.report(event.druid_task_id)
        if stats is not None and stats != stored:
            await self._inbox.update(job, rows_processed=stats.processed, rows_lost=stats.lost)
        return stats or stored

    async def _loaded(self, job: Job, event: DruidSubmitted) -> bool:
        """Whether every segment of the intervals can be queried; no segment at all is loaded, and counts as no rows."""
        refresh = not job.columns["refreshed"]
        found = [
            await self._druid.load_status(event.datasource_name, interval, refresh=refresh)
            for interval in event.intervals
        ]
        if refresh and None not in found:
            await self._inbox.update(job, refreshed=True)
        return all(percent is None or percent >= 100.0 for percent in found)  # noqa: PLR2004  # percent

    async def _counted(self, event: DruidSubmitted) -> RowsCounted | None:
        try:
            return await count_task_rows(
                self._druid, datasource=event.datasource_name, task_id=event.task_id, intervals=event.intervals
            )
        except DruidRefusedError as error:
            _log.warning("count_refused", why=str(error))
            return None

    def _counting_for(self, job: Job, now: datetime) -> timedelta:
        """How long the rows have been counted; a verdict that was stored before needs no more patience."""
        if job.columns["loaded_at"] is not None:
            return timedelta.max
        memory = self._recollect(job)
        memory.counting_since = memory.counting_since or now
        return now - memory.counting_since

    def _recollect(self, job: Job) -> Recollection:
        if len(self._memory) >= _MOST_RECOLLECTIONS:  # watches that ended under another monitor are never taken out
            self._memory.clear()
        return self._memory.setdefault(job.event_id, Recollection())

    async def _say(self, job: Job, event: says.Said) -> None:
        await self._producer.emit(event, traceparent=job.traceparent)


def _stored_stats(columns: Any) -> RowStats | None:
    processed, lost = columns["rows_processed"], columns["rows_lost"]
    return None if processed is None or lost is None else RowStats(processed, lost)
