"""The effect of a submission: wait for the turn, take it, freeze the spec, post the frozen bytes, say so.

It may be run again from any point. The spec is frozen before the first POST and never made again, so a second POST
carries the same bytes under the same id, and Druid's "already exists" with the same hash is the success of the first.
Once a POST may have arrived, no failure here ends the task: the load is said to be with Druid, and the monitor counts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import JsonValue

from services.submitter import submissions, turns
from services.submitter.admission import Hold, Turn, decide
from services.submitter.preparing import Preparing
from services.submitter.spec import freeze, proof_of
from services.submitter.submissions import Phase, Posting, posting_of
from shared.db.engine import Database
from shared.druid import AlreadyExists, Druid, DruidRefusedError
from shared.druid_errors import Place, explain, told
from shared.errors import PermanentError
from shared.events import DruidSubmitted, FileValidated, Problem, TaskStatus, TaskUpdated
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
    most_sub_tasks: int
    count_first_after: timedelta


class NoTurnError(PermanentError):
    """The task stands in no line, or in that of another datasource than its rows."""


class Submitting:
    """Brings one validated file to Druid.

    Args:
        database: the submitter's tables.
        inbox: the submissions.
        druid: where they go.
        rules: pace and size of loads.
        preparing: gathers what a spec is made of.
        clock: now, aware UTC.
        line_known: whether all uploads have been read; see `_admit`.
        ends_known: whether all ends have been read; see `_resume`.
    """

    def __init__(
        self,
        database: Database,
        inbox: Inbox,
        druid: Druid,
        rules: Rules,
        preparing: Preparing,
        *,
        clock: Clock,
        line_known: Known,
        ends_known: Known,
    ) -> None:
        self._database = database
        self._inbox = inbox
        self._druid = druid
        self._rules = rules
        self._preparing = preparing
        self._clock = clock
        self._line_known = line_known
        self._ends_known = ends_known

    async def __call__(self, job: Job) -> Done | Wait:
        """One try; see `shared.worker.Worker`."""
        event = FileValidated.model_validate(job.event)
        posting = posting_of(job.columns)
        if posting is not None:
            return await self._resume(job, event, posting) or await self._post(job, event, posting)
        if not await self._line_known():
            return Wait(self._rules.hold_for, CATCHING_UP)
        admitted = await self._admit(job, event)
        if isinstance(admitted, Hold):
            return self._wait(job, event, admitted)
        frozen = await self._freeze(job, event, admitted) if admitted else None
        if isinstance(frozen, Problem):
            return Done((self._failed(event, frozen.code, frozen.message),))
        if frozen is None:
            _log.warning("ended_before_post")
            return Done(())
        return await self._post(job, event, frozen)

    def last_words(self, job: Job, what_happened: str) -> tuple[TaskUpdated | DruidSubmitted, ...]:
        """The end of a task whose load cannot be posted; what may have been posted is left to the monitor's count."""
        event = FileValidated.model_validate(job.event)
        posting = posting_of(job.columns)
        if posting is not None:
            return (self._submitted(event, posting),)
        return (self._failed(event, "submission_failed", f"The load could not be submitted: {what_happened}."),)

    async def _admit(self, job: Job, event: FileValidated) -> Turn | Hold | None:
        """The task's turn once it has come, or what stands in its way; None when the task has ended already.

        The line says where the task stands and how it loads: a verdict may come of another record of the same file.
        Asked only when the line is known: topics are read in no order of each other, so after a stop a late file's
        verdict may be read before an early file's upload. An upload that is published later still finds this one sent.

        Raises:
            NoTurnError: the task stands in no line of its datasource.
            LeaseLostError: another worker has the row.
        """
        line = {"tenant": event.tenant, "datasource_name": event.datasource_name}
        async with self._database.transaction() as connection:
            await turns.take_line(connection, **line)
            if await turns.has_ended(connection, task_id=event.task_id):
                return None
            waiting = {turn.task_id: turn for turn in await turns.open_turns(connection, **line)}
            turn = waiting.get(event.task_id)
            if turn is None:
                msg = f"the task stands in no line of {event.datasource_name!r}"
                raise NoTurnError(msg)
            verdict = decide(turn, waiting.values())
            if isinstance(verdict, Hold):
                return verdict
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

    async def _freeze(self, job: Job, event: FileValidated, turn: Turn) -> Posting | Problem | None:
        """The frozen spec of an admitted load, or why there is none; None when the task has ended meanwhile."""
        load = await self._preparing(event, turn.mode, most_sub_tasks=self._rules.most_sub_tasks)
        if isinstance(load, Problem):
            return load
        frozen = freeze(load)
        async with self._database.transaction() as connection:
            if await turns.has_ended(connection, task_id=event.task_id):
                return None
            return await submissions.freeze(connection, job, frozen=frozen, now=self._clock())

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
            refused = Problem(code="druid_refused", message=f"Druid did not accept the load: {error}")
            said = told(refused, explain(str(error), Place.SUBMISSION))
            return Done((self._failed(event, said.code, said.message, said.detail),))
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
        proof = proof_of(posting.frozen.spec)
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
            mode=proof.mode,
            proof_by=proof.by,
            count_metric=proof.count_metric,
            rows_before=proof.rows_before,
        )

    def _failed(
        self, event: FileValidated, code: str, message: str, detail: dict[str, JsonValue] | None = None
    ) -> TaskUpdated:
        return TaskUpdated(
            task_id=event.task_id,
            tenant=event.tenant,
            attempt=event.attempt,
            status=TaskStatus.FAILED,
            occurred_at=self._clock(),
            problems=(Problem(code=code, message=message, detail=detail or {}),),
        )


_TAKEN = (
    "Druid already has a task {} with another content than ours, so nothing was loaded. "
    "Upload the file again: a new upload gets a new id."
)
