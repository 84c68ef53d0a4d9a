"""Puts the validator together."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from services.validator.attempts import Attempts
from services.validator.contract_rows import ContractRows
from services.validator.handlers import TOPICS, Handlers
from services.validator.judge import Judge, Rules
from services.validator.lanes import Lanes
from services.validator.pinning import Pinning
from services.validator.readings import Readings
from services.validator.settings import ValidatorSettings
from services.validator.workplace import Workplace
from shared.db.engine import Database
from shared.db.models import ValidationJob
from shared.events import DatasourceUpdated
from shared.inbox import Inbox, owner_name
from shared.kafka import admin
from shared.kafka.consumer import Consumer
from shared.kafka.producer import EventProducer
from shared.service import Address, Service
from shared.storage.port import ObjectStore
from shared.storage.s3 import S3ObjectStore
from shared.worker import Worker

NAME = "validator"
HEARD_WITHIN = timedelta(seconds=2)


def create_app(
    settings: ValidatorSettings,
    *,
    database: Database | None = None,
    store: ObjectStore | None = None,
    producer: EventProducer | None = None,
) -> Service:
    """The validator with its real servers, or with those that a test hands in; nothing connects yet."""
    options = settings.options
    database = database or Database(settings.database)
    store = store or S3ObjectStore(settings.store)
    producer = producer or EventProducer(settings.kafka, source=NAME)
    inbox = Inbox(database, ValidationJob, owner=owner_name(), lease_for=options.lease_for)
    rules = Rules(
        allowed_buckets=frozenset({store.bucket, *options.allowed_buckets}),
        max_source_bytes=options.max_source_bytes,
        max_record_bytes=settings.kafka.max_record_bytes,
        parse=options.parse_limits(),
        child=options.child_limits(),
    )
    workplace = Workplace(options.work_dir)
    contracts = ContractRows(database)

    async def all_heard() -> bool:
        return await consumer.caught_up(DatasourceUpdated.topic, patience=HEARD_WITHIN)

    pinning = Pinning(contracts, inbox, _now, patience=options.contract_patience, all_heard=all_heard)
    lanes = Lanes(options.small_file_bytes)
    judge = Judge(store, inbox, producer, rules, workplace, lanes, Readings(database), pinning, _now)
    worker = Worker(
        inbox,
        judge,
        judge.last_words,
        producer,
        name=NAME,
        concurrency=options.concurrency,
        kept_free=options.small_file_workers,
    )
    handlers = Handlers(database, Attempts(inbox, lanes, _now), contracts, producer, worker)
    consumer = Consumer(settings.kafka, service=NAME, topics=TOPICS, handle=handlers.handle, producer=producer)

    async def work(stop: asyncio.Event) -> None:
        await asyncio.to_thread(workplace.open)
        await worker.run(stop)

    async def leave_workplace() -> None:
        await asyncio.to_thread(workplace.close)

    return Service(
        NAME,
        address=Address(options.host, options.port),
        consumer=consumer,
        loops=(work,),
        progress=(worker.progress,),
        checks={"postgresql": database.ping, "s3": store.ping, "kafka": lambda: admin.ping(settings.kafka)},
        closers=(leave_workplace, producer.stop, store.close, database.close),
    )


def _now() -> datetime:
    return datetime.now(UTC)
