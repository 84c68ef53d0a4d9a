"""One reader for all who listen: each gets every event that it wants once, and who is too slow has to come again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.gateway import hub as hub_module
from services.gateway.hub import Hub, Subscription
from shared import ids
from shared.backoff import Backoff
from shared.db.engine import DatabaseAwayError
from shared.events import TaskStatus
from tests.unit.gateway.feed_suite import events_of, load_of, tell
from tests.unit.gateway.read_doubles import InMemoryFeedRows
from tests.unit.gateway.test_read_doubles import ToldInMemory
from tests.unit.projector.histories import loaded, updated, uploaded

PATIENCE = timedelta(seconds=10)
SOON = timedelta(seconds=0.02)


@pytest.fixture
def feed() -> ToldInMemory:
    return ToldInMemory()


@pytest.fixture
async def hub(feed: ToldInMemory) -> AsyncIterator[Hub]:
    made = Hub(feed.rows, look_every=timedelta(seconds=60), backoff=Backoff(first=timedelta(milliseconds=5)))
    yield made
    await made.close()


async def taken(subscription: Subscription, number: int) -> list[object]:
    found: list[object] = []
    while len(found) < number:
        events = await subscription.take(PATIENCE)
        assert events, "nothing has come"
        found += events_of(events)
    return found


async def test_all_get_what_is_new_and_only_theirs(feed: ToldInMemory, hub: Hub) -> None:
    await tell(feed, loaded(ids.fresh_task_id()))
    one, other = load_of("default"), load_of("default")
    async with hub.subscribed() as everything, hub.subscribed(one[0].task_id) as first:
        await tell(feed, one)
        await tell(feed, other)
        assert await taken(first, len(one)) == [event.event_id for event in one]
        assert await taken(everything, 2 * len(one)) == [event.event_id for event in (*one, *other)]
        assert await first.take(SOON) == []


async def test_a_thousand_listeners_are_one_reader(feed: ToldInMemory, hub: Hub) -> None:
    events = load_of("default")
    subscribed = [hub.subscribed() for _ in range(1000)]
    listeners = [await one.__aenter__() for one in subscribed]
    feed.rows.asked = 0
    await tell(feed, events)
    for listener in listeners:
        assert len(await taken(listener, len(events))) == len(events)
    assert feed.rows.asked <= 3 * len(events)
    for one in subscribed:
        await one.__aexit__(None, None, None)


async def test_nobody_is_asked_while_nobody_listens(feed: ToldInMemory, hub: Hub) -> None:
    async with hub.subscribed():
        await feed.tell(uploaded(ids.fresh_task_id()))
    await asyncio.sleep(SOON.total_seconds())
    feed.rows.asked = 0
    await tell(feed, load_of("default"))
    await asyncio.sleep(SOON.total_seconds())
    assert feed.rows.asked == 0
    task_id = ids.fresh_task_id()
    async with hub.subscribed() as again:
        await feed.tell(uploaded(task_id))
        assert await taken(again, 1) == [uploaded(task_id).event_id]


async def test_whoever_is_too_slow_has_to_come_again(
    feed: ToldInMemory, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "MOST_WAITING", 3)
    events = load_of("default")
    async with hub.subscribed() as slow, hub.subscribed() as quick:
        seen: list[object] = []
        for event in events:
            await feed.tell(event)
            seen += await taken(quick, 1)
        assert seen == [event.event_id for event in events]
        assert (slow.over, await slow.take(PATIENCE)) == (True, [])
        assert not quick.over


async def test_a_database_that_is_away_for_a_while_costs_no_event(feed: ToldInMemory, hub: Hub) -> None:
    task_id = ids.fresh_task_id()
    async with hub.subscribed() as subscription:
        await feed.tell(uploaded(task_id))
        await taken(subscription, 1)
        feed.rows.away = 2
        moved = updated(TaskStatus.VALIDATING, 1, task_id)
        await feed.tell(moved)
        assert await taken(subscription, 1) == [moved.event_id]
        assert feed.rows.away == 0


async def test_a_database_that_is_away_at_the_start_is_said(feed: ToldInMemory, hub: Hub) -> None:
    feed.rows.away = 1
    with pytest.raises(DatabaseAwayError):
        async with hub.subscribed():
            pytest.fail("nobody knows where the feed stands")
    async with hub.subscribed() as subscription:
        task_id = ids.fresh_task_id()
        await feed.tell(uploaded(task_id))
        assert await taken(subscription, 1) == [uploaded(task_id).event_id]


async def test_a_silence_is_not_believed_for_long(feed: ToldInMemory) -> None:
    class Deaf(InMemoryFeedRows):
        async def listen(self, _heard: object, stop: asyncio.Event) -> None:
            await stop.wait()

    rows = Deaf()
    hub = Hub(rows, look_every=timedelta(seconds=0.01))
    async with hub.subscribed() as subscription:
        await rows.tell(uploaded(ids.fresh_task_id()))
        assert len(await taken(subscription, 1)) == 1
    await hub.close()
    assert feed.rows.asked == 0


async def test_the_end_of_the_process_ends_all(hub: Hub) -> None:
    async with hub.subscribed() as subscription:
        waiting = asyncio.create_task(subscription.take(PATIENCE))
        await asyncio.sleep(0)
        hub.leave()
        assert await waiting == []
        assert subscription.over
    async with hub.subscribed() as late:
        assert late.over
