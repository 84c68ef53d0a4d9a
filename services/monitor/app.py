"""Puts the monitor together."""

from __future__ import annotations

from datetime import UTC, datetime

from services.monitor.handlers import TOPICS, Handlers
from services.monitor.poller import Poller
from services.monitor.settings import MonitorSettings
from services.monitor.verifying import VERIFY_AGAIN_AFTER, Verifying
from services.monitor.watching import Watching
from shared.db.engine import Database
from shared.db.models import DruidWatch, Verification
from shared.druid import Druid, HttpDruid
from shared.events import DruidSubmitted
from shared.inbox import Inbox, owner_name
from shared.kafka import admin
from shared.kafka.consumer import Consumer
from shared.kafka.producer import EventProducer
from shared.service import Address, Service
from shared.worker import Worker

NAME = "monitor"


def create_app(
    settings: MonitorSettings,
    *,
    database: Database | None = None,
    druid: Druid | None = None,
    producer: EventProducer | None = None,
) -> Service:
    """The monitor with its real servers, or with those that a test hands in; nothing connects yet."""
    options = settings.options
    own_druid = HttpDruid(settings.druid)
    asked = druid or own_druid
    database = database or Database(settings.database)
    producer = producer or EventProducer(settings.kafka, source=NAME)
    inbox = Inbox(database, DruidWatch, owner=owner_name(), lease_for=options.lease_for)
    pace = options.pace()
    watching = Watching(inbox, asked, producer, options.patience(), pace, clock=lambda: datetime.now(UTC))
    poller = Poller(
        inbox, asked, watching, pace, watched_at_once=options.watched_at_once, concurrency=options.concurrency
    )
    verifications = Inbox(database, Verification, owner=owner_name(), lease_for=options.lease_for)

    async def watches_known() -> bool:
        return await consumer.caught_up(DruidSubmitted.topic, patience=VERIFY_AGAIN_AFTER)

    verifying = Verifying(database, asked, options.patience(), clock=lambda: datetime.now(UTC), known=watches_known)
    verifier = Worker(verifications, verifying, verifying.last_words, producer, name="verifier")
    handlers = Handlers(database, inbox, verifications, poller.wake, verifier.wake)
    consumer = Consumer(settings.kafka, service=NAME, topics=TOPICS, handle=handlers.handle, producer=producer)
    return Service(
        NAME,
        address=Address(options.host, options.port),
        consumer=consumer,
        loops=(poller.run, verifier.run),
        progress=(poller.progress, verifier.progress),
        checks={"postgresql": database.ping, "druid": asked.ping, "kafka": lambda: admin.ping(settings.kafka)},
        closers=(producer.stop, own_druid.close, database.close),
    )
