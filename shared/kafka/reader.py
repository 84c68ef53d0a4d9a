"""A consumer that gets past records which aiokafka cannot read at all.

A header whose *name* is not UTF-8 makes aiokafka raise while it unpacks the batch, again and again, for every record of
that batch from there on. Kafka takes such a record from any client that does not check its names.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

PROBE_SECONDS = 1.0
UNREAD = "unread"


class TolerantConsumer(AIOKafkaConsumer):  # type: ignore[misc]  # aiokafka ships no types
    """Gives an empty record in the place of one that cannot be unpacked; `is_unread` tells it."""

    async def getone(self, *partitions: TopicPartition) -> ConsumerRecord[bytes | None, bytes | None]:
        """The next record; see aiokafka."""
        try:
            return await super().getone(*partitions)
        except UnicodeDecodeError as error:
            place = await self._place_of_the_unreadable()
            if place is None:
                return await self.getone(*partitions)
            offset = await self.position(place)
            self.seek(place, offset + 1)
            return _stand_in(place, offset, error)

    async def _place_of_the_unreadable(self) -> TopicPartition | None:
        """The partition whose next record cannot be read; the others are left where they were."""
        for place in self.assignment():
            position = await self.position(place)
            if position >= (self.highwater(place) or 0):
                continue
            try:
                async with asyncio.timeout(PROBE_SECONDS):
                    await super().getone(place)
            except UnicodeDecodeError:
                return place
            except TimeoutError:
                continue
            self.seek(place, position)
        return None


def is_unread(record: Any) -> bool:
    """Whether the record stands in for one that could not be unpacked."""
    return bool(record.checksum == UNREAD)


def _stand_in(place: TopicPartition, offset: int, error: UnicodeDecodeError) -> Any:
    return ConsumerRecord(
        topic=place.topic,
        partition=place.partition,
        offset=offset,
        timestamp=0,
        timestamp_type=0,
        key=None,
        value=None,
        checksum=UNREAD,
        serialized_key_size=-1,
        serialized_value_size=-1,
        headers=(("dlq_unread", error.reason.encode()),),
    )
