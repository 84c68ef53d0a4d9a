"""Lists and streams over two gateways on one PostgreSQL, while the projector writes."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.projector import store
from services.projector.handlers import Handlers
from services.projector.projection import project
from shared import ids
from shared.db.engine import Database, DatabaseSettings
from shared.events import TaskEvent, TaskStatus
from shared.kafka.envelope import Received
from tests.integration.gateway.conftest import Process, Start
from tests.integration.gateway.listening import PATIENCE, Listener, listening, moving
from tests.unit.projector.histories import START, at, loaded, updated, uploaded

EVENTS = "/api/ingest/events"


@pytest.fixture
def gateways(start: Start) -> tuple[Process, Process]:
    return start(), start()


@pytest.fixture
def handlers(database: Database) -> Handlers:
    return Handlers(database)


def of(datasource: str) -> str:
    return f"{EVENTS}?datasource={datasource}"


def addresses(gateways: Sequence[Process]) -> list[httpx.URL]:
    return [gateway.client.base_url for gateway in gateways]


async def tell(handlers: Handlers, *events: TaskEvent) -> None:
    for event in events:
        await handlers.on_event(Received(event, event.event_id, None))


def load_into(datasource: str) -> list[TaskEvent]:
    begin, *others = loaded(ids.fresh_task_id())
    return [begin.model_copy(update={"datasource_name": datasource}), *others]


class Projecting:
    """A projector's transaction, step by step."""

    def __init__(self, connection: AsyncConnection, event: TaskEvent) -> None:
        self._connection = connection
        self._event = event

    async def remember(self) -> None:
        task_id = self._event.task_id
        await store.take_turn(self._connection, task_id)
        assert await store.remember(self._connection, self._event)
        events = await store.remembered(self._connection, task_id)
        await store.show(self._connection, project(task_id, events))

    async def feed(self) -> None:
        await store.feed(self._connection, self._event.task_id)


async def waits_for_its_turn(database: Database) -> bool:
    """Whether any transaction of this database waits for an advisory lock."""
    asking = text(
        "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database "
        "WHERE locktype = 'advisory' AND NOT granted AND datname = current_database())"
    )
    async with database.transaction() as connection:
        found: bool = (await connection.execute(asking)).scalar_one()
    return found


@asynccontextmanager
async def projecting(database: Database, event: TaskEvent) -> AsyncIterator[Projecting]:
    """A transaction that commits with the end of the block."""
    async with database.transaction() as connection:
        yield Projecting(connection, event)


# ------------------------------------------------------------------------------------------ commits out of order


async def test_of_two_transactions_the_later_begun_may_commit_first(
    gateways: tuple[Process, Process], database: Database, handlers: Handlers
) -> None:
    datasource = secrets.token_hex(4)
    early, late = (uploaded(ids.fresh_task_id(), datasource_name=datasource) for _ in range(2))
    here, there = addresses(gateways)
    async with listening(here, of(datasource)) as one, listening(there, of(datasource)) as other:
        async with projecting(database, early) as first:
            await first.remember()
            await tell(handlers, late)
            await asyncio.gather(one.has(1), other.has(1))
            await first.feed()
        await asyncio.gather(one.has(2), other.has(2))
        expected = [str(late.event_id), str(early.event_id)]
        assert one.event_ids == other.event_ids == expected
        assert one.heard == other.heard
    again = Listener()
    await again.read(there, f"{of(datasource)}&cursor={one.heard[0]['id']}", until=1)
    assert again.event_ids == expected[1:]


async def test_a_position_that_is_given_holds_up_all_later_ones_until_it_can_be_seen(
    gateways: tuple[Process, Process], database: Database, handlers: Handlers
) -> None:
    datasource = secrets.token_hex(4)
    slow, quick = (uploaded(ids.fresh_task_id(), datasource_name=datasource) for _ in range(2))
    here, there = addresses(gateways)
    async with listening(here, of(datasource)) as one, listening(there, of(datasource)) as other:
        async with projecting(database, slow) as first:
            await first.remember()
            await first.feed()
            telling = asyncio.create_task(tell(handlers, quick))
            async with asyncio.timeout(PATIENCE):
                while not await waits_for_its_turn(database):
                    assert not telling.done(), "it has taken a later position and can be seen already"
            assert one.heard == other.heard == []
        await telling
        await asyncio.gather(one.has(2), other.has(2))
        assert one.event_ids == other.event_ids == [str(slow.event_id), str(quick.event_id)]


async def test_whoever_moves_between_gateways_hears_everything_once(
    gateways: tuple[Process, Process], handlers: Handlers
) -> None:
    datasource = secrets.token_hex(4)
    loads = [load_into(datasource) for _ in range(24)]
    total = sum(map(len, loads))

    async def project_all(some: Sequence[Sequence[TaskEvent]]) -> None:
        for events in some:
            await tell(handlers, *events)

    path = f"{of(datasource)}&cursor=0"
    listeners = [
        asyncio.create_task(moving(addresses(gateways)[::direction], path, total, steps))
        for direction, steps in ((1, (1, 7, 30)), (-1, (13,)), (1, (total,)))
    ]
    async with asyncio.timeout(4 * PATIENCE):
        await asyncio.gather(*(project_all(loads[number::4]) for number in range(4)))
        heard = await asyncio.gather(*listeners)
    expected = {str(event.event_id) for events in loads for event in events}
    for listener in heard:
        assert len(listener.event_ids) == len(expected)
        assert set(listener.event_ids) == expected
        assert listener.event_ids == heard[0].event_ids


async def test_the_stream_of_a_task_is_resumed_elsewhere_and_ends(
    gateways: tuple[Process, Process], handlers: Handlers
) -> None:
    task_id = ids.fresh_task_id()
    *events, end = loaded(task_id)
    here, there = addresses(gateways)
    path = f"/api/ingest/tasks/{task_id}/events"
    await tell(handlers, *events[:4])
    listener = Listener()
    await listener.read(here, path, until=3)
    reading = asyncio.create_task(listener.read(there, path))
    await listener.has(4)
    await tell(handlers, *events[4:], end)
    async with asyncio.timeout(PATIENCE):
        await reading
    assert listener.ended.is_set()
    assert listener.event_ids == [str(event.event_id) for event in (*events, end)]
    answer = gateways[0].client.get(path, headers={"Accept": "text/event-stream", "Last-Event-ID": str(listener.last)})
    assert answer.status_code == 204


# ------------------------------------------------------------------------------------------- pages and waiting


async def test_pages_are_stable_while_tasks_arrive(gateways: tuple[Process, Process], handlers: Handlers) -> None:
    datasource = secrets.token_hex(4)

    def arriving(number: int) -> TaskEvent:
        # Some were accepted before others that are listed already: their announcement was read late.
        when = START + timedelta(seconds=number * 37 % 101)
        return uploaded(ids.fresh_task_id(), datasource_name=datasource, accepted_at=when)

    before = [arriving(number) for number in range(40)]
    await tell(handlers, *before)
    where: str | None = f"/api/ingest/tasks?datasource={datasource}&limit=7"
    seen: list[str] = []
    moments: list[str] = []
    turn = 0
    while where:
        page: dict[str, Any] = gateways[turn % 2].client.get(where).json()
        seen += [task["task_id"] for task in page["tasks"]]
        moments += [task["created_at"] for task in page["tasks"]]
        where, turn = page["next"], turn + 1
        await tell(handlers, *(arriving(100 * turn + number) for number in range(5)))
    assert {event.task_id for event in before} <= set(seen)
    assert len(seen) == len(set(seen))
    assert moments == sorted(moments, reverse=True)
    assert turn > 5


async def test_many_who_wait_hold_no_connection(start: Start, handlers: Handlers) -> None:
    gateway = start(DB_POOL_CONNECTIONS="1")
    task_id = ids.fresh_task_id()
    await tell(handlers, uploaded(task_id))
    path = f"/api/ingest/tasks/{task_id}"
    etag = gateway.client.get(path).headers["etag"]
    headers = {"Prefer": "wait=30", "If-None-Match": etag}
    async with httpx.AsyncClient(base_url=gateway.client.base_url, timeout=60, trust_env=False) as client:
        waiting = [asyncio.create_task(client.get(path, headers=headers)) for _ in range(40)]
        await asyncio.wait(waiting, timeout=1)
        assert not any(one.done() for one in waiting)
        begun = time.monotonic()
        assert (await client.get(path, headers={"If-None-Match": etag})).status_code == 304
        assert time.monotonic() - begun < 2
        await tell(handlers, updated(TaskStatus.VALIDATING, 1, task_id))
        answers = await asyncio.gather(*waiting)
    assert time.monotonic() - begun < 10
    assert {(one.status_code, one.json()["status"]) for one in answers} == {(200, "VALIDATING")}


# -------------------------------------------------------------------------------------------------------- ends


async def test_a_gateway_that_stops_lets_its_listeners_go(
    gateways: tuple[Process, Process], handlers: Handlers
) -> None:
    task_id = ids.fresh_task_id()
    await tell(handlers, uploaded(task_id))
    stopping, other = gateways
    path = f"/api/ingest/tasks/{task_id}/events"
    listener = Listener()
    reading = asyncio.create_task(listener.read(stopping.client.base_url, path))
    await listener.has(1)
    begun = time.monotonic()
    assert await asyncio.to_thread(stopping.stop) == 0
    await reading
    assert time.monotonic() - begun < 10
    assert not listener.ended.is_set()
    await tell(handlers, updated(TaskStatus.COMPLETED, 60, task_id))
    await listener.read(other.client.base_url, path)
    assert listener.ended.is_set()
    assert len(listener.heard) == 2
    assert "Traceback" not in stopping.log.read_text()


async def test_a_connection_that_is_cut_listens_again(database_settings: DatabaseSettings, database: Database) -> None:
    channel = f"channel_{secrets.token_hex(4)}"
    opened = Database(database_settings)
    heard, stop = asyncio.Event(), asyncio.Event()
    listening_on = asyncio.create_task(opened.listen(channel, heard.set, stop))

    async def is_heard(statement: str) -> None:
        heard.clear()
        async with database.transaction() as connection:
            await connection.execute(text(statement))
        await heard.wait()

    cut = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'ingest-listen' AND datname = current_database()"
    )
    async with asyncio.timeout(PATIENCE):
        await heard.wait()
        await is_heard(f"NOTIFY {channel}")
        await is_heard(cut)  # what may have been missed meanwhile is looked for
        await is_heard(f"NOTIFY {channel}")
        stop.set()
        await listening_on
    await opened.close()


async def test_what_was_fed_before_the_upgrade_is_there(database: Database, handlers: Handlers) -> None:
    """A projector of the release before writes no feed: its events come with the next one of their task."""
    task_id = ids.fresh_task_id()
    await tell(handlers, uploaded(task_id), updated(TaskStatus.VALIDATING, 1, task_id))
    async with database.transaction() as connection:
        await connection.execute(text("DELETE FROM event_feed WHERE task_id = :task_id"), {"task_id": task_id})
    await tell(handlers, updated(TaskStatus.REJECTED, 2, task_id))
    async with database.transaction() as connection:
        asking = text(
            "SELECT occurred_at FROM event_feed JOIN task_history USING (event_id) "
            "WHERE event_feed.task_id = :task_id ORDER BY position"
        )
        moments = list((await connection.execute(asking, {"task_id": task_id})).scalars())
    assert moments == [at(0), at(1), at(2)]
