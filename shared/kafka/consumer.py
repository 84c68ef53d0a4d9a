"""The one way to listen: every record is handled, waited for, or parked; its offset is committed only after that.

    handled            the handler's transaction is committed, then the offset
    TransientError     wait in place with back-off; nothing is committed, the record stays in hand
    PermanentError     park it in `<service>.dlq`, then commit the offset
    any other error    a defect of ours: three tries, then park it

FastStream reads the topics; its own acknowledgement, parsing and replying are switched off, because they commit on
error, fail on null headers before any middleware runs, and answer a record's `reply_to` header.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.message import FAKE_CONSUMER
from faststream.kafka.subscriber.usecase import DefaultSubscriber
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from shared import events
from shared.backoff import Backoff
from shared.errors import PermanentError, TransientError
from shared.health import Progress
from shared.kafka.envelope import Received, decode
from shared.kafka.producer import EventProducer
from shared.kafka.settings import KafkaSettings
from shared.kafka.topics import dead_letter_topic, group_name, topic_name
from shared.telemetry import logger, task_scope

Handler = Callable[[Received], Awaitable[None]]

DEFECT_TRIES = 3
_log = logger(__name__)


class Consumer:
    """A service's consumer group: one loop, one record at a time, in the order of each partition.

    Args:
        settings: where Kafka is.
        service: names the group and the dead-letter topic.
        topics: topics without the installation's prefix.
        handle: called with each event; must be repeatable, and quick: work goes through an inbox.
        producer: publishes dead letters.
        backoff: how long to wait while a dependency is away.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        *,
        service: str,
        topics: tuple[str, ...],
        handle: Handler,
        producer: EventProducer,
        backoff: Backoff | None = None,
    ) -> None:
        self.progress = Progress(f"{service} consumer")
        self._settings = settings
        self._service = service
        self._topics = topics
        self._handle = handle
        self._producer = producer
        self._backoff = backoff or Backoff()
        self._broker: KafkaBroker | None = None
        self._subscriber: DefaultSubscriber | None = None
        self._stopping = asyncio.Event()

    async def start(self) -> None:
        """Join the group; waits with back-off for as long as Kafka is away."""
        failures = 0
        while not self._stopping.is_set():
            broker = self._make_broker()
            try:
                await broker.start()
            except (KafkaError, OSError) as error:
                failures += 1
                _log.warning("kafka_away", error=str(error), failures=failures)
                with contextlib.suppress(KafkaError, OSError):
                    await broker.stop()
                await self._pause(failures)
            else:
                self._broker = broker
                return

    async def stop(self) -> None:
        """Finish the record in hand (or leave it uncommitted, if it waits for a dependency), then leave the group."""
        self._stopping.set()
        if self._broker is not None:
            await self._broker.stop()
            self._broker = None

    def _make_broker(self) -> KafkaBroker:
        broker = KafkaBroker(
            self._settings.bootstrap_servers,
            security=_security(self._settings),
            consumer_only=True,
            allow_auto_create_topics=False,
            metadata_max_age_ms=30_000,
            graceful_timeout=10.0,
            logger=None,
        )
        subscriber = broker.subscriber(
            *(topic_name(self._settings, topic) for topic in self._topics),
            group_id=group_name(self._settings, self._service),
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            max_poll_interval_ms=3_600_000,  # a record may wait in hand for as long as PostgreSQL is away
            parser=_tolerant_parser,
            decoder=_raw_decoder,
            no_reply=True,
        )
        subscriber(self._on_message)
        self._subscriber = subscriber
        return broker

    async def _on_message(self, message: KafkaMessage) -> None:
        record = message.raw_message
        if isinstance(record, tuple):  # pragma: no cover  # FastStream's type allows batches, which are not asked for
            return
        self.progress.begin()
        await self._settle(record)
        self.progress.end()
        offset = {TopicPartition(record.topic, record.partition): record.offset + 1}
        try:
            if self._subscriber is not None and self._subscriber.consumer is not None:
                await self._subscriber.consumer.commit(offset)
        except (KafkaError, IllegalStateError) as error:
            # The partition went to another member, which will get the record again: handlers are repeatable.
            _log.warning("commit_failed", topic=record.topic, offset=record.offset, error=str(error))

    async def _settle(self, record: ConsumerRecord[bytes | None, bytes | None]) -> None:
        """Return when the record is handled or parked, never before."""
        failures = 0
        while True:
            try:
                await self._handle_once(record)
            except TransientError as error:
                failures += 1
                self.progress.waiting(str(error))
                if failures == 1 or failures % 20 == 0:
                    _log.warning("waiting", topic=record.topic, offset=record.offset, failures=failures, why=str(error))
            except PermanentError as error:
                return await self._park(record, error, failures + 1)
            except Exception as error:  # noqa: BLE001  # a defect must end in the dead letters, not in a lost record
                failures += 1
                _log.exception("handler_defect", topic=record.topic, offset=record.offset, failures=failures)
                if failures >= DEFECT_TRIES:
                    return await self._park(record, error, failures)
            else:
                return None
            await self._pause(failures)
            if self._stopping.is_set():
                raise asyncio.CancelledError

    async def _handle_once(self, record: ConsumerRecord[bytes | None, bytes | None]) -> None:
        received = decode(
            topic=record.topic.removeprefix(self._settings.topic_prefix),
            value=record.value,
            headers=record.headers,
            timestamp_ms=record.timestamp,
        )
        with task_scope(received.event.task_id, event_id=str(received.event_id)):
            await self._handle(received)

    async def _park(self, record: ConsumerRecord[bytes | None, bytes | None], error: Exception, tries: int) -> None:
        """Put the record aside whole, tell its task, and go on; waits for as long as Kafka is away."""
        defect = not isinstance(error, PermanentError)
        reason = type(error).__name__ if defect else str(error)
        task_id = getattr(error, "task_id", None)
        with task_scope(task_id):
            _log.error("parked", topic=record.topic, partition=record.partition, offset=record.offset, why=reason)
        headers = [
            *record.headers,
            ("dlq_topic", record.topic.encode()),
            ("dlq_partition", str(record.partition).encode()),
            ("dlq_offset", str(record.offset).encode()),
            ("dlq_error", reason.encode()),
            ("dlq_attempts", str(tries).encode()),
            ("dlq_service", self._service.encode()),
        ]
        failures = 0
        while True:
            try:
                topic = dead_letter_topic(self._settings, self._service)
                await self._producer.send(topic, key=record.key, value=record.value, headers=headers)
                if task_id is not None:
                    await self._producer.emit(_parked(task_id, self._service, record.timestamp))
            except TransientError:
                failures += 1
                await self._pause(failures)
            else:
                return

    async def _pause(self, failures: int) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), self._backoff.delay(failures).total_seconds())


def _parked(task_id: str, service: str, timestamp_ms: int) -> events.TaskUpdated:
    return events.TaskUpdated(
        task_id=task_id,
        status=events.TaskStatus.FAILED,
        reason="parked",
        occurred_at=datetime.fromtimestamp(max(timestamp_ms, 0) / 1000, UTC),
        problems=(
            events.Problem(
                code="parked",
                message=f"a message about this task could not be read by the {service}; it is kept in {service}.dlq",
            ),
        ),
    )


async def _tolerant_parser(record: Any) -> KafkaMessage:
    """Hand the record through untouched: null and non-UTF-8 headers and `reply_to` have no effect here."""
    return KafkaMessage(body=record.value or b"", headers={}, reply_to="", raw_message=record, consumer=FAKE_CONSUMER)


async def _raw_decoder(message: Any) -> Any:
    return message.body


def _security(settings: KafkaSettings) -> BaseSecurity | None:
    if settings.security_protocol == "PLAINTEXT":
        return None
    arguments = settings.client_arguments()
    context = arguments.get("ssl_context")
    if settings.security_protocol == "SSL":
        return BaseSecurity(ssl_context=context, use_ssl=True)
    kinds = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}
    return kinds[settings.sasl_mechanism](
        username=arguments["sasl_plain_username"] or "",
        password=arguments["sasl_plain_password"] or "",
        ssl_context=context,
        use_ssl=context is not None,
    )
