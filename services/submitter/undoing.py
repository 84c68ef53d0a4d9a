"""The effect of an undo: wait for the turn, look, freeze what is to be marked, mark it, wait until Druid shows it.

It may be run again from any point: what is marked was frozen before the first mark, and marking twice is marking once.
Druid cannot swap two sets of segments in one step: what a replace hides is put into use only after the replace is out
of it, so for a moment a query may find neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from services.submitter import submissions, turns, undone_load
from services.submitter.admitting import CATCHING_UP, Admitting
from services.submitter.turn import Hold
from services.submitter.undo_plan import Marks, NotYet, Refused, Sight, as_json, from_json, plan
from services.submitter.undone_load import Loaded
from shared.db.engine import Database
from shared.db.storable import storable
from shared.druid import ETERNITY, Druid
from shared.druid_segments import Segments
from shared.events import Problem, TaskCommand, TaskStatus, TaskUpdated, Undone
from shared.failpoint import failpoint
from shared.inbox import Inbox, Job
from shared.row_count import RowCount, count_rows
from shared.telemetry import logger
from shared.worker import Done, Wait

_log = logger(__name__)
UNDOING = "undoing"
LOOK_AGAIN = timedelta(milliseconds=500)
_LOOK_FOR_TURN = timedelta(hours=1)  # it is taken when it is admitted; this is only should nobody see to that


@dataclass(frozen=True)
class Frozen:
    """An undo as it is carried out, however often."""

    datasource: str
    intervals: tuple[str, ...]
    count_metric: str | None
    marks: Marks
    rows_before: int
    rows_removed: int


class Undoing:
    """Takes one load back.

    Args:
        database: the submitter's tables.
        inbox: the submissions.
        druid: counts.
        segments: marks.
        admitting: decides when its turn has come.
        hold_for: how often it looks whether the line is known.
        give_up_after: how long Druid may take to show what was marked.
        clock: now, aware UTC.
    """

    def __init__(
        self,
        database: Database,
        inbox: Inbox,
        druid: Druid,
        segments: Segments,
        admitting: Admitting,
        *,
        hold_for: timedelta,
        give_up_after: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._inbox = inbox
        self._druid = druid
        self._segments = segments
        self._hold_for = hold_for
        self._give_up_after = give_up_after
        self._clock = clock
        self._admitting = admitting

    async def __call__(self, job: Job) -> Done | Wait:
        """One try; see `shared.worker.Worker`."""
        command = TaskCommand.model_validate(job.event)
        kept = submissions.outcome_of(job.columns)
        if kept is not None:
            return Done((kept,))
        if job.columns["spec"] is not None:
            return await self._carry_out(job, command, _frozen(job.columns["spec"]), job.columns["posting_at"])
        found = await self._admitting.ask(job)
        if isinstance(found, Hold):
            return await self._wait(job, command, found)
        if found is None or found.has_ended:
            return Done(())
        async with self._database.transaction() as connection:
            load = await undone_load.find(connection, command)
        return await self._begin(job, command, load)

    async def last_words(self, job: Job, what_happened: str) -> tuple[TaskUpdated, ...]:
        """The end of an undo that has died three times; what was marked stays marked."""
        command = TaskCommand.model_validate(job.event)
        kept = submissions.outcome_of(job.columns)
        if kept is not None:
            return (kept,)
        begun = job.columns["spec"] is not None
        code, text = ("undo_incomplete", _INCOMPLETE) if begun else ("undo_failed", _DIED)
        failed = self._failed(command, code, text.format(command.undoes, what_happened))
        await self._inbox.update(job, outcome=storable(failed.model_dump(mode="json")))
        return (failed,)

    async def _begin(self, job: Job, command: TaskCommand, load: Loaded | Refused) -> Done | Wait:
        """Look, and freeze what is to be marked."""
        if isinstance(load, Refused):
            return await self._refuse(job, command, load)
        frozen = await self._look(load)
        if isinstance(frozen, Refused):
            return await self._refuse(job, command, frozen)
        if isinstance(frozen, NotYet):
            return Wait(LOOK_AGAIN, "not_loaded")
        failpoint("U1")
        now = self._clock()
        async with self._database.transaction() as connection:
            if await turns.has_ended(connection, task_id=command.task_id, attempt=command.attempt):
                return Done(())
            await submissions.freeze_undo(connection, job, frozen=_as_json(frozen), now=now)
        return await self._carry_out(job, command, frozen, now)

    async def _look(self, load: Loaded) -> Frozen | Refused | NotYet:
        stored = RowCount(load.datasource, load.intervals, load.task_id)
        used = await self._segments.used(load.datasource, (ETERNITY,))
        unused = await self._segments.unused(load.datasource, ETERNITY) if load.replaced is not None else []
        counted = (await count_rows(self._druid, stored)).rows if used else 0
        held = await self._segments.held(load.datasource, load.intervals) if used else []
        marks = plan(Sight(load.task_id, load.replaced, load.intervals, used, held, unused, counted))
        if not isinstance(marks, Marks):
            return marks
        metric = load.count_metric
        before = await count_rows(self._druid, RowCount(load.datasource, load.intervals, metric=metric))
        if metric is not None:
            counted = (await count_rows(self._druid, replace(stored, metric=metric))).rows
        return Frozen(load.datasource, load.intervals, metric, marks, before.rows or 0, counted or 0)

    async def _carry_out(self, job: Job, command: TaskCommand, frozen: Frozen, since: datetime) -> Done | Wait:
        """Mark, and look whether it is seen."""
        failpoint("U2")
        await self._segments.mark_unused(frozen.datasource, frozen.marks.remove)
        failpoint("U3")
        await self._segments.mark_used(frozen.datasource, frozen.marks.restore)
        failpoint("U4")
        seen = {one.id for one in await self._segments.held(frozen.datasource, frozen.intervals)}
        if seen.isdisjoint(frozen.marks.remove) and seen.issuperset(frozen.marks.expect):
            return await self._conclude(job, await self._done(command, frozen, shown=bool(seen)))
        if self._clock() - since < self._give_up_after:
            return Wait(LOOK_AGAIN, UNDOING)
        return await self._conclude(job, self._failed(command, "undo_unconfirmed", _UNCONFIRMED.format(command.undoes)))

    async def _done(self, command: TaskCommand, frozen: Frozen, *, shown: bool) -> TaskUpdated:
        wanted = RowCount(frozen.datasource, frozen.intervals, metric=frozen.count_metric)
        counted = await count_rows(self._druid, wanted)
        after = counted.rows if shown else 0
        now = self._clock()
        undone = Undone(
            undoes=str(command.undoes),
            rows_before=frozen.rows_before,
            rows_after=after,
            rows_removed=frozen.rows_removed,
            rows_restored=max((after or 0) - (frozen.rows_before - frozen.rows_removed), 0),
            segments_removed=len(frozen.marks.remove),
            segments_restored=len(frozen.marks.restore),
            query=counted.query,
            counted_at=now,
        )
        return self._updated(command, TaskStatus.COMPLETED, occurred_at=now, undone=undone)

    async def _refuse(self, job: Job, command: TaskCommand, refused: Refused) -> Done:
        message = f"The load of task {command.undoes} cannot be taken back, and nothing was changed. {refused.why}"
        return await self._conclude(job, self._failed(command, "not_undoable", message))

    async def _conclude(self, job: Job, end: TaskUpdated) -> Done:
        """Keep the end before it is said: once it is out, the next load may change what was counted."""
        await self._inbox.update(job, outcome=storable(end.model_dump(mode="json")))
        _log.info("undo_ended", status=end.status.value, why=end.problems[0].code if end.problems else None)
        failpoint("U5")
        return Done((end,))

    async def _wait(self, job: Job, command: TaskCommand, hold: Hold) -> Wait:
        """Say what it waits for, once: `reports` numbers what was said, and no number is used twice."""
        delay, words = self._hold_for if hold == CATCHING_UP else _LOOK_FOR_TURN, str(hold)
        if job.wait_reason == words:
            return Wait(delay, words)
        number = job.columns["reports"]
        queued = self._updated(command, TaskStatus.QUEUED, sequence=number, reason=words)
        await self._inbox.update(job, reports=number + 1, reported_at=queued.occurred_at)
        return Wait(delay, words, (queued,))

    def _failed(self, command: TaskCommand, code: str, message: str) -> TaskUpdated:
        problem = Problem(code=code, message=message, detail={"undoes": command.undoes})
        return self._updated(command, TaskStatus.FAILED, problems=(problem,))

    def _updated(self, command: TaskCommand, status: TaskStatus, **more: Any) -> TaskUpdated:
        told = {"occurred_at": self._clock(), **more}
        return TaskUpdated(
            task_id=command.task_id, tenant=command.tenant, attempt=command.attempt, status=status, **told
        )


def is_undo(event: Mapping[str, Any]) -> bool:
    """Whether the body of a row's event is that of an undo."""
    return "undoes" in event


def _as_json(frozen: Frozen) -> dict[str, Any]:
    return {
        "datasource": frozen.datasource,
        "intervals": list(frozen.intervals),
        "count_metric": frozen.count_metric,
        "marks": as_json(frozen.marks),
        "rows_before": frozen.rows_before,
        "rows_removed": frozen.rows_removed,
    }


def _frozen(kept: Mapping[str, Any]) -> Frozen:
    return Frozen(
        kept["datasource"],
        tuple(kept["intervals"]),
        kept["count_metric"],
        from_json(kept["marks"]),
        kept["rows_before"],
        kept["rows_removed"],
    )


_DIED = "Taking the load of task {} back has failed, and nothing was changed: {}. Ask for it again."
_INCOMPLETE = (
    "Taking the load of task {} back was begun and not finished: {}. Some of its segments may be out of use. Ask "
    "whoever runs Druid; asking for the undo again goes on only if its rows can still be found."
)
_UNCONFIRMED = (
    "The segments of task {} were marked, but Druid does not show it: rows may be gone that should be back. Ask "
    "whoever runs Druid whether its segments can be loaded."
)
