"""The submitter's composition root: the only place that knows every concrete class."""

from __future__ import annotations

from datetime import UTC, datetime

from services.submitter.handlers import TOPICS, Handlers
from services.submitter.settings import SubmitterSettings
from services.submitter.submitting import Submitting
from services.submitter.undoing import Undoing, is_undo
from shared.db.engine import Database
from shared.db.models import Submission
from shared.druid import Druid, HttpDruid
from shared.druid_segments import HttpSegments, Segments
from shared.events import AnyEvent, FileUploaded, TaskUpdated
from shared.inbox import Inbox, Job, owner_name
from shared.kafka import admin
from shared.kafka.consumer import Consumer
from shared.kafka.producer import EventProducer
from shared.service import Address, Service
from shared.worker import Done, Wait, Worker

NAME = "submitter"


def create_app(
    settings: SubmitterSettings,
    *,
    database: Database | None = None,
    druid: Druid | None = None,
    segments: Segments | None = None,
    producer: EventProducer | None = None,
) -> Service:
    """Build the service without connecting to anything; what is given replaces the real one."""
    options = settings.options
    own_druid = HttpDruid(settings.druid)
    asked = druid or own_druid
    segments = segments or HttpSegments(own_druid)
    database = database or Database(settings.database)
    producer = producer or EventProducer(settings.kafka, source=NAME)
    inbox = Inbox(
        database,
        Submission,
        owner=owner_name(),
        lease_for=options.lease_for,
    )

    async def line_known() -> bool:
        return await consumer.caught_up(FileUploaded.topic, patience=options.hold_for)

    async def ends_known() -> bool:
        return await consumer.caught_up(TaskUpdated.topic, patience=options.hold_for)

    submitting = Submitting(
        database,
        inbox,
        asked,
        segments,
        options.rules(),
        clock=lambda: datetime.now(UTC),
        line_known=line_known,
        ends_known=ends_known,
    )
    undoing = Undoing(
        database,
        inbox,
        asked,
        segments,
        hold_for=options.hold_for,
        give_up_after=options.undo_patience,
        clock=lambda: datetime.now(UTC),
        line_known=line_known,
    )

    async def effect(job: Job) -> Done | Wait:
        return await (undoing(job) if is_undo(job.event) else submitting(job))

    def last_words(job: Job, what_happened: str) -> tuple[AnyEvent, ...]:
        return (undoing if is_undo(job.event) else submitting).last_words(job, what_happened)

    worker = Worker(inbox, effect, last_words, producer, name=NAME, concurrency=options.concurrency)
    handlers = Handlers(database, inbox, worker.wake)
    consumer = Consumer(settings.kafka, service=NAME, topics=TOPICS, handle=handlers.handle, producer=producer)
    return Service(
        NAME,
        address=Address(options.host, options.port),
        consumer=consumer,
        loops=(worker.run,),
        progress=(worker.progress,),
        checks={"postgresql": database.ping, "druid": asked.ping, "kafka": lambda: admin.ping(settings.kafka)},
        closers=(producer.stop, own_druid.close, database.close),
    )
