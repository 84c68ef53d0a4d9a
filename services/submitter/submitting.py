"""The effect of a submission: wait for the turn, take it, freeze the spec, post the frozen bytes, say so.

It may be run again from any point. The spec is frozen before the first POST and never made again, so a second POST
carries the same bytes under the same id, and Druid's "already exists" with the same hash is the success of the first.
Once a POST may have arrived, no failure here ends the task: the load is said to be with Druid, and the monitor counts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.submitter import duplicates, plan, submissions, turns
from services.submitter.admission import Hold, Turn
from services.submitter.contents import find_twin
from services.submitter.duplicates import Duplicate
from services.submitter.line import take_turn
from services.submitter.planning import Planning, stops
from services.submitter.spec import Frozen, Load, freeze
from services.submitter.submissions import Phase, Posting, posting_of
from services.submitter.timeline import emptied
from services.submitter.undo_plan import Replaced
from services.submitter.undone_load import replaced_as_json
from shared.db.engine import Database
from shared.druid import ETERNITY, AlreadyExists, Druid, DruidRefusedError
from shared.druid_segments import Segments
from shared.events import DruidSubmitted, FileValidated, LoadMode, Problem, TaskStatus, TaskUpdated
from shared.failpoint import failpoint
from shared.inbox import Inbox, Job
from shared.telemetry import logger
from shared.worker import Done, Wait

_log = logger(__name__)
Clock = Callable[[], datetime]
Known = Callable[[], Awaitable[bool]]
"""Whether everything of a kind that was published before the call has been read."""

CATCHING_UP = "catching_up"


@dataclass(frozen=True)
class Rules:
    """Pace and size of loads; the meaning of each is told in `SubmitterOptions`."""

    hold_for: timedelta
    rows_per_segment: int
    most_sub_tasks: int
    count_first_after: timedelta


class Submitting:
    """Brings one validated file to Druid.

    Args:
        database: the submitter's tables.
        inbox: the submissions.
        druid: where they go.
        segments: what a replace takes the place of, noted for an undo.
        rules: pace and size of loads.
        clock: now, aware UTC.
        line_known: whether all uploads have been read; see `_admit`.
        ends_known: whether all ends have been read; see `_resume`.
    """

    def __init__(
        self,
        database: Database,
        inbox: Inbox,
        druid: Druid,
        segments: Segments,
        rules: Rules,
        *,
        clock: Clock,
        line_known: Known,
        ends_known: Known,
    ) -> None:
        self._database = database
        self._inbox = inbox
        self._druid = druid
        self._segments = segments
        self._planning = Planning(database, druid, segments, clock=clock)
        self._rules = rules
        self._clock = clock
        self._line_known = line_known
        self._ends_known = ends_known

    async def __call__(self, job: Job) -> Done | Wait:
        """One try; see `shared.worker.Worker`."""
        event = FileValidated.model_validate(job.event)
        kept = submissions.outcome_of(job.columns)
        if kept is not None:
            return Done((kept,))
        posting = posting_of(job.columns)
        if posting is not None:
            return await self._resume(job, event, posting) or await self._post(job, event, posting)
        if stops(event):
            frozen, _ = await self._made(event, event.options.mode)
            return Done((await self._planning.conclude(job, event, frozen),))
        if not await self._line_known():
            return Wait(self._rules.hold_for, CATCHING_UP)
        return await self._begin(job, event)

    async def _begin(self, job: Job, event: FileValidated) -> Done | Wait:
        """Take the turn, freeze the spec, post it; or say why not."""
        admitted = await self._admit(job, event)
        if isinstance(admitted, Hold):
            return self._wait(job, event, admitted)
        if isinstance(admitted, TaskUpdated):
            return Done((admitted,))
        posting = await self._freeze(job, event, admitted) if admitted else None
        if isinstance(posting, TaskUpdated):
            return Done((posting,))
        if posting is None:
            _log.warning("ended_before_post")
            return Done(())
        return await self._post(job, event, posting)

    def last_words(self, job: Job, what_happened: str) -> tuple[TaskUpdated | DruidSubmitted, ...]:
        """The end of a task whose load cannot be posted; what may have been posted is left to the monitor's count."""
        event = FileValidated.model_validate(job.event)
        posting, kept = posting_of(job.columns), submissions.outcome_of(job.columns)
        if kept is not None:
            return (kept,)
        if posting is not None:
            return (self._submitted(event, posting),)
        return (self._failed(event, "submission_failed", f"The load could not be submitted: {what_happened}."),)

    async def _admit(self, job: Job, event: FileValidated) -> Turn | Hold | TaskUpdated | None:
        """The task's turn once it has come, what stands in its way, or its end as a duplicate; None if it has ended.

        Asked only when the line is known: topics are read in no order of each other, so after a stop a late file's
        verdict may be read before an early file's upload. An upload that is published later still finds this one sent.

        Raises:
            NoTurnError: the task stands in no line of its datasource.
            LeaseLostError: another worker has the row.
        """
        async with self._database.transaction() as connection:
            turn = await take_turn(
                connection, task_id=event.task_id, tenant=event.tenant, datasource_name=event.datasource_name
            )
            if turn is None or isinstance(turn, Hold):
                return turn
            if not turn.sent and duplicates.concerns(event, turn.mode):
                twin = await find_twin(connection, event, turn)
                if isinstance(twin, Hold):
                    return twin
                if twin is not None:
                    return await submissions.conclude(connection, job, self._duplicate(event, twin))
            await submissions.admit(connection, job)
        return turn

    def _wait(self, job: Job, event: FileValidated, hold: Hold) -> Wait:
        """Say it once: a row that waits for its turn already has said so."""
        said = job.wait_reason == hold.reason
        queued = TaskUpdated(
            task_id=event.task_id,
            tenant=event.tenant,
            attempt=event.attempt,
            status=TaskStatus.QUEUED,
            occurred_at=self._clock(),
            reason=f"{hold.reason}: behind task {hold.behind}",
        )
        return Wait(self._rules.hold_for, hold.reason, () if said else (queued,))

    async def _freeze(self, job: Job, event: FileValidated, turn: Turn) -> Posting | TaskUpdated | None:
        """The frozen spec of an admitted load, or its end when its plan does not hold; None when it has ended."""
        frozen, replaced = await self._made(event, turn.mode)
        changed = await self._planning.changes(event, turn.mode, frozen)
        async with self._database.transaction() as connection:
            if await turns.has_ended(connection, task_id=event.task_id):
                return None
            if changed:
                end = self._ended(event, TaskStatus.REJECTED, plan.problem(changed))
                return await submissions.conclude(connection, job, end)
            if replaced is not None:
                noted = replaced_as_json(replaced)
                await turns.keep_replaced(connection, task_id=event.task_id, replaced=noted)
            return await submissions.freeze(connection, job, frozen=frozen, now=self._clock())

    async def _made(self, event: FileValidated, mode: LoadMode) -> tuple[Frozen, Replaced | None]:
        """The load as it would be posted now, and for a replace the segments whose place it takes."""
        datasource = event.datasource_name
        if mode is LoadMode.REPLACE:
            used = await self._druid.used_intervals(datasource)
            replaced = Replaced.of(await self._segments.used(datasource, (ETERNITY,)))
            return freeze(load_of(event, self._rules, mode, used)), replaced
        load = load_of(event, self._rules, mode, ())
        frozen = freeze(load)
        alone = await self._is_emptied(datasource, frozen.intervals)
        return (freeze(load, alone=True) if alone else frozen), None

    async def _is_emptied(self, datasource: str, intervals: tuple[str, ...]) -> bool:
        """See `timeline.emptied`."""
        for interval in intervals:
            unused = await self._segments.unused(datasource, interval)
            if unused and emptied(await self._segments.used(datasource, (interval,)), unused):
                return True
        return False

    async def _resume(self, job: Job, event: FileValidated, posting: Posting) -> Done | Wait | None:
        """What a post that was begun before has come to; None when it has to be made again, with the same bytes.

        Druid may have forgotten the id of an old post, and would run it twice: the monitor counts, and asks for another
        post if there are no rows. A task that has ended meanwhile is said only if Druid has it all the same; asked only
        when the ends are known, because a command to post again may be read before the end that came after it.
        """
        if job.columns["phase"] == Phase.POSTED:
            return Done((self._submitted(event, posting),))
        if self._clock() - posting.since >= self._rules.count_first_after:
            _log.warning("old_post_left_to_monitor", druid_task_id=posting.frozen.druid_task_id)
            return await self._posted(job, event, posting)
        if not await self._ends_known():
            return Wait(self._rules.hold_for, CATCHING_UP)
        async with self._database.transaction() as connection:
            ended = await turns.has_ended(connection, task_id=event.task_id)
        if not ended:
            return None
        return await self._posted(job, event, posting) if await self._is_known(posting) else Done(())

    async def _post(self, job: Job, event: FileValidated, posting: Posting) -> Done:
        failpoint("S1")
        try:
            answer = await self._druid.submit(posting.frozen.spec)
        except DruidRefusedError as error:
            if await self._is_known(posting):
                _log.warning("refused_after_post", druid_task_id=posting.frozen.druid_task_id, why=str(error))
                return await self._posted(job, event, posting)
            return Done((self._failed(event, "druid_refused", f"Druid did not accept the load: {error}"),))
        failpoint("S2")
        if isinstance(answer, AlreadyExists) and answer.spec_hash != posting.frozen.spec_hash:
            return Done((self._failed(event, "druid_id_taken", _TAKEN.format(posting.frozen.druid_task_id)),))
        _log.info("posted", druid_task_id=posting.frozen.druid_task_id, again=isinstance(answer, AlreadyExists))
        failpoint("S3")
        return await self._posted(job, event, posting)

    async def _posted(self, job: Job, event: FileValidated, posting: Posting) -> Done:
        await self._inbox.update(job, phase=Phase.POSTED.value)
        return Done((self._submitted(event, posting),))

    async def _is_known(self, posting: Posting) -> bool:
        """Whether Druid has a task of this id, from an earlier post whose answer was lost."""
        druid_task_id = posting.frozen.druid_task_id
        return druid_task_id in await self._druid.task_statuses([druid_task_id])

    def _submitted(self, event: FileValidated, posting: Posting) -> DruidSubmitted:
        return DruidSubmitted(
            task_id=event.task_id,
            tenant=event.tenant,
            attempt=event.attempt,
            datasource_name=event.datasource_name,
            druid_task_id=posting.frozen.druid_task_id,
            spec_hash=posting.frozen.spec_hash,
            intervals=posting.frozen.intervals,
            rows_read=event.rows_read,
            rows_accepted=event.rows_accepted,
            rows_rejected=event.rows_rejected,
            submitted_at=posting.since,
        )

    def _duplicate(self, event: FileValidated, twin: Duplicate) -> TaskUpdated:
        problem = duplicates.problem(event.datasource_name, twin)
        return self._ended(event, TaskStatus.REJECTED, problem).model_copy(update={"duplicate_of": twin.of})

    def _failed(self, event: FileValidated, code: str, message: str) -> TaskUpdated:
        return self._ended(event, TaskStatus.FAILED, Problem(code=code, message=message))

    def _ended(self, event: FileValidated, status: TaskStatus, problem: Problem) -> TaskUpdated:
        return TaskUpdated(
            task_id=event.task_id,
            tenant=event.tenant,
            attempt=event.attempt,
            status=status,
            occurred_at=self._clock(),
            problems=(problem,),
        )


_TAKEN = (
    "Druid already has a task {} with another content than ours, so nothing was loaded. "
    "Upload the file again: a new upload gets a new id."
)


def load_of(event: FileValidated, rules: Rules, mode: LoadMode, used: tuple[str, ...]) -> Load:
    """The load of a validated file in the mode that its turn has."""
    return Load(
        task_id=event.task_id,
        attempt=event.attempt,
        datasource=event.datasource_name,
        mode=mode,
        bucket=event.bucket,
        keys=tuple(part.key for part in event.parts),
        columns=event.columns,
        rows=event.rows_accepted,
        time_min=event.time_min,
        time_max=event.time_max,
        used=used,
        rows_per_segment=rules.rows_per_segment,
        most_sub_tasks=rules.most_sub_tasks,
    )
