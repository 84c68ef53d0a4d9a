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
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeAlias

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
from shared.kafka.backlog import BacklogUnknownError, TopicEnds, is_settled
from shared.kafka.envelope import Received, Subject, UnreadableRecordError, decode, record_time
from shared.kafka.producer import EventProducer, RecordRefusedError
from shared.kafka.reader import TolerantConsumer, is_unread
from shared.kafka.settings import KafkaSettings
from shared.kafka.topics import dead_letter_topic, group_name, topic_name
from shared.telemetry import logger, task_scope

Handler = Callable[[Received], Awaitable[None]]
Record: TypeAlias = "ConsumerRecord[bytes | None, bytes | None]"

DEFECT_TRIES = 3
REASON_CHARACTERS = 500
EPOCH = datetime.fromtimestamp(0, UTC)
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
        self.reading = Progress(f"{service} reading")
        self._settings = settings
        self._service = service
        self._topics = topics
        self._handle = handle
        self._producer = producer
        self._backoff = backoff or Backoff()
        self._broker: KafkaBroker | None = None
        self._subscriber: DefaultSubscriber | None = None
        self._stopping = asyncio.Event()
        self._ends = TopicEnds(settings)

    async def start(self) -> None:
        """Join the group; waits with back-off for as long as Kafka is away."""
        failures = 0
        while not self._stopping.is_set():
            broker = self._make_broker()
            try:
                await _start(broker, self.reading)
            except Exception as error:  # noqa: BLE001  # whatever keeps us out, a service that never joins is worse
                failures += 1
                self._say_waiting(error, failures)
                await _leave(broker)
                await self._pause(failures)
            except asyncio.CancelledError:
                await _leave(broker)
                raise
            else:
                self.progress.end()
                self._broker = broker
                return

    async def stop(self) -> None:
        """Finish the record in hand (or leave it uncommitted, if it waits for a dependency), then leave the group."""
        self._stopping.set()
        if self._broker is not None:
            await self._broker.stop()
            self._broker = None
        await self._ends.stop()

    async def caught_up(self, topic: str, *, patience: timedelta) -> bool:
        """Whether the group has settled all that `topic` held at the call; waits for that, at most `patience`.

        Raises:
            BacklogUnknownError: this member has not joined yet, or Kafka does not answer.
        """
        consumer = self._subscriber.consumer if self._subscriber is not None else None
        if consumer is None:
            msg = f"the {self._service} has not joined its group yet"
            raise BacklogUnknownError(msg)
        return await is_settled(consumer, self._ends, topic_name(self._settings, topic), patience=patience)

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
            isolation_level="read_committed",  # an upstream system that aborts its transaction has announced nothing
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
        try:
            await self._settle(record)
        except Exception as error:  # noqa: BLE001  # FastStream would swallow it, and the next commit pass the record
            _log.exception("consumer_defect", topic=record.topic, offset=record.offset)
            await self._park(record, type(error).__name__, tries=1, told=None)
        offset = {TopicPartition(record.topic, record.partition): record.offset + 1}
        try:
            if self._subscriber is not None and self._subscriber.consumer is not None:
                await self._subscriber.consumer.commit(offset)
        except (KafkaError, IllegalStateError) as error:
            # The partition went to another member, which will get the record again: handlers are repeatable.
            _log.warning("commit_failed", topic=record.topic, offset=record.offset, error=str(error))
        self.progress.end()

    async def _settle(self, record: Record) -> None:
        """Return when the record is handled or parked, never before."""
        if is_unread(record):
            await self._park(record, "the record has a header whose name is not UTF-8", tries=1, told=None)
            return
        try:
            received = decode(
                topic=record.topic.removeprefix(self._settings.topic_prefix),
                value=record.value,
                headers=record.headers,
                timestamp_ms=record.timestamp,
            )
        except UnreadableRecordError as error:
            await self._park(record, str(error), tries=1, told=_parked(error.subject, self._service, record.timestamp))
            return
        task_id = received.subject.task_id if received.subject else None
        with task_scope(task_id, event_id=str(received.event_id)):
            await self._deliver(record, received)

    async def _deliver(self, record: Record, received: Received) -> None:
        refusal = await self._refusal(record, received)
        if refusal is None:
            return
        why, tries = refusal
        told = _parked(received.subject, self._service, record.timestamp)
        if told is not None and told.event_id == received.event_id:
            told = None  # it is this very message that cannot be handled: telling it again would never end
        await self._park(record, why, tries=tries, told=told)

    async def _refusal(self, record: Record, received: Received) -> tuple[str, int] | None:
        """Call the handler until it takes the event, or return why it never will and how often it was called."""
        waits = defects = 0
        while True:
            try:
                await self._handle(received)
            except TransientError as error:
                waits += 1
                self._say_waiting(error, waits)
            except PermanentError as error:
                return str(error), waits + defects + 1
            except Exception as error:  # noqa: BLE001  # a defect must end in the dead letters, not in a lost record
                defects += 1
                _log.exception("handler_defect", topic=record.topic, offset=record.offset, tries=defects)
                if defects >= DEFECT_TRIES:
                    return type(error).__name__, waits + defects
            else:
                return None
            await self._hold(waits + defects)

    async def _park(self, record: Record, why: str, *, tries: int, told: events.TaskUpdated | None) -> None:
        """Put the record aside whole, tell its task, and go on."""
        reason = why[:REASON_CHARACTERS]
        with task_scope(told.task_id if told else None):
            _log.error("parked", topic=record.topic, partition=record.partition, offset=record.offset, why=reason)
        topic = dead_letter_topic(self._settings, self._service)
        ours = [
            ("dlq_topic", record.topic.encode()),
            ("dlq_partition", str(record.partition).encode()),
            ("dlq_offset", str(record.offset).encode()),
            ("dlq_error", reason.encode(errors="replace")),
            ("dlq_attempts", str(tries).encode()),
            ("dlq_service", self._service.encode()),
        ]
        send = self._producer.send
        try:
            headers = [*record.headers, *ours]
            await self._insist(partial(send, topic, key=record.key, value=record.value, headers=headers))
        except RecordRefusedError:
            # Only a topic with a limit of its own, or with compressed records, can hold one that does not fit here.
            left_out = ("dlq_left_out_bytes", str(len(record.value or b"")).encode())
            await self._insist(partial(send, topic, key=None, value=None, headers=[*ours, left_out]))
        if told is not None:
            await self._insist(partial(self._producer.emit, told))

    async def _insist(self, publish: Callable[[], Awaitable[None]]) -> None:
        """Publish, however long Kafka is away."""
        failures = 0
        while True:
            try:
                return await publish()
            except RecordRefusedError:
                raise
            except Exception as error:  # noqa: BLE001  # giving up here would lose the record
                failures += 1
                self._say_waiting(error, failures)
            await self._hold(failures)

    def _say_waiting(self, error: Exception, failures: int) -> None:
        why = str(error) or type(error).__name__
        self.progress.waiting(why)
        if failures == 1 or failures % 20 == 0:
            _log.warning("waiting", service=self._service, failures=failures, why=why)

    async def _hold(self, failures: int) -> None:
        """Wait with the record in hand; on a stop leave it uncommitted, for whoever comes next."""
        await self._pause(failures)
        if self._stopping.is_set():
            raise asyncio.CancelledError

    async def _pause(self, failures: int) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), self._backoff.delay(failures).total_seconds())


async def _start(broker: KafkaBroker, reading: Progress) -> None:
    await broker.connect()  # settles how consumers are built, before the first is
    config: Any = broker.config.broker_config
    config.builder = partial(TolerantConsumer, reading=reading, **config.builder.keywords)
    await broker.start()


async def _leave(broker: KafkaBroker) -> None:
    with contextlib.suppress(Exception):  # it never quite joined
        await broker.stop()


def _parked(subject: Subject | None, service: str, timestamp_ms: int) -> events.TaskUpdated | None:
    if subject is None:
        return None
    return events.TaskUpdated(
        task_id=subject.task_id,
        attempt=subject.attempt,
        status=events.TaskStatus.FAILED,
        reason="parked",
        occurred_at=record_time(timestamp_ms) or EPOCH,
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
