"""The composition root: the one place that knows every concrete class of the projector."""

from __future__ import annotations

from functools import partial

from services.projector.handlers import TOPICS, Handlers
from services.projector.settings import ProjectorSettings
from shared.db.engine import Database
from shared.kafka.admin import ping
from shared.kafka.consumer import Consumer
from shared.kafka.producer import EventProducer
from shared.service import Address, Service

NAME = "projector"


def create_app(
    settings: ProjectorSettings, *, database: Database | None = None, producer: EventProducer | None = None
) -> Service:
    """Put the service together; nothing connects before it is started.

    Args:
        settings: where everything is.
        database: stands in for PostgreSQL in tests.
        producer: stands in for the publisher of dead letters in tests.
    """
    database = database or Database(settings.database)
    producer = producer or EventProducer(settings.kafka, source=NAME)
    handlers = Handlers(database)
    return Service(
        NAME,
        address=Address(settings.http.host, settings.http.port),
        consumer=Consumer(settings.kafka, service=NAME, topics=TOPICS, handle=handlers.on_event, producer=producer),
        checks={"postgresql": database.ping, "kafka": partial(ping, settings.kafka)},
        closers=(producer.stop, database.close),
    )
