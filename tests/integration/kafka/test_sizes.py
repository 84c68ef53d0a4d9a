"""What `record_bytes` says of an event is what the broker finds."""

from __future__ import annotations

import pytest

from shared import events
from shared.kafka.envelope import record_bytes
from shared.kafka.producer import EventProducer, RecordRefusedError
from shared.kafka.settings import KafkaSettings
from tests.integration.kafka.rig import an_update

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def of_size(wanted_bytes: int) -> events.TaskUpdated:
    bare = an_update(reason="")
    return bare.model_copy(update={"reason": "x" * (wanted_bytes - record_bytes(bare))})


async def test_an_event_within_the_limit_is_taken_and_a_larger_one_refused(topics: KafkaSettings) -> None:
    producer = EventProducer(topics, source="validator")
    try:
        fits, does_not = of_size(topics.max_record_bytes), of_size(topics.max_record_bytes + 1_024)
        assert record_bytes(fits) == topics.max_record_bytes
        await producer.emit(fits, traceparent=TRACE)
        with pytest.raises(RecordRefusedError):
            await producer.emit(does_not, traceparent=TRACE)
    finally:
        await producer.stop()
