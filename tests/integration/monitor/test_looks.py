"""What a watch's row keeps between two looks, and what is therefore said once."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from services.monitor.poller import Poller
from shared.druid import DruidAwayError, DruidTaskStatus, RowStats
from shared.events import TaskStatus
from tests.integration.monitor.bench import FAILED, PACE, RUNNING, SUCCESS, Bench


async def test_a_verdict_is_said_as_it_was_reached_whatever_is_counted_later(bench: Bench) -> None:
    """The end reached Kafka and its acknowledgement did not: the next replace wipes the rows before the second look."""
    bench.druid.counts, bench.druid.stats = [9, 0], RowStats(9, 0)
    bench.ear.fails = TimeoutError("no acknowledgement")
    await bench.put()
    with pytest.raises(TimeoutError):
        await bench.look(SUCCESS)
    bench.restart()
    await bench.look(SUCCESS, after=3600)
    first, second = bench.ends()
    assert first == second
    assert first.status is TaskStatus.COMPLETED
    assert (await bench.row())["done_at"] is not None


async def test_a_verdict_that_is_kept_needs_no_druid(bench: Bench) -> None:
    """Killed between the verdict and its publication; when the next monitor comes, Druid is away."""
    bench.druid.counts, bench.druid.stats = [9, DruidAwayError("away")], RowStats(9, 0)
    bench.ear.fails = TimeoutError("no acknowledgement")
    await bench.put()
    with pytest.raises(TimeoutError):
        await bench.look(SUCCESS)
    job = await bench.lease()
    poller = Poller(bench.inbox, bench.druid, bench.watching, PACE, watched_at_once=1, concurrency=1)
    bench.druid.task_statuses = _away  # type: ignore[method-assign]  # nobody answers
    await poller._round([job])
    assert len(bench.ends()) == 2
    assert (await bench.row())["done_at"] is not None


async def test_a_task_that_reappears_is_looked_at_anew(bench: Bench) -> None:
    """It was missing and its rows were looked for; then Druid knows it, and its segments are newer than that look."""
    await bench.put()
    await bench.look(None)
    await bench.look(None, after=60)
    await bench.look(RUNNING, after=1)
    row = await bench.row()
    assert (row["missing_since"], row["refreshed"]) == (None, False)
    bench.druid.refreshes.clear()
    bench.druid.counts, bench.druid.stats = [9], RowStats(9, 0)
    await bench.look(SUCCESS, after=1)
    assert bench.druid.refreshes == [True]
    assert bench.said(TaskStatus.LOADING) == 1
    assert [one.status for one in bench.ends()] == [TaskStatus.COMPLETED]


async def test_a_task_that_reappears_ended_is_looked_at_anew(bench: Bench) -> None:
    await bench.put()
    await bench.look(None)
    await bench.look(None, after=60)
    bench.druid.refreshes.clear()
    bench.druid.counts, bench.druid.stats = [9], RowStats(9, 0)
    await bench.look(SUCCESS, after=1)
    assert bench.druid.refreshes == [True]
    assert bench.said(TaskStatus.LOADING) == 1


async def test_a_task_that_is_lost_again_and_again_ends(bench: Bench) -> None:
    """Druid takes the post and forgets it, for ever."""
    await bench.put()
    for _ in range(60):
        await bench.look(None, after=61)
        if bench.ends():
            break
    assert len(bench.reposts()) == 3
    (end,) = bench.ends()
    assert (end.status, end.problems[0].code) == (TaskStatus.FAILED, "druid_task_lost")
    assert "to be posted again 3 times" in end.problems[0].message


async def test_why_a_task_failed_is_asked_once_and_kept(bench: Bench) -> None:
    """Druid may purge the report before the count is believed, and this process may end."""
    bench.druid.why_failed = "java.io.EOFException: Unexpected end of ZLIB input stream\x00"
    await bench.put()
    await bench.look(FAILED)
    bench.druid.why_failed = None
    bench.restart()
    await bench.look(FAILED, after=3)
    await bench.look(FAILED, after=3)
    (end,) = bench.ends()
    (problem,) = end.problems
    assert (end.status, problem.code) == (TaskStatus.FAILED, "druid_compressed_data_broken")
    assert problem.detail["druid_message"] == "java.io.EOFException: Unexpected end of ZLIB input stream\ufffd"


async def test_where_druid_has_kept_no_more_its_status_says_why(bench: Bench) -> None:
    await bench.put()
    await bench.look(FAILED)
    await bench.look(FAILED, after=3)
    (end,) = bench.ends()
    (problem,) = end.problems
    assert (problem.code, problem.detail["druid_message"]) == ("druid_failed", "no disk")


async def test_a_task_is_not_posted_again_before_its_worker_has_forgotten_it(bench: Bench) -> None:
    """One that had it under the overlord before would not begin a second of the same id."""
    await bench.put()
    await bench.look(None)
    await bench.look(None, after=60)
    await bench.look(None, after=299)
    assert bench.reposts() == []
    await bench.look(None, after=1)
    assert len(bench.reposts()) == 1


async def test_the_grace_of_a_count_begins_when_it_changes(bench: Bench) -> None:
    """A broker that learns of the rows bit by bit is not held against them."""
    bench.druid.counts, bench.druid.stats = [0, 4, 9], RowStats(9, 0)
    await bench.put()
    await bench.look(SUCCESS)
    await bench.look(SUCCESS, after=31)
    assert bench.ends() == []
    await bench.look(SUCCESS, after=1)
    assert [one.status for one in bench.ends()] == [TaskStatus.COMPLETED]


async def test_rows_that_are_all_there_need_not_wait_for_the_segments_of_others(bench: Bench) -> None:
    """A foreign segment in the same interval that cannot be loaded keeps the percentage below 100."""
    bench.druid.counts, bench.druid.stats, bench.druid.percent = [9], RowStats(9, 0), 50.0
    await bench.put()
    await bench.look(SUCCESS)
    assert bench.ends() == []
    await bench.look(SUCCESS, after=30)
    assert [one.status for one in bench.ends()] == [TaskStatus.COMPLETED]


async def _away(druid_task_ids: Iterable[str]) -> dict[str, DruidTaskStatus]:
    """No call is made about no task."""
    for one in druid_task_ids:
        raise DruidAwayError(one)
    return {}
