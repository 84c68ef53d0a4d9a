"""The one way to publish: acknowledged by all replicas, idempotent, bounded in time."""

from __future__ import annotations

import asyncio

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordTooLargeError

from shared.errors import PermanentError, TransientError
from shared.events import AnyEvent
from shared.kafka.envelope import OutgoingRecord, RawHeaders, encode
from shared.kafka.settings import KafkaSettings
from shared.kafka.topics import dead_letter_bytes, topic_name

_CLOSE_SECONDS = 2.0


class PublishFailedError(TransientError):
    """Kafka did not acknowledge in time: the record may or may not be there; publish the same one again."""


class RecordRefusedError(PermanentError):
    """The record is larger than its topic takes."""


class EventProducer:
    """A Kafka producer that connects when first used and is replaced after a failure.

    An idempotent producer can stay unusable after a broker error (aiokafka#1017), so a failed one is thrown away; what
    it had under way may still arrive, which the event ids make harmless.
    """

    def __init__(self, settings: KafkaSettings, *, source: str) -> None:
        self.source = source
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None
        self._connecting = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()

    async def emit(self, event: AnyEvent, *, traceparent: str | None = None) -> None:
        """Publish an event of this service; returns when all in-sync replicas have it.

        Raises:
            PublishFailedError: the outcome is unknown.
            RecordRefusedError: the record is too large.
        """
        await self.publish(encode(event, source=self.source, traceparent=traceparent))

    async def publish(self, record: OutgoingRecord) -> None:
        """Publish an encoded event; see `emit`."""
        headers = [(name, value.encode()) for name, value in record.headers.items()]
        await self.send(
            topic_name(self._settings, record.topic), key=record.key.encode(), value=record.body, headers=headers
        )

    async def send(self, topic: str, *, key: bytes | None, value: bytes | None, headers: RawHeaders) -> None:
        """Send raw bytes to a topic by its name on the cluster; see `emit`.

        A record without key and value gets an empty key: aiokafka sends none that has neither.
        """
        producer: AIOKafkaProducer | None = None
        if key is None and value is None:
            key = b""
        try:
            async with asyncio.timeout(self._settings.publish_timeout.total_seconds()):
                producer = await self._connected()
                await producer.send_and_wait(topic, value=value, key=key, headers=list(headers))
        except (MessageSizeTooLargeError, RecordTooLargeError) as error:
            msg = f"the record is too large for {topic}"
            raise RecordRefusedError(msg) from error
        except (KafkaError, TimeoutError, OSError) as error:
            self._throw_away(producer)
            msg = f"Kafka did not acknowledge a record for {topic}: {type(error).__name__}"
            raise PublishFailedError(msg) from error

    async def stop(self) -> None:
        """Flush and disconnect, within two seconds."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await _close(producer)
        if self._closing:
            await asyncio.wait(self._closing, timeout=_CLOSE_SECONDS)

    async def _connected(self) -> AIOKafkaProducer:
        async with self._connecting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    acks="all",
                    enable_idempotence=True,
                    max_request_size=dead_letter_bytes(self._settings) + 65_536,
                    metadata_max_age_ms=30_000,
                    request_timeout_ms=int(self._settings.publish_timeout.total_seconds() * 1000),
                    **self._settings.client_arguments(),
                )
                try:
                    await producer.start()
                except BaseException:
                    await _close(producer)
                    raise
                self._producer = producer
            return self._producer

    def _throw_away(self, producer: AIOKafkaProducer | None) -> None:
        if producer is None or self._producer is not producer:
            return
        self._producer = None
        task = asyncio.create_task(_close(producer))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


async def _close(producer: AIOKafkaProducer) -> None:
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await producer.stop()
    except (KafkaError, TimeoutError, OSError):
        # Nothing can be flushed to a broker that is away; whoever waits for these records publishes them again.
        return
