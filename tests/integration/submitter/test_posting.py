"""From the moment that Druid may have a load, only Druid's own word or the monitor's count ends it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from shared.db.models import Submission
from shared.druid import AlreadyExists, DruidAwayError, DruidRefusedError, DruidState, DruidTaskStatus, Submitted
from shared.events import CommandName, DruidSubmitted, FileUploaded, LoadMode, TaskCommand, TaskStatus, TaskUpdated
from shared.worker import DEATHS_ALLOWED, Done, Wait
from tests.integration.submitter.bench import Bench, verdict

RUNNING = DruidTaskStatus(DruidState.RUNNING, placed=True, error=None)


async def unanswered(bench: Bench) -> FileUploaded:
    """A load whose first post was never answered."""
    event = bench.upload(LoadMode.APPEND, at=1)
    await bench.say(verdict(event))
    bench.druid.answer = DruidAwayError("no answer")
    assert isinstance(await bench.step(event), Wait)
    bench.druid.answer = Submitted()
    return event


async def change(bench: Bench, event: FileUploaded, **columns: object) -> None:
    async with bench.database.transaction() as connection:
        await connection.execute(update(Submission).where(Submission.task_id == event.task_id).values(**columns))


def repost(event: FileUploaded) -> TaskCommand:
    later = datetime.now(UTC) + timedelta(minutes=1)
    return TaskCommand(task_id=event.task_id, command=CommandName.REPOST, issued_at=later)


async def test_the_third_death_does_not_overrule_a_post(bench: Bench) -> None:
    event = await unanswered(bench)
    await change(bench, event, deaths=DEATHS_ALLOWED)
    (said,) = await bench.effect.last_words(await bench.lease(event), "it died")
    assert isinstance(said, DruidSubmitted)
    assert said.druid_task_id == f"ingest_{event.task_id}_1"


@pytest.mark.parametrize("phase", ["WAITING", "ADMITTED"])
async def test_the_third_death_ends_what_was_not_posted(bench: Bench, phase: str) -> None:
    event = bench.upload(LoadMode.APPEND, at=1)
    await bench.say(verdict(event))
    await change(bench, event, phase=phase)
    (said,) = await bench.effect.last_words(await bench.lease(event), "it died")
    assert isinstance(said, TaskUpdated)
    assert (said.status, said.problems[0].code) == (TaskStatus.FAILED, "submission_failed")


async def test_a_load_that_was_given_up_after_a_post_can_be_posted_again(bench: Bench) -> None:
    """The monitor finds that Druid never had it, and the deaths of long ago are not held against the new post."""
    event = await unanswered(bench)
    await change(bench, event, deaths=DEATHS_ALLOWED)
    await bench.inbox.finish(await bench.lease(event))
    await bench.say(repost(event))
    row = await bench.row(event)
    assert (row["done_at"], row["deaths"], row["phase"]) == (None, 0, "POSTING")
    assert isinstance(await bench.step(event), Done)
    assert len(bench.druid.posted) == 2


async def test_a_refusal_does_not_overrule_an_earlier_post(bench: Bench) -> None:
    """Druid has the first post and refuses the second for another reason than that."""
    event = await unanswered(bench)
    bench.druid.answer = DruidRefusedError("too many segments")
    bench.druid.statuses[f"ingest_{event.task_id}_1"] = RUNNING
    outcome = await bench.step(event)
    assert isinstance(outcome, Done)
    assert isinstance(outcome.events[0], DruidSubmitted)
    assert (await bench.row(event))["phase"] == "POSTED"


async def test_a_refusal_of_what_druid_does_not_have_is_the_end(bench: Bench) -> None:
    event = await unanswered(bench)
    bench.druid.answer = DruidRefusedError("no such type")
    outcome = await bench.step(event)
    assert isinstance(outcome, Done)
    (said,) = outcome.events
    assert isinstance(said, TaskUpdated)
    assert (said.problems[0].code, said.problems[0].detail["druid_message"]) == ("druid_refused", "no such type")


async def test_a_refusal_that_the_catalogue_knows_is_told_in_its_words(bench: Bench) -> None:
    event = await unanswered(bench)
    bench.druid.answer = DruidRefusedError("problem: Duplicate column entries found : [a]")
    outcome = await bench.step(event)
    assert isinstance(outcome, Done)
    (said,) = outcome.events
    assert isinstance(said, TaskUpdated)
    (problem,) = said.problems
    assert (problem.code, problem.detail["whose_fault"]) == ("druid_column_twice", "datasource")
    assert problem.message.endswith("Give each dimension and each metric a name of its own, then retry the task.")


@pytest.mark.parametrize("counted", [2, 0])
async def test_an_old_post_is_left_to_the_monitor(bench: Bench, counted: int) -> None:
    """By now Druid may have forgotten the id, and would run it twice: whoever has the patience to count decides."""
    event = await unanswered(bench)
    bench.druid.counts = [counted]
    await change(bench, event, posting_at=datetime.now(UTC) - timedelta(hours=25))
    outcome = await bench.step(event)
    assert isinstance(outcome, Done)
    assert isinstance(outcome.events[0], DruidSubmitted)
    assert len(bench.druid.posted) == 1
    await bench.say(repost(event))
    assert isinstance(await bench.step(event), Done)
    assert len(bench.druid.posted) == 2


async def test_an_id_that_another_program_has_taken_is_not_ours(bench: Bench) -> None:
    event = await unanswered(bench)
    bench.druid.answer = AlreadyExists("another")
    outcome = await bench.step(event)
    assert isinstance(outcome, Done)
    (said,) = outcome.events
    assert isinstance(said, TaskUpdated)
    assert said.problems[0].code == "druid_id_taken"


async def test_what_druid_has_is_not_posted_again(bench: Bench) -> None:
    """Killed after the publication: by now the monitor may have ended it and Druid forgotten it."""
    event = bench.upload(LoadMode.APPEND, at=1)
    await bench.say(verdict(event))
    first = await bench.step(event)
    await change(bench, event, done_at=None)
    assert await bench.step(event) == first
    assert len(bench.druid.posted) == 1


@pytest.mark.parametrize("known", [True, False])
async def test_a_task_that_has_ended_is_not_posted_again(bench: Bench, known: bool) -> None:  # noqa: FBT001  # two cases
    """What Druid has all the same is said, so that its rows are counted."""
    event = await unanswered(bench)
    await bench.end(event)
    if known:
        bench.druid.statuses[f"ingest_{event.task_id}_1"] = RUNNING
    outcome = await bench.step(event)
    assert isinstance(outcome, Done)
    assert [type(one) for one in outcome.events] == [DruidSubmitted] * known
    assert len(bench.druid.posted) == 1


async def test_no_post_is_made_again_while_an_end_may_be_unread(bench: Bench) -> None:
    """After a stop the command to post again may be read before the end that came after it."""
    event = await unanswered(bench)
    bench.ends_known = False
    outcome = await bench.step(event)
    assert isinstance(outcome, Wait)
    assert len(bench.druid.posted) == 1
    bench.ends_known = True
    assert isinstance(await bench.step(event), Done)
    assert len(bench.druid.posted) == 2
