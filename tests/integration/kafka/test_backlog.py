"""A consumer knows whether its group has seen what was there when it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from shared.events import FileUploaded
from shared.kafka.backlog import BacklogUnknownError
from shared.kafka.envelope import Received
from shared.kafka.producer import EventProducer
from shared.kafka.settings import KafkaSettings
from shared.kafka.topics import topic_name
from tests.integration.kafka.rig import Rig, an_update, make_consumer, until

SHORT, LONG = timedelta(milliseconds=300), timedelta(seconds=10)
TOPIC = "task.updated"
UPLOADS = "file.uploaded"


async def test_it_is_not_caught_up_while_a_record_is_in_hand(rig: Rig) -> None:
    event, gate = an_update(), asyncio.Event()

    async def wait(_: Received) -> None:
        await gate.wait()

    rig.before = wait
    await rig.publish(event)
    await rig.tried.until(lambda one: one.event == event)
    assert not await rig.consumer.caught_up(TOPIC, patience=SHORT)
    assert await rig.consumer.caught_up("file.uploaded", patience=SHORT), "an empty topic holds nothing to wait for"
    gate.set()
    assert await rig.consumer.caught_up(TOPIC, patience=LONG)
    assert [one.event for one in rig.handled.items] == [event]


async def test_it_cannot_say_before_it_has_joined(topics: KafkaSettings) -> None:
    async def handle(_: Received) -> None:
        return

    consumer = make_consumer(topics, handle, EventProducer(topics, source="test"))
    with pytest.raises(BacklogUnknownError):
        await consumer.caught_up(TOPIC, patience=SHORT)


@asynccontextmanager
async def transacting(settings: KafkaSettings) -> AsyncIterator[AIOKafkaProducer]:
    """An upstream system that publishes in transactions."""
    name = f"{settings.topic_prefix}upstream"
    producer = AIOKafkaProducer(bootstrap_servers=settings.bootstrap_servers, transactional_id=name)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def announce(producer: AIOKafkaProducer, settings: KafkaSettings, name: str, *, aborted: bool = False) -> None:
    """Publish one upload in a transaction of its own; returns when its mark stands behind it."""
    begun = await end_of_uploads(settings)
    await producer.begin_transaction()
    body = {"file_uri": f"s3://lake/{name}.csv", "datasource_name": "sales"}
    await producer.send_and_wait(topic_name(settings, UPLOADS), value=json.dumps(body).encode(), partition=0)
    await (producer.abort_transaction() if aborted else producer.commit_transaction())

    async def is_marked() -> bool:
        return await end_of_uploads(settings) == begun + 2

    await until(is_marked)


async def end_of_uploads(settings: KafkaSettings) -> int:
    place = TopicPartition(topic_name(settings, UPLOADS), 0)
    async with AIOKafkaConsumer(bootstrap_servers=settings.bootstrap_servers) as looking:
        end: int = (await looking.end_offsets([place]))[place]
        return end


def uploaded(rig: Rig) -> list[str]:
    return [one.event.file_uri for one in rig.handled.items if isinstance(one.event, FileUploaded)]


async def test_the_mark_of_a_committed_transaction_is_no_record_to_wait_for(rig: Rig) -> None:
    async with transacting(rig.settings) as upstream:
        await announce(upstream, rig.settings, "committed")
        await rig.handled.until(lambda one: isinstance(one.event, FileUploaded))
        assert await rig.consumer.caught_up(UPLOADS, patience=LONG)
    assert uploaded(rig) == ["s3://lake/committed.csv"]
    assert (await rig.committed())[UPLOADS, 0] == 2


async def test_an_aborted_transaction_is_neither_read_nor_waited_for(rig: Rig) -> None:
    async with transacting(rig.settings) as upstream:
        await announce(upstream, rig.settings, "aborted", aborted=True)
        assert await rig.consumer.caught_up(UPLOADS, patience=LONG)
        await announce(upstream, rig.settings, "committed")
        await announce(upstream, rig.settings, "aborted too", aborted=True)
        assert await rig.consumer.caught_up(UPLOADS, patience=LONG)
    assert uploaded(rig) == ["s3://lake/committed.csv"]


async def test_a_mark_is_passed_while_another_topic_is_never_quiet(rig: Rig) -> None:
    async def flow() -> None:
        while True:
            await rig.publish(an_update())

    flowing = asyncio.create_task(flow())
    try:
        async with transacting(rig.settings) as upstream:
            await announce(upstream, rig.settings, "committed")
            assert await rig.consumer.caught_up(UPLOADS, patience=LONG)
    finally:
        flowing.cancel()
        await asyncio.gather(flowing, return_exceptions=True)


async def test_a_record_in_hand_is_not_passed_by_the_marks_of_others(rig: Rig) -> None:
    event, gate = an_update(), asyncio.Event()

    async def wait(received: Received) -> None:
        if received.event == event:
            await gate.wait()

    rig.before = wait
    await rig.publish(event)
    await rig.tried.until(lambda one: one.event == event)
    async with transacting(rig.settings) as upstream:
        await announce(upstream, rig.settings, "committed")
        assert not await rig.consumer.caught_up(TOPIC, patience=SHORT)
        assert ("task.updated", 0) not in await rig.committed()
        gate.set()
        assert await rig.consumer.caught_up(UPLOADS, patience=LONG)
