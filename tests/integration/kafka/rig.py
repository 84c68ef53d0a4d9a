"""A consumer under test on the live broker, and eyes on every topic that it may write to."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Generic, TypeAlias, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from shared import events, ids
from shared.backoff import Backoff
from shared.kafka.admin import admin_client
from shared.kafka.consumer import Consumer
from shared.kafka.envelope import OutgoingRecord, Received, encode
from shared.kafka.producer import EventProducer
from shared.kafka.settings import KafkaSettings
from shared.kafka.topics import dead_letter_topic, group_name, topic_name

SERVICE = "projector"
TOPICS = ("file.uploaded", "file.validated", "task.updated")
DEADLINE = 20.0
T = TypeVar("T")
Headers = Sequence[tuple[str, bytes | None]]
Record: TypeAlias = "ConsumerRecord[bytes | None, bytes | None]"


class Seen(Generic[T]):
    """A list that can be waited for."""

    def __init__(self) -> None:
        self.items: list[T] = []
        self._changed = asyncio.Condition()

    async def add(self, item: T) -> None:
        async with self._changed:
            self.items.append(item)
            self._changed.notify_all()

    async def until(self, wanted: Callable[[T], bool], *, count: int = 1, seconds: float = DEADLINE) -> list[T]:
        """The first `count` items that are wanted; fails when they are not there in time."""

        def found() -> list[T]:
            return [item for item in self.items if wanted(item)]

        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: len(found()) >= count)
        return found()


@asynccontextmanager
async def reading(settings: KafkaSettings, *topics: str) -> AsyncIterator[Seen[Record]]:
    """Everything on these topics (names on the cluster), as it comes."""
    seen: Seen[Record] = Seen()
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap_servers, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    consumer.assign([TopicPartition(topic, number) for topic in topics for number in range(settings.partitions)])

    async def read() -> None:
        async for record in consumer:
            await seen.add(record)

    task = asyncio.create_task(read())
    try:
        yield seen
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await consumer.stop()


class _Name(str):
    """A header's name that goes over the wire as it is, and not as UTF-8."""

    __slots__ = ()

    def encode(self, *_: str) -> bytes:
        return super().encode("latin-1")


class Rig:
    """One service's consumer. `handled` is what its handler took; `before` may raise instead."""

    consumer: Consumer

    def __init__(self, settings: KafkaSettings, sender: AIOKafkaProducer, letters: Seen[Record]) -> None:
        self.settings = settings
        self.handled: Seen[Received] = Seen()
        self.tried: Seen[Received] = Seen()
        self.letters = letters
        self.before: Callable[[Received], Awaitable[None]] = _nothing
        self._sender = sender

    async def handle(self, received: Received) -> None:
        await self.tried.add(received)
        await self.before(received)
        await self.handled.add(received)

    async def send(self, topic: str, *, value: bytes | None, headers: Headers = (), key: bytes | None = None) -> int:
        """Write a record of any kind; returns its offset."""
        name = topic_name(self.settings, topic)
        if key is None and value is None:  # aiokafka's own `send` makes none of these
            batch = self._sender.create_batch()
            batch.append(timestamp=None, key=None, value=None, headers=list(headers))
            metadata = await (await self._sender.send_batch(batch, name, partition=0))
        else:
            metadata = await self._sender.send_and_wait(name, value=value, key=key, headers=list(headers), partition=0)
        offset: int = metadata.offset
        return offset

    async def send_with_header_name(self, topic: str, name: bytes) -> int:
        """Write a record with a header of this name; returns its offset."""
        batch = self._sender.create_batch()
        builder = _DefaultRecordBatchBuilderPy(2, 0, 0, -1, -1, -1, 16_384)
        builder.append(0, int(time.time() * 1000), b"key", b"{}", [(_Name(name.decode("latin-1")), b"value")])
        batch._builder, batch._relative_offset = builder, 1
        metadata = await (await self._sender.send_batch(batch, topic_name(self.settings, topic), partition=0))
        offset: int = metadata.offset
        return offset

    async def publish(self, event: events.TaskEvent) -> int:
        record = encode(event, source="test")
        return await self.send(record.topic, value=record.body, key=record.key.encode(), headers=header_list(record))

    async def letter(self, topic: str, offset: int) -> Record:
        """The dead letter of a record."""
        place = (topic_name(self.settings, topic).encode(), str(offset).encode())
        found = await self.letters.until(
            lambda record: (dict(record.headers)["dlq_topic"], dict(record.headers)["dlq_offset"]) == place
        )
        return found[0]

    async def told(self, task_id: str) -> Received:
        """The event by which a parked record's task was failed."""
        found = await self.handled.until(
            lambda one: (
                isinstance(one.event, events.TaskUpdated)
                and one.event.task_id == task_id
                and one.event.reason == "parked"
            )
        )
        return found[0]

    async def committed(self) -> dict[tuple[str, int], int]:
        """The group's committed offsets, by topic (without prefix) and partition."""
        return await committed_offsets(self.settings)


async def committed_offsets(settings: KafkaSettings, service: str = SERVICE) -> dict[tuple[str, int], int]:
    async with admin_client(settings) as client:
        offsets = await client.list_consumer_group_offsets(group_name(settings, service))
    prefix = settings.topic_prefix
    return {(place.topic.removeprefix(prefix), place.partition): known.offset for place, known in offsets.items()}


def make_consumer(
    settings: KafkaSettings, handle: Callable[[Received], Awaitable[None]], producer: EventProducer, **arguments: Any
) -> Consumer:
    return Consumer(settings, service=SERVICE, topics=TOPICS, handle=handle, producer=producer, **arguments)


@asynccontextmanager
async def rig_on(settings: KafkaSettings, *, backoff: Backoff | None = None) -> AsyncIterator[Rig]:
    """A running consumer whose handler takes everything, until the test says otherwise."""
    producer = EventProducer(settings, source=SERVICE)
    sender = AIOKafkaProducer(bootstrap_servers=settings.bootstrap_servers, max_request_size=2**24)
    await sender.start()
    async with reading(settings, dead_letter_topic(settings, SERVICE)) as letters:
        rig = Rig(settings, sender, letters)
        rig.consumer = consumer = make_consumer(settings, rig.handle, producer, backoff=backoff)
        await consumer.start()
        try:
            yield rig
        finally:
            await consumer.stop()
            await producer.stop()
            await sender.stop()


def header_list(record: OutgoingRecord) -> list[tuple[str, bytes | None]]:
    return [(name, value.encode()) for name, value in record.headers.items()]


def an_update(task_id: str | None = None, **fields: Any) -> events.TaskUpdated:
    content = {"status": events.TaskStatus.VALIDATING, "occurred_at": datetime(2026, 3, 1, tzinfo=UTC), **fields}
    return events.TaskUpdated(task_id=task_id or new_task_id(), **content)


def new_task_id() -> str:
    return ids.idempotent_task_id(tenant="test", idempotency_key=secrets.token_hex(8))


async def until(condition: Callable[[], Awaitable[bool] | bool], *, seconds: float = DEADLINE) -> None:
    """Poll until it holds; fails when it does not in time."""
    async with asyncio.timeout(seconds):
        while True:
            holds = condition()
            if holds if isinstance(holds, bool) else await holds:
                return
            await asyncio.sleep(0.02)


async def _nothing(_: Received) -> None:
    return
