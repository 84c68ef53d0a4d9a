from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

from shared import failpoint, outbox
from shared.db.engine import Database, DatabaseSettings
from shared.db.models import OutboxRow
from shared.events import TaskUpdated
from shared.kafka.envelope import OutgoingRecord, encode
from shared.kafka.producer import EventProducer, PublishFailedError
from shared.kafka.settings import KafkaSettings
from shared.kafka.topics import topic_name
from shared.outbox import BATCH_ROWS, Relay, promise
from tests.integration.kafka.proxy import proxy_to
from tests.integration.kafka.rig import Record, Seen, an_update, reading, until

ROOT = Path(__file__).parents[3]


class Notebook(EventProducer):
    """A producer that writes records down, slowly enough for another to come in between."""

    def __init__(self, *, fail_at: int | None = None) -> None:
        super().__init__(KafkaSettings.model_construct(), source="test")
        self.written: Seen[UUID] = Seen()
        self._fail_at = fail_at

    async def publish(self, record: OutgoingRecord) -> None:
        await asyncio.sleep(0.001)
        if len(self.written.items) == self._fail_at:
            self._fail_at = None
            msg = "the outcome is unknown"
            raise PublishFailedError(msg)
        await self.written.add(record.event_id)


@asynccontextmanager
async def relaying(*relays: Relay) -> AsyncIterator[None]:
    stop = asyncio.Event()
    tasks = [asyncio.create_task(relay.run(stop)) for relay in relays]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def promised(store: Database, count: int) -> list[TaskUpdated]:
    made = [an_update() for _ in range(count)]
    for event in made:
        async with store.transaction() as connection:
            await promise(connection, encode(event, source="gateway"))
    return made


async def test_a_promise_given_twice_is_one_row(store: Database) -> None:
    (event,) = await promised(store, 1)
    async with store.transaction() as connection:
        await promise(connection, encode(event, source="gateway"))
    assert await _left(store) == 1


async def test_a_promise_belongs_to_the_callers_transaction(store: Database) -> None:
    with pytest.raises(RuntimeError):  # noqa: PT012  # the error must cross the transaction's end
        async with store.transaction() as connection:
            await promise(connection, encode(an_update(), source="gateway"))
            raise RuntimeError
    assert await _left(store) == 0


async def test_promises_are_kept_in_order_and_whole(store: Database, topics: KafkaSettings) -> None:
    producer = EventProducer(topics, source="gateway")
    made = await promised(store, 2 * BATCH_ROWS + 5)
    async with reading(topics, topic_name(topics, "task.updated")) as seen, relaying(Relay(store, producer)):
        records = await seen.until(lambda _: True, count=len(made))
        await until(lambda: _is_empty(store))
    await producer.stop()
    assert [_id_of(record) for record in records] == [str(event.event_id) for event in made]
    first = encode(made[0], source="gateway")
    assert records[0].value == first.body
    assert records[0].key == first.key.encode()
    assert dict(records[0].headers) == {name: value.encode() for name, value in first.headers.items()}


async def test_a_wake_spares_the_wait(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "IDLE", timedelta(hours=1))
    notebook = Notebook()
    relay = Relay(store, notebook)
    async with relaying(relay):
        for count in range(1, 4):
            await promised(store, 1)
            relay.wake()
            await notebook.written.until(lambda _: True, count=count)


async def test_after_a_lost_publication_the_rest_comes_in_order(store: Database) -> None:
    notebook = Notebook(fail_at=3)
    ids = [event.event_id for event in await promised(store, 6)]
    async with relaying(Relay(store, notebook)):
        await until(lambda: _is_empty(store))
    assert notebook.written.items == ids[:3] + ids


async def test_two_relays_never_send_a_row_side_by_side(store: Database) -> None:
    notebook = Notebook()
    made = await promised(store, 4 * BATCH_ROWS)
    async with relaying(*(Relay(store, notebook) for _ in range(2))):
        await until(lambda: _is_empty(store))
    assert Counter(notebook.written.items) == Counter(event.event_id for event in made)


async def test_kafka_away_keeps_the_promises(store: Database, topics: KafkaSettings) -> None:
    host, port = topics.bootstrap_servers.split(":")
    async with proxy_to(host, int(port), up=False) as proxy:
        producer = EventProducer(
            topics.model_copy(update={"bootstrap_servers": f"127.0.0.1:{proxy.port}"}), source="gateway"
        )
        relay = Relay(store, producer)
        made = await promised(store, 3)
        async with reading(topics, topic_name(topics, "task.updated")) as seen, relaying(relay):
            await until(lambda: relay.progress.report()["waiting_for"] is not None)
            assert await _left(store) == 3
            await proxy.heal()
            records = await seen.until(lambda _: True, count=3)
            await until(lambda: _is_empty(store))
        await producer.stop()
    assert [_id_of(record) for record in records] == [str(event.event_id) for event in made]


async def test_a_relay_killed_between_send_and_mark_sends_the_event_twice_under_one_id(
    store: Database, topics: KafkaSettings, database_settings: DatabaseSettings
) -> None:
    made = await promised(store, 2)
    async with reading(topics, topic_name(topics, "task.updated")) as seen:
        killed = await asyncio.to_thread(_relay_until_killed, topics, database_settings)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert await _left(store) == 2
        producer = EventProducer(topics, source="gateway")
        async with relaying(Relay(store, producer)):
            records = await seen.until(lambda _: True, count=4)
            await until(lambda: _is_empty(store))
        await producer.stop()
    assert [_id_of(record) for record in records] == [str(event.event_id) for event in made] * 2
    assert records[0].value == records[2].value


def _relay_until_killed(topics: KafkaSettings, database: DatabaseSettings) -> subprocess.CompletedProcess[str]:
    given = {
        "kafka": {"bootstrap_servers": topics.bootstrap_servers, "topic_prefix": topics.topic_prefix},
        "database": {
            **database.model_dump(mode="json", include={"host", "port", "user", "name"}),
            "password": database.password.get_secret_value(),
        },
    }
    return subprocess.run(
        [sys.executable, "-m", "tests.integration.inbox.relay_once"],
        input=json.dumps(given),
        cwd=ROOT,
        env={**os.environ, failpoint.VARIABLE: "R1"},
        timeout=60,
        check=False,
        capture_output=True,
        text=True,
    )


def _id_of(record: Record) -> str:
    return (dict(record.headers)["ce_id"] or b"").decode()


async def _left(store: Database) -> int:
    async with store.transaction() as connection:
        return int((await connection.execute(select(func.count()).select_from(OutboxRow))).scalar_one())


async def _is_empty(store: Database) -> bool:
    return await _left(store) == 0
