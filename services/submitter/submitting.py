"""The effect of a submission: wait for the turn, take it, freeze the spec, keep it, post the frozen bytes, say so.

It may be run again from any point. The spec is frozen before the first POST and never made again, so a second POST
carries the same bytes under the same id, and Druid's "already exists" with the same hash is the success of the first.
It is kept for its reader before anything else is done with it, so wherever it is told of it is there.
Once a POST may have arrived, no failure here ends the task: the load is said to be with Druid, and the monitor counts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import JsonValue

from services.submitter import abreast, says, submissions, turns
from services.submitter.admitting import CATCHING_UP, Admitting
from services.submitter.following import Following
from services.submitter.freezing import Freezing
from services.submitter.instead import end_instead
from services.submitter.keeping import Keeping, key_of
from services.submitter.patience import DRUID, STORE, keep_back
from services.submitter.planning import Planning, stops
from services.submitter.slots import sub_tasks_in
from services.submitter.submissions import Phase, Posting, posting_of
from services.submitter.turn import Hold
from services.submitter.undone_load import replaced_as_json
from shared.db.engine import Database
from shared.db.storable import storable
from shared.druid import AlreadyExists, Druid, DruidAwayError, DruidRefusedError
from shared.druid_errors import Place, explain, told
from shared.errors import PermanentError
from shared.events import (
    FIRST_ATTEMPT,
    DruidSubmitted,
    FileValidated,
    LoadMode,
    Problem,
    TaskUpdated,
)
from shared.failpoint import failpoint
from shared.inbox import Inbox, Job
from shared.storage.port import StorageAwayError, StorageRefusedError
from shared.telemetry import logger
from shared.worker import Done, Wait

_log = logger(__name__)
Clock = Callable[[], datetime]
Known = Callable[[], Awaitable[bool]]
"""Whether everything of a kind that was published before the call has been read."""

_LOOK_AGAIN = timedelta(hours=1)
"""A load that waits is taken when it is admitted or has something to tell; this is only should nobody see to that."""


@dataclass(frozen=True)
class Admitted:
    """A load that has its turn: how it is executed, and in how many slots."""

    mode: LoadMode
    slots: int


@dataclass(frozen=True)
class Rules:
    """Pace and size of loads; the meaning of each is told in `SubmitterOptions`."""

    hold_for: timedelta
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
        admitting: decides when they may.
        freezing: makes the task that would be posted.
        keeping: keeps what it has become.
        clock: now, aware UTC.
        ends_known: whether all ends have been read; see `_resume`.
    """

    def __init__(  # noqa: PLR0913  # what it works with, each told once, where it is put together
        self,
        database: Database,
        inbox: Inbox,
        druid: Druid,
        rules: Rules,
        admitting: Admitting,
        freezing: Freezing,
        keeping: Keeping,
        *,
        clock: Clock,
        ends_known: Known,
    ) -> None:
        self._database = database
        self._inbox = inbox
        self._druid = druid
        self._rules = rules
        self._admitting = admitting
        self._freezing = freezing
        self._keeping = keeping
        self._planning = Planning(database, druid, freezing.segments, clock=clock)
        self._clock = clock
        self._ends_known = ends_known
        self._following = Following(database, druid, clock)

    async def __call__(self, job: Job) -> Done | Wait:
        """One try; see `shared.worker.Worker`. A Druid or a store that does not serve is waited for, however long.

        An end is written into the row before it is said, unless a cancel was: one of the two, and no other, is said.
        """
        if job.columns["outcome"] is not None:
            failpoint("S6")
            return Done((TaskUpdated.model_validate(job.columns["outcome"]),))
        event = FileValidated.model_validate(job.event)
        try:
            outcome = await self._bring(job, event)
        except (DruidAwayError, StorageAwayError, StorageRefusedError) as error:
            who = DRUID if isinstance(error, DruidAwayError) else STORE
            _log.warning("submission_waiting", who=who, tries=job.tries, why=str(error))
            hold, delay = keep_back(job.wait_reason, str(error), now=self._clock(), who=who)
            return await self._wait(job, event, hold, delay)
        for said in outcome.events:
            if isinstance(said, TaskUpdated) and said.status.is_end:
                await self._keep(job, said)  # one that is kept already is kept again as it is
        return outcome

    async def _keep(self, job: Job, end: TaskUpdated) -> None:
        await self._inbox.update(job, outcome=storable(end.model_dump(mode="json")))

    async def _bring(self, job: Job, event: FileValidated) -> Done | Wait:
        posting = posting_of(job.columns)
        if posting is not None:
            await self._keep_spec(event, posting)
            return await self._resume(job, event, posting) or await self._post(job, event, posting)
        if stops(event):
            return await self._plan(job, event)
        admitted = await self._admit(job, event)
        if isinstance(admitted, Hold):
            return await self._wait(job, event, admitted, _LOOK_AGAIN)
        if admitted is None:
            return _ended_before_post()
        return await self._send(job, event, admitted)

    async def _plan(self, job: Job, event: FileValidated) -> Done:
        """What the load would do, and the end of a task that stops there."""
        made = await self._freezing(event, event.options.mode, most_sub_tasks=1)
        if isinstance(made, Problem):
            return Done((self._failed(event, made.code, made.message),))
        return Done((await self._planning.conclude(job, event, made.frozen),))

    async def _send(self, job: Job, event: FileValidated, admitted: Admitted) -> Done | Wait:
        """What becomes of a load that has its turn."""
        if event.attempt > FIRST_ATTEMPT:
            decided = await self._following(event)
            if isinstance(decided, Hold):
                return await self._wait(job, event, decided, self._rules.hold_for)
            if decided is not None:
                return decided
        match await self._freeze(job, event, admitted):
            case Posting() as posting:
                failpoint("S7")
                await self._keep_spec(event, posting)
                return await self._post(job, event, posting)
            case Hold() as hold:
                return await self._wait(job, event, hold, self._rules.hold_for)
            case TaskUpdated() as end:
                outcome = Done((end,))
            case Problem() as problem:
                outcome = Done((self._failed(event, problem.code, problem.message),))
            case None:
                outcome = _ended_before_post()
        return outcome

    async def last_words(self, job: Job, what_happened: str) -> tuple[TaskUpdated | DruidSubmitted, ...]:
        """The end of a task whose load cannot be posted; what may have been posted is left to the monitor's count."""
        if job.columns["outcome"] is not None:
            return (TaskUpdated.model_validate(job.columns["outcome"]),)
        event = FileValidated.model_validate(job.event)
        posting = posting_of(job.columns)
        if posting is not None:
            await self._keep_spec(event, posting)
            return (_submitted(event, posting),)
        failed = self._failed(event, "submission_failed", f"The load could not be submitted: {what_happened}.")
        await self._keep(job, failed)
        return (failed,)

    async def _admit(self, job: Job, event: FileValidated) -> Admitted | Hold | None:
        """The task's turn once it has come, or what stands in its way; None when the task has ended already.

        The line says where the task stands and how it loads: a verdict may come of another record of the same file.

        Raises:
            NoTurnError: the task stands in no line of its datasource.
        """
        found = await self._admitting.ask(job)
        if isinstance(found, Hold):
            return found
        if found is None or (found.tenant, found.datasource_name) != (event.tenant, event.datasource_name):
            msg = f"the task stands in no line of {event.datasource_name!r}"
            raise NoTurnError(msg)
        return None if found.has_ended else Admitted(LoadMode(found.mode), found.slots)

    async def _wait(self, job: Job, event: FileValidated, hold: Hold, delay: timedelta) -> Wait:
        """Say what it waits for, once: `reports` numbers what was said, and no number is used twice."""
        delay = self._rules.hold_for if hold == CATCHING_UP else delay
        words = str(hold)
        if job.wait_reason == words:
            return Wait(delay, words)
        now, number = self._clock(), job.columns["reports"]
        await self._inbox.update(job, reports=number + 1, reported_at=now)
        return Wait(delay, words, (says.queued(event, words, number=number, at=now),))

    async def _freeze(
        self, job: Job, event: FileValidated, admitted: Admitted
    ) -> Posting | Problem | Hold | TaskUpdated | None:
        """The frozen spec of an admitted load, its end instead, or what it waits for; None when it has ended before."""
        asked_at = self._clock()
        made = await self._freezing(event, admitted.mode, most_sub_tasks=sub_tasks_in(admitted.slots))
        if isinstance(made, Problem):
            return made
        changed = await self._planning.changes(event, admitted.mode, made.frozen)
        async with self._database.transaction() as connection:
            await turns.take_line(connection, tenant=event.tenant, datasource_name=event.datasource_name)
            if await turns.has_ended(connection, task_id=event.task_id, attempt=event.attempt):
                return None
            end = await end_instead(connection, event, changed, made.frozen.spec, at=self._clock())
            if end is not None:
                return await submissions.conclude(connection, job, end)
            hold = await abreast.find(connection, event, made.frozen.spec, asked_at=asked_at)
            if hold is not None:
                return hold
            if made.replaced is not None:
                noted = replaced_as_json(made.replaced)
                await turns.keep_replaced(connection, task_id=event.task_id, replaced=noted)
            return await submissions.freeze(connection, job, frozen=made.frozen, now=self._clock())

    async def _resume(self, job: Job, event: FileValidated, posting: Posting) -> Done | Wait | None:
        """What a post that was begun before has come to; None when it has to be made again, with the same bytes.

        Druid may have forgotten the id of an old post, and would run it twice: the monitor counts, and asks for another
        post if there are no rows. A task that has ended meanwhile is said only if Druid has it all the same; asked only
        when the ends are known, because a command to post again may be read before the end that came after it.
        """
        if job.columns["phase"] == Phase.POSTED:
            return Done((_submitted(event, posting),))
        if self._clock() - posting.since >= self._rules.count_first_after:
            _log.warning("old_post_left_to_monitor", druid_task_id=posting.frozen.druid_task_id)
            return await self._posted(job, event, posting)
        if not await self._ends_known():
            return await self._wait(job, event, CATCHING_UP, self._rules.hold_for)
        async with self._database.transaction() as connection:
            ended = await turns.has_ended(connection, task_id=event.task_id, attempt=event.attempt)
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
        return Done((_submitted(event, posting),))

    async def _is_known(self, posting: Posting) -> bool:
        """Whether Druid has a task of this id, from an earlier post whose answer was lost."""
        druid_task_id = posting.frozen.druid_task_id
        return druid_task_id in await self._druid.task_statuses([druid_task_id])

    async def _keep_spec(self, event: FileValidated, posting: Posting) -> None:
        await self._keeping(posting.frozen.spec, tenant=event.tenant, task_id=event.task_id, attempt=event.attempt)

    def _failed(
        self, event: FileValidated, code: str, message: str, detail: dict[str, JsonValue] | None = None
    ) -> TaskUpdated:
        return says.failed(event, code, message, at=self._clock(), detail=detail)


def _submitted(event: FileValidated, posting: Posting) -> DruidSubmitted:
    key = key_of(tenant=event.tenant, task_id=event.task_id, attempt=event.attempt)
    return says.submitted(event, posting.frozen, spec_key=key, at=posting.since)


def _ended_before_post() -> Done:
    _log.warning("ended_before_post")
    return Done(())


_TAKEN = (
    "Druid already has a task {} with another content than ours, so nothing was loaded. "
    "Upload the file again: a new upload gets a new id."
)
