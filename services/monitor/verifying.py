"""Counting the rows of a finished task again: the same question as for its proof, of today's Druid.

It moves no state. What was loaded may be gone for good reasons, and the new ledger says so beside the old one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from services.monitor import says
from services.monitor.evidence import Patience
from services.monitor.ledger import Expected, reconcile
from shared.db.engine import Database
from shared.db.models import DruidWatch
from shared.druid import Druid, DruidRefusedError, RowsCounted
from shared.events import DruidSubmitted, Ledger, LedgerStatus, ProofBy, TaskCommand, TaskUpdated
from shared.failpoint import failpoint
from shared.inbox import Job
from shared.row_count import count_rows, proof_of
from shared.telemetry import logger
from shared.worker import Done, Wait

VERIFY_AGAIN_AFTER = timedelta(seconds=1)
SEGMENTS_AWAITED = "segments_awaited"
WATCH_AWAITED = "watch_awaited"
_log = logger(__name__)


@dataclass(frozen=True)
class Found:
    """What Druid says today; `counted` is None when it refuses to count."""

    loaded: bool
    segments: bool
    counted: RowsCounted | None


class Verifying:
    """The effect of a `verify`.

    Args:
        database: the monitor's tables.
        druid: who is asked.
        patience: how long segments that cannot be queried are waited for (`count`).
        clock: now, aware UTC.
        known: whether all that was said of loads has been read.
    """

    def __init__(
        self,
        database: Database,
        druid: Druid,
        patience: Patience,
        *,
        clock: Callable[[], datetime],
        known: Callable[[], Awaitable[bool]],
    ) -> None:
        self._database = database
        self._druid = druid
        self._patience = patience
        self._clock = clock
        self._known = known

    async def __call__(self, job: Job) -> Done | Wait:
        """One try; see `shared.worker.Worker`."""
        command = TaskCommand.model_validate(job.event)
        load = await self._load(command)
        if load is None:
            if not await self._known():
                return Wait(VERIFY_AGAIN_AFTER, WATCH_AWAITED)
            _log.warning("nothing_to_verify")
            return Done(())
        found = await self._look(load)
        now = self._clock()
        if not found.loaded and now - command.issued_at < self._patience.count:
            return Wait(VERIFY_AGAIN_AFTER, SEGMENTS_AWAITED)
        failpoint("M7")
        return Done((says.verified(command, occurred_at=now, ledger=ledger_of(load, found, counted_at=now)),))

    async def last_words(self, job: Job, what_happened: str) -> tuple[TaskUpdated, ...]:
        """That it could not be counted is an answer too."""
        command = TaskCommand.model_validate(job.event)
        load = await self._load(command)
        if load is None:
            return ()
        now = self._clock()
        ledger = _unproven(load, f"the rows could not be counted: {what_happened}", counted_at=now)
        return (says.verified(command, occurred_at=now, ledger=ledger),)

    async def _load(self, command: TaskCommand) -> DruidSubmitted | None:
        """The load whose rows these are: of the attempt, or of the one before that it found done already."""
        asking = (
            select(DruidWatch.event)
            .where(DruidWatch.task_id == command.task_id, DruidWatch.attempt <= command.attempt)
            .order_by(DruidWatch.attempt.desc())
            .limit(1)
        )
        async with self._database.transaction() as connection:
            body = (await connection.execute(asking)).scalar_one_or_none()
        return None if body is None else DruidSubmitted.model_validate(body)

    async def _look(self, load: DruidSubmitted) -> Found:
        percents = [
            await self._druid.load_status(load.datasource_name, interval, refresh=True) for interval in load.intervals
        ]
        loaded = all(percent is None or percent >= 100.0 for percent in percents)  # noqa: PLR2004  # percent
        return Found(loaded, any(one is not None for one in percents), await self._counted(load))

    async def _counted(self, load: DruidSubmitted) -> RowsCounted | None:
        try:
            return await count_rows(self._druid, proof_of(load))
        except DruidRefusedError as error:
            _log.warning("count_refused", why=str(error))
            return None


def ledger_of(load: DruidSubmitted, found: Found, *, counted_at: datetime) -> Ledger:
    """The figures of the load beside today's count: RECONCILED, MISMATCH, or UNPROVEN where it could not be taken."""
    if load.proof_by is ProofBy.DIFFERENCE:
        return _unproven(load, _NO_ID, counted_at=counted_at)
    counted = found.counted
    if counted is not None and counted.rows is None and not found.segments:
        counted = RowsCounted(0, counted.query)  # SQL need not know a table that has no segment
    if counted is None or counted.rows is None:
        return _unproven(load, _UNCOUNTED, counted_at=counted_at)
    ledger = reconcile(_expected(load), stats=None, counted=counted, counted_at=counted_at)
    if ledger.status is LedgerStatus.RECONCILED:
        return ledger
    hint = _GONE if found.loaded else _NOT_LOADED
    return ledger.model_copy(update={"reason": f"{ledger.reason}; {hint}"})


def _expected(load: DruidSubmitted) -> Expected:
    return Expected(load.rows_read, load.rows_accepted, load.rows_rejected)


def _unproven(load: DruidSubmitted, reason: str, *, counted_at: datetime) -> Ledger:
    return Ledger(
        status=LedgerStatus.UNPROVEN,
        rows_read=load.rows_read,
        rows_accepted=load.rows_accepted,
        rows_rejected=load.rows_rejected,
        counted_at=counted_at,
        reason=reason,
    )


_UNCOUNTED = "Druid refuses to count the rows, or its SQL does not know the datasource"
_NO_ID = (
    "the rows carry no task id: they were proven by the difference that the load made, and cannot be told from the "
    "rows of other loads any more"
)
_GONE = "a later replace, an undo or a retention rule of the datasource takes rows away"
_NOT_LOADED = "not all segments of their time can be queried at the moment"
