"""Cancel and retry: one end whoever is first, and no second load beside rows that are there."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from services.submitter import earlier
from shared.db.models import LoadTurn, Submission
from shared.druid import DruidRefusedError, DruidState, DruidTaskStatus
from shared.events import (
    CommandName,
    DruidSubmitted,
    FileUploaded,
    LoadMode,
    Stage,
    TaskCommand,
    TaskEvent,
    TaskStatus,
    TaskUpdated,
)
from shared.inbox import LeaseLostError
from shared.worker import Done, Wait
from tests.integration.submitter.bench import START, Bench, verdict

APPEND, REPLACE = LoadMode.APPEND, LoadMode.REPLACE
RUNNING = DruidTaskStatus(DruidState.RUNNING, placed=True, error=None)


def command(event: FileUploaded, name: CommandName, *, at: float = 100, **more: Any) -> TaskCommand:
    asked = START + timedelta(seconds=at)
    return TaskCommand(task_id=event.task_id, command=name, issued_at=asked, **more)


def cancel(event: FileUploaded, **more: Any) -> TaskCommand:
    return command(event, CommandName.CANCEL, **more)


def retry(event: FileUploaded, **more: Any) -> TaskCommand:
    return command(event, CommandName.RETRY, start_from=Stage.SUBMISSION, run_id="run", **more)


def again(event: FileUploaded, *, at: float = 100, attempt: int = 2) -> TaskEvent:
    """The verdict as the validator hands it on for the next attempt."""
    return verdict(event, attempt=attempt, accepted_at=START + timedelta(seconds=at))


async def failed(bench: Bench, mode: LoadMode = APPEND, *, at: float = 1) -> FileUploaded:
    """A task whose first attempt Druid has had, and which has FAILED."""
    event = bench.upload(mode, at=at)
    await bench.say(event, verdict(event))
    assert isinstance(await bench.step(event), Done)
    await bench.end(event)
    return event


def only(outcome: Done | Wait) -> TaskEvent:
    assert isinstance(outcome, Done)
    (said,) = outcome.events
    assert not isinstance(said, TaskCommand)
    return said  # type: ignore[return-value]  # the submitter says nothing of datasources


def cancelled(outcome: Done | Wait) -> bool:
    said = only(outcome)
    return isinstance(said, TaskUpdated) and said.status is TaskStatus.CANCELLED


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts are believed without a grace."""
    monkeypatch.setattr(earlier, "SETTLE", timedelta(0))


async def test_a_load_that_waits_is_cancelled_and_leaves_its_line(bench: Bench) -> None:
    ahead, middle, last = bench.upload(APPEND, at=1), bench.upload(REPLACE, at=2), bench.upload(APPEND, at=3)
    await bench.say(ahead, verdict(middle), verdict(last))
    assert isinstance(await bench.step(middle), Wait)
    assert isinstance(await bench.step(last), Wait)
    await bench.say(cancel(middle))
    assert isinstance(await bench.step(last), Done)
    assert cancelled(await bench.step(middle))
    assert [spec["id"] for spec in bench.druid.posted] == [f"ingest_{last.task_id}_1"]


async def test_a_cancel_that_is_read_before_the_verdict_is_not_lost(bench: Bench) -> None:
    event = bench.upload(APPEND, at=1)
    await bench.say(cancel(event), event, verdict(event))
    assert cancelled(await bench.step(event))
    assert bench.druid.posted == []


async def test_a_cancel_of_an_earlier_attempt_is_not_one_of_the_next(bench: Bench, at_once: None) -> None:
    del at_once
    event = await failed(bench)
    await bench.say(cancel(event), retry(event), again(event))
    assert isinstance(only(await bench.step(event)), DruidSubmitted)


async def test_once_it_may_be_with_druid_the_monitor_ends_it(bench: Bench) -> None:
    event = bench.upload(APPEND, at=1)
    await bench.say(verdict(event))
    bench.druid.answer = ConnectionError("no answer")
    with pytest.raises(ConnectionError):
        await bench.effect(await bench.lease(event))
    bench.druid.answer = type(bench.druid)().answer
    await bench.say(cancel(event))
    assert isinstance(only(await bench.step(event)), DruidSubmitted)


async def test_a_worker_that_is_at_it_posts_nothing_any_more(bench: Bench) -> None:
    """It asks Druid what a replace has to empty; the cancel is read before the answer."""
    event = bench.upload(REPLACE, at=1)
    await bench.say(verdict(event))
    job = await bench.lease(event)
    asked, answered = asyncio.Event(), asyncio.Event()

    async def used_intervals(datasource: str) -> tuple[str, ...]:
        del datasource
        asked.set()
        await answered.wait()
        return ()

    bench.druid.used_intervals = used_intervals  # type: ignore[method-assign]  # the answer comes when the test says
    running = asyncio.create_task(bench.effect(job))
    await asked.wait()
    await bench.say(cancel(event))
    answered.set()
    assert await running == Done(())
    with pytest.raises(LeaseLostError):
        await bench.inbox.finish(job)
    assert cancelled(await bench.step(event))
    assert bench.druid.posted == []


async def test_an_end_that_was_reached_before_the_cancel_stays(bench: Bench) -> None:
    event = bench.upload(APPEND, at=1)
    await bench.say(verdict(event))
    bench.druid.answer = DruidRefusedError("no such type")
    first = await bench.effect(await bench.lease(event))
    await bench.say(cancel(event))
    assert only(first) == only(await bench.step(event))


async def test_the_last_words_about_a_cancelled_load_are_that_it_was_cancelled(bench: Bench) -> None:
    event = bench.upload(APPEND, at=1)
    await bench.say(verdict(event))
    job = await bench.lease(event)
    await bench.say(cancel(event))
    with pytest.raises(LeaseLostError):
        await bench.effect.last_words(job, "it died")
    (said,) = await bench.effect.last_words(await bench.lease(event), "it died")
    assert isinstance(said, TaskUpdated)
    assert said.status is TaskStatus.CANCELLED


async def test_the_last_words_about_a_load_are_not_taken_back_by_a_cancel(bench: Bench) -> None:
    event = bench.upload(APPEND, at=1)
    await bench.say(verdict(event))
    (first,) = await bench.effect.last_words(await bench.lease(event), "it died")
    await bench.say(cancel(event))
    assert only(await bench.step(event)) == first


@pytest.mark.parametrize("command_first", [True, False])
async def test_the_next_attempt_is_another_druid_task(bench: Bench, at_once: None, command_first: bool) -> None:  # noqa: FBT001  # two orders
    del at_once
    event = await failed(bench)
    words = [retry(event), again(event)]
    await bench.say(*(words if command_first else reversed(words)), retry(event, at=200))
    said = only(await bench.step(event))
    assert isinstance(said, DruidSubmitted)
    assert (said.attempt, said.druid_task_id) == (2, f"ingest_{event.task_id}_2")
    assert [spec["id"] for spec in bench.druid.posted] == [f"ingest_{event.task_id}_{one}" for one in (1, 2)]
    turn = await turn_of(bench, event)
    assert (turn.attempt, turn.accepted_at, turn.ended_at) == (2, START + timedelta(seconds=100), None)


async def test_a_late_end_of_the_first_attempt_does_not_end_the_second(bench: Bench, at_once: None) -> None:
    del at_once
    event = bench.upload(APPEND, at=1)
    await bench.say(event, verdict(event))
    await bench.step(event)
    await bench.say(retry(event))
    await bench.end(event)
    await bench.say(again(event))
    assert isinstance(only(await bench.step(event)), DruidSubmitted)


async def test_an_end_of_the_second_attempt_that_comes_before_its_command_stays(bench: Bench) -> None:
    event = await failed(bench)
    await bench.say(TaskUpdated(task_id=event.task_id, attempt=2, status=TaskStatus.FAILED, occurred_at=START))
    await bench.say(retry(event))
    assert (await turn_of(bench, event)).ended_at == START


async def test_who_is_tried_again_stands_at_the_end_of_the_line(bench: Bench, at_once: None) -> None:
    del at_once
    event = await failed(bench, REPLACE, at=1)
    ahead, behind = bench.upload(REPLACE, at=99), bench.upload(REPLACE, at=101)
    await bench.say(ahead, behind, verdict(behind), retry(event, at=100), again(event, at=100))
    assert isinstance(await bench.step(event), Wait)
    assert isinstance(await bench.step(behind), Wait)
    await bench.end(ahead)
    assert isinstance(await bench.step(behind), Wait)
    assert isinstance(await bench.step(event), Done)


async def test_rows_that_are_all_there_are_the_proof_of_the_next_attempt(bench: Bench) -> None:
    """Druid called the first attempt FAILED though it had published."""
    event = await failed(bench)
    await bench.say(retry(event), again(event))
    bench.druid.counts = [2]
    said = only(await bench.step(event))
    assert isinstance(said, TaskUpdated)
    assert (said.status, said.attempt, said.reason) == (TaskStatus.COMPLETED, 2, "rows_already_there")
    assert said.ledger is not None
    assert (said.ledger.rows_counted, said.ledger.rows_accepted) == (2, 2)
    assert len(bench.druid.posted) == 1


async def test_beside_some_rows_nothing_is_loaded(bench: Bench, at_once: None) -> None:
    del at_once
    event = await failed(bench)
    await bench.say(retry(event), again(event))
    bench.druid.counts = [1]
    said = only(await bench.step(event))
    assert isinstance(said, TaskUpdated)
    assert (said.status, said.problems[0].code) == (TaskStatus.FAILED, "rows_already_there")
    assert len(bench.druid.posted) == 1


async def test_the_next_attempt_waits_for_what_still_runs(bench: Bench, at_once: None) -> None:
    """The first one was given up, for a message that was parked, and Druid works on it all the same."""
    del at_once
    event = await failed(bench)
    await bench.say(retry(event), again(event))
    bench.druid.statuses[f"ingest_{event.task_id}_1"] = RUNNING
    held = await bench.step(event)
    assert isinstance(held, Wait)
    assert str(held.reason).startswith("earlier_attempt: ")
    bench.druid.statuses.clear()
    bench.druid.counts = [2]
    assert isinstance(only(await bench.step(event)), TaskUpdated)
    assert len(bench.druid.posted) == 1


async def test_no_rows_are_believed_after_a_while_only(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    event = await failed(bench)
    await bench.say(retry(event), again(event))
    assert isinstance(await bench.step(event), Wait)
    assert len(bench.druid.posted) == 1
    monkeypatch.setattr(earlier, "SETTLE", timedelta(0))
    assert isinstance(only(await bench.step(event)), DruidSubmitted)


async def test_what_was_never_posted_has_left_nothing(bench: Bench) -> None:
    event = bench.upload(APPEND, at=1)
    await bench.say(cancel(event), verdict(event))
    assert cancelled(await bench.step(event))
    bench.druid.counts = [AssertionError("nobody needs to ask")]
    await bench.say(retry(event), again(event))
    assert isinstance(only(await bench.step(event)), DruidSubmitted)


async def test_an_attempt_that_was_followed_is_not_posted_again(bench: Bench) -> None:
    """The monitor's wish to post the first attempt again is read late."""
    event = await failed(bench)
    await bench.say(retry(event))
    later = datetime.now(UTC) + timedelta(minutes=1)
    await bench.say(TaskCommand(task_id=event.task_id, command=CommandName.REPOST, issued_at=later))
    assert (await bench.row(event))["done_at"] is not None


async def test_a_verdict_of_an_attempt_that_was_followed_is_not_sent(bench: Bench) -> None:
    event = bench.upload(APPEND, at=1)
    await bench.say(event, retry(event), verdict(event))
    assert await bench.step(event) == Done(())
    assert bench.druid.posted == []


async def test_a_retry_of_a_task_that_is_not_heard_of_holds_nobody_up(bench: Bench) -> None:
    """Nobody knows its datasource yet."""
    await bench.say(retry(bench.upload(REPLACE, at=1), at=2))
    event = bench.upload(REPLACE, at=3)
    await bench.say(event, verdict(event))
    assert isinstance(await bench.step(event), Done)


async def turn_of(bench: Bench, event: FileUploaded) -> Any:
    async with bench.database.transaction() as connection:
        return (await connection.execute(select(LoadTurn.__table__).where(LoadTurn.task_id == event.task_id))).one()


async def test_a_cancelled_row_is_found_by_whoever_comes_after_a_kill(bench: Bench) -> None:
    """The process that has read the cancel dies before a word is said: the row is open, and says it."""
    event = bench.upload(APPEND, at=1)
    await bench.say(verdict(event))
    await bench.lease(event)
    await bench.say(cancel(event))
    async with bench.database.transaction() as connection:
        await connection.execute(
            update(Submission).where(Submission.task_id == event.task_id).values(lease_owner="dead", lease_until=START)
        )
    assert cancelled(await bench.step(event))
    assert (await bench.row(event))["done_at"] is not None
