"""What a topic does with the records that it gets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from aiokafka import AIOKafkaProducer

from shared.kafka.envelope import record_time
from shared.kafka.settings import KafkaSettings
from shared.kafka.topics import topic_name
from tests.integration.kafka.rig import reading

LONG_AGO = 1_000_000_000_000


@pytest.mark.parametrize(("topic", "is_brokers"), [("file.uploaded", True), ("task.updated", False)])
async def test_an_upload_has_the_time_at_which_it_came(topics: KafkaSettings, topic: str, *, is_brokers: bool) -> None:
    """The time of an upstream record is its place in the line, whatever the producer's clock says."""
    name = topic_name(topics, topic)
    producer = AIOKafkaProducer(**topics.client_arguments())
    await producer.start()
    try:
        await producer.send_and_wait(name, b"{}", timestamp_ms=LONG_AGO)
    finally:
        await producer.stop()
    async with reading(topics, name) as seen:
        (record,) = await seen.until(lambda _: True)
    written = record_time(record.timestamp)
    assert written is not None
    assert (written > datetime.now(UTC) - timedelta(minutes=5)) is is_brokers
