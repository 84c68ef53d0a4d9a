"""A consumer that gets past what aiokafka or a commit of records alone would stop at.

A header whose *name* is not UTF-8 makes aiokafka raise while it unpacks the batch, again and again, for every record of
that batch from there on. Kafka takes such a record from any client that does not check its names.

The marks of transactions, and records of aborted ones, have offsets and are never handed out. Nobody would commit past
them, and a group that waits until it has committed a topic's end would wait for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from shared.health import Progress
from shared.kafka.trouble import Trouble
from shared.telemetry import logger

PROBE_SECONDS = 1.0
PASS_SECONDS = 1.0  # how late an idle group may be to pass a mark; five looks a second cost an idle service its rest
UNREAD = "unread"
_log = logger(__name__)


class TolerantConsumer(AIOKafkaConsumer):  # type: ignore[misc]  # aiokafka ships no types
    """Gives an empty record in the place of one that cannot be unpacked; `is_unread` tells it.

    Whoever asks for a record must have committed the one before: what lies between the two counts as read.

    Args:
        *topics: see aiokafka, as is the rest.
        reading: told since when reading has failed.
    """

    def __init__(self, *topics: str, reading: Progress, **arguments: Any) -> None:
        super().__init__(*topics, **arguments)
        self._trouble = Trouble(reading)
        self._passed: dict[TopicPartition, int] = {}
        self._passed_at = 0.0

    async def getone(self, *partitions: TopicPartition) -> ConsumerRecord[bytes | None, bytes | None]:
        """The next record; see aiokafka. After an error FastStream asks again every five seconds, for ever."""
        try:
            record = await self._next(*partitions)
        except KafkaError as error:
            unread = await self._unread()
            if self._trouble.failed(unread):
                _log.error("reading_fails", why=str(error), unread=[str(place) for place in unread])
            raise
        await self._say_it_goes_on()
        return record

    async def commit(self, offsets: dict[TopicPartition, int] | None = None) -> None:
        """Commit; see aiokafka."""
        await super().commit(offsets)
        self._passed.update(offsets or {})

    async def _next(self, *partitions: TopicPartition) -> ConsumerRecord[bytes | None, bytes | None]:
        while True:
            await self._pass_marks()
            try:
                async with asyncio.timeout(PASS_SECONDS) as idle:
                    return await super().getone(*partitions)
            except TimeoutError:
                if not idle.expired():
                    raise
                await self._say_it_goes_on()
            except UnicodeDecodeError as error:
                place = await self._place_of_the_unreadable()
                if place is not None:
                    offset = await self.position(place)
                    self.seek(place, offset + 1)
                    return _stand_in(place, offset, error)

    async def _say_it_goes_on(self) -> None:
        if self._trouble.failing:
            self._trouble.went_on(await self._unread())

    async def _pass_marks(self) -> None:
        """Commit the positions that have moved without a record; no record is in hand now."""
        if time.monotonic() - self._passed_at < PASS_SECONDS:
            return
        moved = {place: offset for place in self.assignment() if (offset := await self._moved(place))}
        if moved:
            with contextlib.suppress(KafkaError, IllegalStateError, TimeoutError):  # the next round does it
                async with asyncio.timeout(PROBE_SECONDS):
                    await self.commit(moved)
        self._passed_at = time.monotonic()

    async def _moved(self, place: TopicPartition) -> int | None:
        """The position, if Kafka says it at once, and it is beyond what is known to be committed."""
        with contextlib.suppress(KafkaError, IllegalStateError, TimeoutError):  # it is going to another member
            async with asyncio.timeout(PASS_SECONDS):
                if place not in self._passed:
                    self._passed[place] = await self.committed(place) or 0
                position: int = await self.position(place)
            return position if position > self._passed[place] else None
        return None

    async def _unread(self) -> dict[TopicPartition, int]:
        """See `trouble.Unread`."""
        found = {}
        for place in self.assignment():
            with contextlib.suppress(KafkaError, IllegalStateError, TimeoutError):  # it is going to another member
                async with asyncio.timeout(PROBE_SECONDS):
                    position = await self.position(place)
                if position < (self.highwater(place) or 0):
                    found[place] = position
        return found

    async def _place_of_the_unreadable(self) -> TopicPartition | None:
        """The partition whose next record cannot be read; the others are left where they were."""
        for place, position in (await self._unread()).items():
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
