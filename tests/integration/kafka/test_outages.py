"""A dependency goes away and comes back: nothing is lost, nothing committed early, nothing hammered.

`OUTAGE_SECONDS` says for how long PostgreSQL is away; 5 s unless the environment asks for more.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import delete, select

from shared.db.engine import Database, DatabaseSettings
from shared.db.models import ValidationJob
from shared.errors import TransientError
from shared.inbox import Inbox
from shared.kafka.consumer import Consumer
from shared.kafka.envelope import Received
from shared.kafka.producer import EventProducer
from shared.kafka.settings import KafkaSettings
from tests.integration.kafka.proxy import Proxy, proxy_to
from tests.integration.kafka.rig import Rig, Seen, an_update, committed_offsets, make_consumer, rig_on, until

OUTAGE_SECONDS = float(os.environ.get("OUTAGE_SECONDS", "5"))
LONGEST_PAUSE_SECONDS = 4.0  # five seconds, less the jitter
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Store:
    """An inbox behind a proxy, and a way to look at it that goes round the proxy."""

    proxy: Proxy
    database: Database
    direct: Database
    inbox: Inbox

    async def put(self, received: Received) -> None:
        async with self.database.transaction() as connection:
            await self.inbox.put(connection, received)

    async def task_ids(self) -> set[str]:
        async with self.direct.transaction() as connection:
            return set((await connection.execute(select(ValidationJob.task_id))).scalars())


@pytest_asyncio.fixture
async def store(database_settings: DatabaseSettings, database: Database) -> AsyncIterator[Store]:
    async with proxy_to(database_settings.host, database_settings.port) as proxy:
        through = Database(database_settings.model_copy(update={"host": "127.0.0.1", "port": proxy.port}))
        inbox = Inbox(through, ValidationJob, owner="test", lease_for=timedelta(seconds=30))
        yield Store(proxy, through, database, inbox)
        await through.close()
        async with database.transaction() as connection:
            await connection.execute(delete(ValidationJob))


@pytest.mark.parametrize("way", ["refused", "silent"])
async def test_postgresql_away(rig: Rig, store: Store, way: str) -> None:
    rig.before = store.put
    early, late = [an_update() for _ in range(5)], [an_update() for _ in range(10)]
    for event in early:
        await rig.publish(event)
    await rig.handled.until(lambda one: one.event == early[-1])
    await _until_committed(rig, 5)

    await (store.proxy.cut() if way == "refused" else _silence(store.proxy))
    tried_before = len(rig.tried.items)
    for event in late:
        await rig.publish(event)
    deadline = time.monotonic() + OUTAGE_SECONDS
    while time.monotonic() < deadline:
        assert (await rig.committed())["task.updated", 0] == 5
        await asyncio.sleep(0.25)
    tries = len(rig.tried.items) - tried_before
    assert await store.task_ids() == {event.task_id for event in early}

    await store.proxy.heal()
    back = time.monotonic()
    await rig.handled.until(lambda one: one.event == late[-1], seconds=60)
    log.info("%s for %.0f s: %d tries, all handled %.2f s later", way, OUTAGE_SECONDS, tries, time.monotonic() - back)
    # 0.2, 0.4, 0.8, 1.6 and 3.2 s, then 5 s each
    assert 1 <= tries <= 6 + OUTAGE_SECONDS / LONGEST_PAUSE_SECONDS
    assert await store.task_ids() == {event.task_id for event in early + late}
    assert [one.event for one in rig.handled.items] == early + late
    assert not rig.letters.items
    await _until_committed(rig, 15)


async def test_a_stop_while_waiting_leaves_the_record_to_the_next(topics: KafkaSettings) -> None:
    producer = EventProducer(topics, source="projector")
    waiting: Seen[Received] = Seen()

    async def away(received: Received) -> None:
        await waiting.add(received)
        msg = "PostgreSQL is away"
        raise TransientError(msg)

    stubborn = make_consumer(topics, away, producer)
    await stubborn.start()
    event = an_update()
    await producer.emit(event)
    await waiting.until(lambda one: one.event == event, count=2)
    async with asyncio.timeout(5):  # far less than the drain: it does not finish, it lets go
        await stubborn.stop()
    assert await committed_offsets(topics) == {}
    await producer.stop()
    async with rig_on(topics) as next_one:
        await next_one.handled.until(lambda one: one.event == event)


async def test_a_stop_lets_the_record_in_hand_finish(topics: KafkaSettings) -> None:
    producer = EventProducer(topics, source="projector")
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_: Received) -> None:
        begun.set()
        await go_on.wait()

    consumer = make_consumer(topics, slow, producer)
    await consumer.start()
    await producer.emit(an_update())
    await begun.wait()
    stopping = asyncio.create_task(consumer.stop())
    await until(consumer._stopping.is_set)
    go_on.set()
    await stopping
    await producer.stop()
    assert (await committed_offsets(topics))["task.updated", 0] == 1


async def test_a_consumer_waits_for_kafka_and_joins(topics: KafkaSettings) -> None:
    host, port = topics.bootstrap_servers.split(":")
    handled: Seen[Received] = Seen()
    async with proxy_to(host, int(port), up=False) as proxy:
        far = topics.model_copy(update={"bootstrap_servers": f"127.0.0.1:{proxy.port}"})
        producer = EventProducer(topics, source="projector")
        consumer = make_consumer(far, handled.add, producer)
        joining = asyncio.create_task(consumer.start())
        await until(lambda: _waits(consumer))
        assert not joining.done()
        await proxy.heal()
        await joining
        event = an_update()
        await producer.emit(event)
        await handled.until(lambda one: one.event == event)
        assert consumer.progress.report()["waiting_for"] is None
        await consumer.stop()
        await producer.stop()


async def test_a_consumer_that_waits_for_kafka_can_be_stopped(topics: KafkaSettings) -> None:
    nowhere = topics.model_copy(update={"bootstrap_servers": "127.0.0.1:1"})
    producer = EventProducer(nowhere, source="projector")
    consumer = make_consumer(nowhere, _never, producer)
    joining = asyncio.create_task(consumer.start())
    await until(lambda: _waits(consumer))
    await consumer.stop()
    async with asyncio.timeout(5):
        await joining


async def test_dead_letters_wait_for_kafka_and_a_stop_ends_the_wait(topics: KafkaSettings) -> None:
    nowhere = EventProducer(topics.model_copy(update={"bootstrap_servers": "127.0.0.1:1"}), source="projector")
    near = EventProducer(topics, source="projector")
    consumer = make_consumer(topics, _never, nowhere)
    await consumer.start()
    await near.send(topics.topic_prefix + "task.updated", key=None, value=b"not JSON", headers=[])
    await until(lambda: _waits(consumer))
    assert await committed_offsets(topics) == {}
    async with asyncio.timeout(5):
        await consumer.stop()
    await nowhere.stop()
    await near.stop()
    async with rig_on(topics) as next_one:
        await next_one.letters.until(lambda one: one.value == b"not JSON")


async def _never(_: Received) -> None:
    pytest.fail("nothing can be read")


async def _silence(proxy: Proxy) -> None:
    proxy.silence()


def _waits(consumer: Consumer) -> bool:
    return consumer.progress.report()["waiting_for"] is not None


async def _until_committed(rig: Rig, offset: int) -> None:
    async def there() -> bool:
        return (await rig.committed()).get(("task.updated", 0)) == offset

    await until(there)
