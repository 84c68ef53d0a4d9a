"""Puts the monitor together."""

from __future__ import annotations

from datetime import UTC, datetime

from services.monitor.handlers import TOPICS, submitted_handler
from services.monitor.poller import Poller
from services.monitor.settings import MonitorSettings
from services.monitor.watching import Watching
from shared.db.engine import Database
from shared.db.models import DruidWatch
from shared.druid import Druid, HttpDruid
from shared.inbox import Inbox, owner_name
from shared.kafka import admin
from shared.kafka.consumer import Consumer
from shared.kafka.producer import EventProducer
from shared.service import Address, Service

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
    handle = submitted_handler(database, inbox, poller.wake)
    consumer = Consumer(settings.kafka, service=NAME, topics=TOPICS, handle=handle, producer=producer)
    return Service(
        NAME,
        address=Address(options.host, options.port),
        consumer=consumer,
        loops=(poller.run,),
        progress=(poller.progress,),
        checks={"postgresql": database.ping, "druid": asked.ping, "kafka": lambda: admin.ping(settings.kafka)},
        closers=(producer.stop, own_druid.close, database.close),
    )
