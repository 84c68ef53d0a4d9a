"""One look at one watched task: observe, gather the evidence, judge, say so.

The end of a task is kept in its row before it is said, and only what the row holds is said: whoever says it again says
the same, though the rows may have gone since.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.monitor import decide, says
from services.monitor.cancelling import Cancelled, after_cancel
from services.monitor.decide import (
    Again,
    Disproven,
    Ended,
    Missing,
    Pending,
    PostAgain,
    Proven,
    Running,
)
from services.monitor.evidence import End, Evidence, Patience
from services.monitor.ledger import Expected
from services.monitor.retention import is_dropped
from shared.db.storable import storable
from shared.druid import Druid, DruidRefusedError, DruidTaskStatus, DruidWait, RowsCounted, RowStats
from shared.events import DruidSubmitted, TaskUpdated
from shared.failpoint import failpoint
from shared.inbox import Inbox, Job
from shared.kafka.producer import EventProducer
from shared.row_count import count_rows, proof_of
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
    counted: RowsCounted | None = None
    counted_since: datetime | None = None
    waits_said: set[DruidWait] = field(default_factory=set)


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
        if job.columns["outcome"] is not None:
            await self._tell(job)
            return
        event = DruidSubmitted.model_validate(job.event)
        now = self._clock()
        if status is not None and job.columns["missing_since"] is not None:
            job = await self._reappeared(job)
        seen = self._end_in(job) or decide.observe(
            status, missing_since=job.columns["missing_since"], now=now, patience=self._patience
        )
        since = event.submitted_at
        if status is not None and not isinstance(seen, Ended) and _is_cancelled(job):
            await self._shut_down(event)
            seen = Pending()
        match seen:
            case Ended():
                since = job.columns["ended_at"] or now
                if await self._prove(job, event, seen):
                    return
            case Running():
                await self._running(job, event, now)
            case Missing():
                _log.warning("druid_task_missing", druid_task_id=event.druid_task_id)
                await self._inbox.update(job, missing_since=now)
            case Pending(waits_for):
                await self._waiting(job, event, waits_for, now)
        pause = decide.pace(now - since, quickest=self._pace.quickest, slowest=self._pace.slowest)
        await self._inbox.release(job, delay=pause, reason=None)

    def _end_in(self, job: Job) -> Ended | None:
        stored = job.columns["druid_status"]
        return None if stored is None else Ended(End(stored), job.columns["druid_error"])

    async def _reappeared(self, job: Job) -> Job:
        """Druid knows it again: what was seen while it did not is forgotten."""
        self._memory.pop(job.event_id, None)
        forgotten = {"missing_since": None, "refreshed": False}
        await self._inbox.update(job, **forgotten)
        return replace(job, columns={**job.columns, **forgotten})

    async def _shut_down(self, event: DruidSubmitted) -> None:
        """Asked at every look until Druid calls the task ended: an overlord that goes away may forget it was asked."""
        _log.info("shut_down", druid_task_id=event.druid_task_id)
        await self._druid.shut_down(event.druid_task_id)
        failpoint("M6")

    async def _waiting(self, job: Job, event: DruidSubmitted, waits_for: DruidWait | None, now: datetime) -> None:
        memory = self._recollect(job)
        if waits_for is not None and waits_for not in memory.waits_said:
            await self._say(job, says.waiting(event, waits_for, occurred_at=now))
            memory.waits_said.add(waits_for)

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
            if ended.end is End.FAILED:
                why = await self._druid.failure(event.druid_task_id, event.datasource_name)
                ended = replace(ended, error=storable(why or ended.error))
            facts = {"druid_status": ended.end.value, "druid_error": ended.error, "ended_at": ended_at}
            await self._inbox.update(job, **facts)
        if ended.end is End.SUCCESS and not job.columns["refreshed"]:
            await self._say(job, says.loading(event, occurred_at=ended_at))
        evidence = await self._evidence(job, event, ended, ended_at)
        judged = decide.judge(evidence, self._patience)
        verdict = after_cancel(judged, evidence) if _is_cancelled(job) else judged
        match verdict:
            case PostAgain(due=True):
                await self._ask_again(job, event)
                return False
            case Again() | PostAgain():
                return False
            case Proven():
                end = says.completed(event, occurred_at=evidence.counted_at, ledger=verdict.ledger)
            case Disproven(problem, ledger):
                end = says.failed(event, occurred_at=evidence.counted_at, ledger=ledger, problem=problem)
            case Cancelled(ledger, left):
                end = says.cancelled(event, occurred_at=evidence.counted_at, ledger=ledger, problem=left)
        await self._finish(job, end)
        return True

    async def _finish(self, job: Job, end: TaskUpdated) -> None:
        outcome = storable(end.model_dump(mode="json"))
        await self._inbox.update(job, outcome=outcome, loaded_at=end.occurred_at)
        failpoint("M2")
        await self._tell(replace(job, columns={**job.columns, "outcome": outcome}))

    async def _tell(self, job: Job) -> None:
        """Say the end that the row holds, and close it."""
        end = TaskUpdated.model_validate(job.columns["outcome"])
        await self._say(job, end)
        why = end.ledger.reason if end.ledger else None
        _log.info("ended", status=end.status.value, druid_task_id=job.event["druid_task_id"], why=why)
        failpoint("M5")
        await self._inbox.finish(job)
        self._memory.pop(job.event_id, None)

    async def _ask_again(self, job: Job, event: DruidSubmitted) -> None:
        number = job.columns["progress"]
        _log.warning("repost_asked", druid_task_id=event.druid_task_id)
        await self._say(job, says.repost(event, issued_at=self._clock(), sequence=number))
        self._memory.pop(job.event_id, None)
        reposts = job.columns["reposts"] + 1
        await self._inbox.update(job, missing_since=None, refreshed=False, progress=number + 1, reposts=reposts)

    async def _evidence(self, job: Job, event: DruidSubmitted, ended: Ended, ended_at: datetime) -> Evidence:
        stats = await self._stats(job, event) if ended.end is End.SUCCESS else None
        percents = await self._percents(job, event)
        loaded = all(percent is None or percent >= 100.0 for percent in percents)  # noqa: PLR2004  # percent
        counted_at = self._clock()
        begun = ended_at if ended.end is not End.LOST else job.columns["missing_since"]
        counted = None
        if loaded or counted_at - begun >= min(self._patience.count, self._patience.load):
            counted = await self._counted(event)
        segments = any(percent is not None for percent in percents)
        return Evidence(
            end=ended.end,
            error=ended.error,
            expected=Expected(event.rows_read, event.rows_accepted, event.rows_rejected),
            stats=stats,
            loaded=loaded,
            segments=segments,
            counted=counted,
            counted_at=counted_at,
            since_end=counted_at - begun,
            since_counted=self._counted_for(job, counted, counted_at),
            reposts=job.columns["reposts"],
            dropped=ended.end is End.SUCCESS and not segments and await self._dropped(event, counted_at),
        )

    async def _dropped(self, event: DruidSubmitted, now: datetime) -> bool:
        """Whether a rule keeps all of the load's rows away; rules that may not be read are none."""
        try:
            rules = await self._druid.retention_rules(event.datasource_name)
        except DruidRefusedError as error:
            _log.warning("rules_refused", why=str(error))
            return False
        return all(is_dropped(rules, interval, now=now) for interval in event.intervals)

    async def _stats(self, job: Job, event: DruidSubmitted) -> RowStats | None:
        """The report, read again until it is the final one: a live one may be short."""
        stored = _stored_stats(job.columns)
        if stored == RowStats(event.rows_accepted, 0):
            return stored
        stats = await self._druid.report(event.druid_task_id)
        if stats is not None and stats != stored:
            await self._inbox.update(job, rows_processed=stats.processed, rows_lost=stats.lost)
        return stats or stored

    async def _percents(self, job: Job, event: DruidSubmitted) -> list[float | None]:
        """How much of each interval can be queried; None where there is no segment."""
        refresh = not job.columns["refreshed"]
        found = [
            await self._druid.load_status(event.datasource_name, interval, refresh=refresh)
            for interval in event.intervals
        ]
        if refresh and None not in found:
            await self._inbox.update(job, refreshed=True)
        return found

    async def _counted(self, event: DruidSubmitted) -> RowsCounted | None:
        try:
            return await count_rows(self._druid, proof_of(event))
        except DruidRefusedError as error:
            _log.warning("count_refused", why=str(error))
            return None

    def _counted_for(self, job: Job, counted: RowsCounted | None, now: datetime) -> timedelta:
        """For how long the count has been this one: rows that Druid learns of bit by bit get their grace each time."""
        memory = self._recollect(job)
        if memory.counted_since is None or memory.counted != counted:
            memory.counted, memory.counted_since = counted, now
        return now - memory.counted_since

    def _recollect(self, job: Job) -> Recollection:
        if len(self._memory) >= _MOST_RECOLLECTIONS:  # watches that ended under another monitor are never taken out
            self._memory.clear()
        return self._memory.setdefault(job.event_id, Recollection())

    async def _say(self, job: Job, event: says.Said) -> None:
        await self._producer.emit(event, traceparent=job.traceparent)


def _is_cancelled(job: Job) -> bool:
    return job.columns["cancel_asked_at"] is not None


def _stored_stats(columns: Any) -> RowStats | None:
    processed, lost = columns["rows_processed"], columns["rows_lost"]
    return None if processed is None or lost is None else RowStats(processed, lost)
