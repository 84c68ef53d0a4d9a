"""Before a second load: what an earlier attempt of the task has left in Druid, so that no row is loaded twice.

A Druid task that FAILED may have published all the same (druid#12701), and one whose attempt was given up may still
run. So the earlier tasks have to be over and their intervals loaded before a count means anything; then all rows are
the proof that nothing has to be loaded, some are for a person, and none is what a load may be added to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.submitter.spec import Frozen, proof_of
from shared.druid import Druid, DruidState, DruidTaskStatus, RowsCounted
from shared.events import FileValidated, Ledger, LedgerStatus, Problem, ProofBy, TaskStatus, TaskUpdated
from shared.row_count import RowCount, count_rows

ALREADY_THERE = "rows_already_there"
# The monitor's graces, for the same doubts: segments that a failed task has published come in sight, and SQL learns of
# a new table within Druid's `druid.sql.planner.metadataRefreshPeriod`, one minute.
SETTLE = timedelta(seconds=3)
VISIBLE = timedelta(seconds=150)
_MOST_RECOLLECTIONS = 1_000


@dataclass(frozen=True)
class Seen:
    """What Druid says of the earlier attempts.

    `over`: none of their tasks runs; `loaded`: all segments of their intervals can be queried; `counted` is None until
    both are true. `segments`: there are any. `since` is for how long the answer has been this one. `by_difference`: the
    rows carry no id, so those that others have loaded since are counted with them.
    """

    over: bool
    loaded: bool
    segments: bool
    counted: RowsCounted | None
    since: timedelta
    by_difference: bool = False

    @property
    def rows(self) -> int | None:
        """Rows of the task in Druid; None is "unknown"."""
        return None if self.counted is None else self.counted.known(segments=self.segments)


@dataclass(frozen=True)
class Clear:
    """Druid has no row of the task: it may be loaded."""


@dataclass(frozen=True)
class NotYet:
    """Too early to say."""


@dataclass(frozen=True)
class AllThere:
    """Druid has every row of the task, once."""


@dataclass(frozen=True)
class SomeThere:
    """Druid has this many rows of the task, and not what was accepted; or nobody knows whose rows they are."""

    rows: int


Verdict = Clear | NotYet | AllThere | SomeThere


def judge(seen: Seen, *, accepted: int) -> Verdict:
    """Whether the task may be loaded; `accepted` is how many rows it has."""
    if not seen.over or not seen.loaded or seen.counted is None:
        return NotYet()
    rows = seen.rows
    if rows == accepted and not seen.by_difference:
        return AllThere()
    if rows is None:
        # By now SQL would know the id column, had any row of ours been published.
        return Clear() if seen.since >= VISIBLE else NotYet()
    if seen.since < SETTLE:
        return NotYet()
    return SomeThere(rows) if rows else Clear()


class EarlierAttempts:
    """Looks at what earlier attempts have left; remembers since when the answer has been the same.

    A restart may forget that, and waits a little longer.
    """

    def __init__(self, druid: Druid) -> None:
        self._druid = druid
        self._memory: dict[UUID, tuple[object, datetime]] = {}

    async def look(self, event: FileValidated, earlier: Sequence[Frozen], *, now: datetime) -> Seen:
        """Ask Druid about the loads of earlier attempts."""
        statuses = await self._druid.task_statuses(one.druid_task_id for one in earlier)
        over = all(status.state is not DruidState.RUNNING for status in statuses.values())
        intervals = tuple(sorted({interval for one in earlier for interval in one.intervals}))
        percents = [await self._druid.load_status(event.datasource_name, one, refresh=True) for one in intervals]
        loaded = all(percent is None or percent >= 100.0 for percent in percents)  # noqa: PLR2004  # percent
        proofs = [proof_of(one.spec) for one in earlier]
        by_difference = any(proof.by is ProofBy.DIFFERENCE for proof in proofs)
        counted = None
        if over and loaded:
            wanted = RowCount(
                event.datasource_name,
                intervals,
                task_id=None if by_difference else event.task_id,
                metric=proofs[-1].count_metric,
                before=(proofs[0].rows_before or 0) if by_difference else 0,
            )
            counted = await count_rows(self._druid, wanted)
        since = self._since(event.event_id, (_states(statuses), tuple(percents), counted), now)
        segments = any(one is not None for one in percents)
        return Seen(over, loaded, segments, counted, now - since, by_difference)

    def forget(self, event: FileValidated) -> None:
        """The task is decided about."""
        self._memory.pop(event.event_id, None)

    def _since(self, event_id: UUID, answer: object, now: datetime) -> datetime:
        if len(self._memory) >= _MOST_RECOLLECTIONS:  # what another worker has decided about is never taken out
            self._memory.clear()
        known, since = self._memory.get(event_id, (None, now))
        if known != answer:
            since = now
        self._memory[event_id] = (answer, since)
        return since


def _states(statuses: dict[str, DruidTaskStatus]) -> tuple[tuple[str, DruidState], ...]:
    return tuple(sorted((druid_task_id, status.state) for druid_task_id, status in statuses.items()))


def end_of(event: FileValidated, seen: Seen, verdict: AllThere | SomeThere, *, now: datetime) -> TaskUpdated:
    """The end of an attempt for which nothing is loaded, with the count that says why."""
    all_there = isinstance(verdict, AllThere)
    words = _DIFFERS if seen.by_difference else _SOME
    message = words.format(rows=seen.rows, accepted=event.rows_accepted)
    return TaskUpdated(
        task_id=event.task_id,
        tenant=event.tenant,
        attempt=event.attempt,
        status=TaskStatus.COMPLETED if all_there else TaskStatus.FAILED,
        occurred_at=now,
        reason=ALREADY_THERE,
        problems=() if all_there else (Problem(code=ALREADY_THERE, message=message, detail=_figures(event, seen)),),
        ledger=Ledger(
            status=LedgerStatus.RECONCILED if all_there else LedgerStatus.MISMATCH,
            rows_read=event.rows_read,
            rows_accepted=event.rows_accepted,
            rows_rejected=event.rows_rejected,
            rows_counted=None if seen.rows is None or seen.rows < 0 else seen.rows,  # others may have taken rows away
            query=seen.counted.query if seen.counted else None,
            counted_at=now,
            reason=None if all_there else message,
        ),
    )


def _figures(event: FileValidated, seen: Seen) -> dict[str, int | None]:
    return {"rows_accepted": event.rows_accepted, "rows_counted": seen.rows}


_SOME = (
    "An earlier attempt has left {rows} of {accepted} rows in Druid, so nothing was loaded: they would be there twice. "
    "They carry this task's id in the column ingest_task_id: remove them, and try again."
)
_DIFFERS = (
    "Since the first attempt Druid has {rows} rows more where {accepted} would be loaded. They carry no task's id, so "
    "nobody can tell whether an earlier attempt has left them, and nothing was loaded: look at them, put right what is "
    "wrong, and send the file again as a new upload."
)
