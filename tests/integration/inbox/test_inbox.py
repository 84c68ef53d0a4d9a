from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from shared.db.engine import Database
from shared.events import body_of
from shared.inbox import SHORTEST, Inbox, Job, LeaseLostError, owner_name
from tests.integration.inbox.jobs import TABLE, TRACE, expire_leases, inbox_of, make_available, put, received, row_of
from tests.integration.kafka.rig import an_update

NOW = timedelta(0)


async def test_an_event_that_comes_twice_is_one_row(store: Database) -> None:
    inbox, event = inbox_of(store, "a"), an_update()
    async with store.transaction() as connection:
        assert await inbox.put(connection, received(event))
        assert not await inbox.put(connection, received(event))
    async with store.transaction() as connection:
        assert not await inbox.put(connection, received(event))
    assert len(await inbox.lease(10)) == 1


async def test_a_row_belongs_to_the_callers_transaction(store: Database) -> None:
    inbox = inbox_of(store, "a")
    with pytest.raises(RuntimeError):  # noqa: PT012  # the error must cross the transaction's end
        async with store.transaction() as connection:
            await inbox.put(connection, received(an_update()))
            raise RuntimeError
    assert await inbox.lease(10) == []


async def test_a_lease_has_what_was_received(store: Database) -> None:
    (event,) = await put(store)
    (job,) = await inbox_of(store, "a").lease()
    assert (job.event_id, job.task_id, job.attempt) == (event.event_id, event.task_id, event.attempt)
    assert job.event == body_of(event)
    assert (job.traceparent, job.tries, job.deaths, job.wait_reason) == (TRACE, 1, 0, None)
    assert "outcome" in job.columns
    assert "lease_owner" not in job.columns


async def test_a_row_is_never_held_by_two(store: Database) -> None:
    held: Counter[UUID] = Counter()
    await put(store, *(an_update() for _ in range(60)))

    async def take_all(owner: str) -> None:
        inbox = inbox_of(store, owner)
        while jobs := await inbox.lease(3):
            for job in jobs:
                held[job.event_id] += 1
                assert held[job.event_id] == 1

    await asyncio.gather(*(take_all(f"worker-{number}") for number in range(6)))
    assert len(held) == 60
    assert set(held.values()) == {1}


async def test_a_lease_takes_no_more_than_asked(store: Database) -> None:
    await put(store, *(an_update() for _ in range(5)))
    assert [len(await inbox_of(store, "a").lease(2)) for _ in range(4)] == [2, 2, 1, 0]


async def test_rows_above_the_highest_lane_are_left_alone_as_if_they_were_not_there(store: Database) -> None:
    hour = timedelta(hours=1)
    (large,) = await put(store, lane=1)
    inbox = inbox_of(store, "a")
    assert await inbox.lease_or_pause(5, longest=hour, highest_lane=0) == ([], hour)
    (small,) = await put(store, lane=0)
    jobs, _ = await inbox.lease_or_pause(5, longest=hour, highest_lane=0)
    assert [(job.event_id, job.lane) for job in jobs] == [(small.event_id, 0)]
    assert [(job.event_id, job.lane) for job in await inbox.lease(5)] == [(large.event_id, 1)]


async def test_the_oldest_of_the_lowest_lane_comes_first(store: Database) -> None:
    later = datetime(2026, 1, 2, tzinfo=UTC)
    (slow,) = await put(store, lane=1, available_at=later - timedelta(days=1))
    (second,) = await put(store, lane=0, available_at=later)
    (first,) = await put(store, lane=0, available_at=later - timedelta(hours=1))
    inbox = inbox_of(store, "a")
    assert [job.event_id for job in await inbox.lease(2)] == [first.event_id, second.event_id]
    assert [job.event_id for job in await inbox.lease(2)] == [slow.event_id]


async def test_an_empty_inbox_rests_for_as_long_as_it_may(store: Database) -> None:
    assert await inbox_of(store, "a").lease_or_pause(1, longest=timedelta(minutes=7)) == ([], timedelta(minutes=7))


async def test_a_catch_is_no_reason_to_rest(store: Database) -> None:
    await put(store)
    jobs, pause = await inbox_of(store, "a").lease_or_pause(5, longest=timedelta(minutes=7))
    assert (len(jobs), pause) == (1, NOW)


async def test_the_rest_ends_when_a_row_is_due_or_loses_its_holder(store: Database) -> None:
    held_by = inbox_of(store, "a", lease_for=timedelta(minutes=3))
    await put(store)
    (job,) = await held_by.lease()
    longest = timedelta(hours=1)
    assert timedelta(minutes=1) < (await held_by.lease_or_pause(1, longest=longest))[1] <= timedelta(minutes=3)
    await held_by.release(job, delay=timedelta(minutes=20), reason=None)
    assert timedelta(minutes=18) < (await held_by.lease_or_pause(1, longest=longest))[1] <= timedelta(minutes=20)


async def test_a_row_that_is_done_ends_no_rest(store: Database) -> None:
    await put(store)
    inbox = inbox_of(store, "a")
    (job,) = await inbox.lease()
    await inbox.finish(job)
    assert await inbox.lease_or_pause(1, longest=timedelta(hours=1)) == ([], timedelta(hours=1))


async def test_what_is_due_in_another_s_hand_is_looked_at_soon(store: Database) -> None:
    (event,) = await put(store)
    async with store.transaction() as connection:
        locking = select(TABLE.c.event_id).where(TABLE.c.event_id == event.event_id).with_for_update()
        await connection.execute(locking)
        assert await inbox_of(store, "a").lease_or_pause(1, longest=timedelta(hours=1)) == ([], SHORTEST)


async def test_a_lease_that_ran_out_is_taken_over_and_the_old_holder_loses_it(store: Database) -> None:
    await put(store)
    old, new = inbox_of(store, "old"), inbox_of(store, "new")
    (lost,) = await old.lease()
    assert await new.lease() == []
    await expire_leases(store)
    (taken,) = await new.lease()
    assert (taken.tries, taken.deaths) == (2, 1)
    await _has_lost(old, lost)
    await new.heartbeat(taken)
    await new.finish(taken)


async def test_a_holder_that_took_its_own_row_anew_has_lost_the_first_lease(store: Database) -> None:
    await put(store)
    inbox = inbox_of(store, "the same name")
    (first,) = await inbox.lease()
    await expire_leases(store)
    (second,) = await inbox.lease()
    await _has_lost(inbox, first)
    await inbox.finish(second)


async def test_a_heartbeat_holds_the_row(store: Database) -> None:
    (event,) = await put(store)
    inbox = inbox_of(store, "a")
    (job,) = await inbox.lease()
    await expire_leases(store)
    await inbox.heartbeat(job)
    assert await inbox_of(store, "b").lease() == []
    row = await row_of(store, event)
    assert row["lease_owner"] == "a"


async def test_own_columns_are_written_and_come_with_the_next_lease(store: Database) -> None:
    await put(store)
    inbox = inbox_of(store, "a")
    (job,) = await inbox.lease()
    await inbox.update(job, outcome={"type": "x"})
    await inbox.release(job, delay=NOW, reason="order")
    (again,) = await inbox.lease()
    assert again.columns["outcome"] == {"type": "x"}
    assert (again.wait_reason, again.tries, again.deaths) == ("order", 2, 0)


async def test_a_released_row_waits_and_can_be_hurried(store: Database) -> None:
    (event,) = await put(store)
    inbox = inbox_of(store, "a")
    (job,) = await inbox.lease()
    await inbox.release(job, delay=timedelta(hours=1), reason="slot")
    assert await inbox.lease() == []
    async with store.transaction() as connection:
        await inbox.hurry(connection, event.task_id, "another")
    (again,) = await inbox.lease()
    assert again.event_id == event.event_id


async def test_hurry_leaves_held_and_finished_rows_alone(store: Database) -> None:
    (event,) = await put(store)
    inbox = inbox_of(store, "a")
    (job,) = await inbox.lease()
    before = await row_of(store, event)
    async with store.transaction() as connection:
        await inbox.hurry(connection, event.task_id)
    assert await row_of(store, event) == before
    await inbox.finish(job)
    async with store.transaction() as connection:
        await inbox.hurry(connection, event.task_id)
    assert await inbox.lease() == []


async def test_deaths_are_counted_and_words_are_not(store: Database) -> None:
    await put(store)
    inbox = inbox_of(store, "a")
    (first,) = await inbox.lease()
    await inbox.release(first, delay=NOW, reason=None)
    (second,) = await inbox_of(store, "one that is killed").lease()
    await expire_leases(store)
    (third,) = await inbox.lease()
    await inbox.release(third, delay=NOW, reason="retry", died=True)
    (fourth,) = await inbox.lease()
    assert [job.deaths for job in (first, second, third, fourth)] == [0, 0, 1, 2]
    assert [job.tries for job in (first, second, third, fourth)] == [1, 2, 3, 4]


async def test_a_holder_that_comes_back_to_its_own_row_has_not_died(store: Database) -> None:
    await put(store)
    inbox = inbox_of(store, "a")
    await inbox.lease()
    await expire_leases(store)
    (again,) = await inbox.lease()
    assert (again.tries, again.deaths) == (2, 0)


def test_every_start_of_a_process_has_a_name_of_its_own() -> None:
    first, second = owner_name(), owner_name()
    assert first != second
    assert first.rpartition(":")[0] == second.rpartition(":")[0]


async def test_a_finished_row_is_over(store: Database) -> None:
    (event,) = await put(store)
    inbox = inbox_of(store, "a")
    (job,) = await inbox.lease()
    await inbox.finish(job)
    await make_available(store)
    assert await inbox.lease() == []
    await _has_lost(inbox, job)
    row = await row_of(store, event)
    assert (row["lease_owner"], row["lease_until"], row["wait_reason"]) == (None, None, None)
    async with store.transaction() as connection:
        assert not await inbox.put(connection, received(event))


async def _has_lost(inbox: Inbox, job: Job) -> None:
    with pytest.raises(LeaseLostError):
        await inbox.heartbeat(job)
    with pytest.raises(LeaseLostError):
        await inbox.update(job, outcome={})
    with pytest.raises(LeaseLostError):
        await inbox.release(job, delay=NOW, reason=None)
    with pytest.raises(LeaseLostError):
        await inbox.finish(job)
