"""Cancelling what Druid has, and counting again what has ended."""

from __future__ import annotations

from typing import Any

import pytest

from shared.druid import DruidRefusedError, RowStats
from shared.events import AnyEvent, CommandName, LedgerStatus, TaskCommand, TaskStatus, TaskUpdated
from shared.worker import Done, Wait
from tests.integration.monitor.bench import FAILED, RUNNING, SUCCESS, Bench


def command(bench: Bench, name: CommandName, **more: Any) -> TaskCommand:
    return TaskCommand(task_id=bench.event.task_id, command=name, issued_at=bench.now, **more)


def cancel(bench: Bench) -> TaskCommand:
    return command(bench, CommandName.CANCEL)


def verify(bench: Bench, number: int = 1, **more: Any) -> TaskCommand:
    return command(bench, CommandName.VERIFY, sequence=number, **more)


def one_end(bench: Bench) -> TaskUpdated:
    (end,) = bench.ends()
    return end


@pytest.mark.parametrize("command_first", [True, False])
async def test_a_load_that_runs_is_shut_down_and_counted(bench: Bench, command_first: bool) -> None:  # noqa: FBT001  # two orders
    words = [cancel(bench), bench.event]
    await bench.say(*(words if command_first else reversed(words)))
    await bench.look(RUNNING)
    await bench.look(RUNNING, after=1)
    assert bench.druid.shut == [bench.event.druid_task_id] * 2
    assert bench.said(TaskStatus.RUNNING) == 0
    await bench.look(FAILED, after=1)
    assert bench.ends() == []
    await bench.look(FAILED, after=3)
    end = one_end(bench)
    assert (end.status, end.reason, end.problems) == (TaskStatus.CANCELLED, "cancelled", ())
    assert end.ledger is not None
    assert (end.ledger.rows_accepted, end.ledger.rows_counted) == (9, 0)
    assert len(bench.druid.shut) == 2


async def test_rows_that_have_got_in_are_said(bench: Bench) -> None:
    bench.druid.counts = [4]
    await bench.say(bench.event, cancel(bench))
    await bench.look(FAILED)
    await bench.look(FAILED, after=30)
    end = one_end(bench)
    assert (end.status, end.reason, end.problems[0].detail["rows_counted"]) == (
        TaskStatus.CANCELLED,
        "cancelled_rows_left",
        4,
    )


@pytest.mark.parametrize("status", [SUCCESS, FAILED])
async def test_a_load_that_had_succeeded_is_completed(bench: Bench, status: Any) -> None:
    """The cancel came too late; Druid may call what it shut down FAILED though it had published."""
    bench.druid.counts, bench.druid.stats = [9], RowStats(9, 0)
    await bench.say(bench.event, cancel(bench))
    await bench.look(RUNNING)
    await bench.look(status, after=1)
    assert one_end(bench).status is TaskStatus.COMPLETED


async def test_a_load_that_druid_does_not_know_is_not_posted_again(bench: Bench) -> None:
    await bench.say(bench.event, cancel(bench))
    for after in (0, 60, 30):
        await bench.look(None, after=after)
    assert one_end(bench).status is TaskStatus.CANCELLED
    assert (bench.reposts(), bench.druid.shut) == ([], [])


async def test_an_end_that_was_kept_before_the_cancel_is_the_one_that_is_said(bench: Bench) -> None:
    bench.druid.counts, bench.druid.stats = [9], RowStats(9, 0)
    bench.ear.fails = TimeoutError("no acknowledgement")
    await bench.put()
    with pytest.raises(TimeoutError):
        await bench.look(SUCCESS)
    await bench.say(cancel(bench))
    await bench.look(None, after=1)
    assert [end.status for end in bench.ends()] == [TaskStatus.COMPLETED] * 2
    await bench.say(cancel(bench))
    assert (await bench.row())["cancel_asked_at"] is None


async def test_a_cancel_that_was_kept_outlives_the_process(bench: Bench) -> None:
    """Killed after the shutdown was asked for (M6): the next monitor asks again, counts, and ends it once."""
    await bench.say(bench.event, cancel(bench))
    await bench.look(RUNNING)
    bench.restart()
    await bench.look(FAILED, after=1)
    await bench.look(FAILED, after=3)
    assert one_end(bench).status is TaskStatus.CANCELLED


async def test_a_finished_task_is_counted_again(bench: Bench) -> None:
    bench.druid.counts, bench.druid.stats = [9], RowStats(9, 0)
    await bench.put()
    await bench.look(SUCCESS)
    said: list[AnyEvent] = []
    for number, rows in ((1, 9), (2, 0)):
        bench.druid.counts = [rows]
        asked = verify(bench, number)
        await bench.say(asked, asked)
        outcome = await bench.verify(asked)
        assert isinstance(outcome, Done)
        said += outcome.events
    first, second = said
    assert isinstance(first, TaskUpdated)
    assert isinstance(second, TaskUpdated)
    assert (first.status, first.sequence, first.ledger) == (TaskStatus.COMPLETED, 1, None)
    assert first.verified is not None
    assert second.verified is not None
    assert (first.verified.status, second.verified.status) == (LedgerStatus.RECONCILED, LedgerStatus.MISMATCH)
    assert (second.sequence, second.verified.rows_counted) == (2, 0)


async def test_an_attempt_that_found_the_rows_there_is_counted_by_the_load_before_it(bench: Bench) -> None:
    bench.druid.counts = [9]
    asked = verify(bench, attempt=2)
    await bench.say(bench.event, asked)
    outcome = await bench.verify(asked)
    assert isinstance(outcome, Done)
    (said,) = outcome.events
    assert isinstance(said, TaskUpdated)
    assert (said.attempt, said.verified and said.verified.rows_counted) == (2, 9)


async def test_segments_that_are_moved_are_waited_for_and_not_for_ever(bench: Bench) -> None:
    bench.druid.counts, bench.druid.percent = [4], 50.0
    asked = verify(bench)
    await bench.say(bench.event, asked)
    held = await bench.verify(asked)
    assert isinstance(held, Wait)
    bench.now += bench.watching._patience.count
    outcome = await bench.verify(asked)
    assert isinstance(outcome, Done)


async def test_a_load_that_is_not_heard_of_yet_is_waited_for(bench: Bench) -> None:
    bench.watches_known = False
    asked = verify(bench)
    await bench.say(asked)
    assert isinstance(await bench.verify(asked), Wait)
    bench.watches_known = True
    assert await bench.verify(asked) == Done(())


async def test_a_count_that_druid_refuses_is_an_answer(bench: Bench) -> None:
    bench.druid.counts = [DruidRefusedError("no permission")]
    asked = verify(bench)
    await bench.say(bench.event, asked)
    outcome = await bench.verify(asked)
    assert isinstance(outcome, Done)
    (said,) = outcome.events
    assert isinstance(said, TaskUpdated)
    assert said.verified is not None
    assert said.verified.status is LedgerStatus.UNPROVEN
