"""A consumer knows whether its group has seen what was there when it was asked."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from shared.kafka.backlog import BacklogUnknownError
from shared.kafka.envelope import Received
from shared.kafka.producer import EventProducer
from shared.kafka.settings import KafkaSettings
from tests.integration.kafka.rig import Rig, an_update, make_consumer

SHORT, LONG = timedelta(milliseconds=300), timedelta(seconds=20)
TOPIC = "task.updated"


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
