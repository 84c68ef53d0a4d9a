"""The submitter's composition root: the only place that knows every concrete class."""

from __future__ import annotations

from datetime import UTC, datetime

from services.submitter.admitting import Admitting
from services.submitter.cancelling import Cancelling
from services.submitter.capabilities import KnownCapabilities
from services.submitter.comparing import Comparing
from services.submitter.freezing import Freezing
from services.submitter.gauge import Gauge
from services.submitter.handlers import TOPICS, Handlers
from services.submitter.keeping import Keeping
from services.submitter.preparing import Preparing
from services.submitter.settings import SubmitterSettings
from services.submitter.submitting import Submitting
from services.submitter.undoing import Undoing, is_undo
from shared.db.engine import Database
from shared.db.models import Submission
from shared.druid import Druid, HttpDruid
from shared.druid_columns import Columns, HttpColumns
from shared.druid_segments import HttpSegments, Segments
from shared.events import AnyEvent, FileUploaded, TaskCommand, TaskUpdated
from shared.inbox import Inbox, Job, owner_name
from shared.kafka import admin
from shared.kafka.consumer import Consumer
from shared.kafka.producer import EventProducer
from shared.service import Address, Service
from shared.storage.port import ObjectStore
from shared.storage.s3 import S3ObjectStore
from shared.worker import Done, Wait, Worker

NAME = "submitter"


def create_app(
    settings: SubmitterSettings,
    *,
    database: Database | None = None,
    druid: Druid | None = None,
    segments: Segments | None = None,
    columns: Columns | None = None,
    producer: EventProducer | None = None,
    store: ObjectStore | None = None,
) -> Service:
    """Build the service without connecting to anything; what is given replaces the real one."""
    options = settings.options
    own_druid = HttpDruid(settings.druid)
    asked = druid or own_druid
    segments = segments or HttpSegments(own_druid)
    store = store or S3ObjectStore(settings.store)
    database = database or Database(settings.database)
    producer = producer or EventProducer(settings.kafka, source=NAME)
    inbox = Inbox(
        database,
        Submission,
        owner=owner_name(),
        lease_for=options.lease_for,
    )

    async def line_known() -> bool:
        return await consumer.caught_up(FileUploaded.topic, patience=options.hold_for) and await consumer.caught_up(
            TaskCommand.topic, patience=options.hold_for
        )

    async def ends_known() -> bool:
        return await consumer.caught_up(TaskUpdated.topic, patience=options.hold_for)

    preparing = Preparing(
        asked,
        KnownCapabilities(asked, keep_for=options.capabilities_for, clock=_now),
        Comparing(columns or HttpColumns(own_druid)),
        store,
        lifetime=options.source_url_lifetime,
        rows_per_segment=options.rows_per_segment,
    )
    gauge = Gauge(asked, every=options.slots_every, slots=options.slots, clock=_now)

    def wake_worker() -> None:
        worker.wake()

    admitting = Admitting(database, gauge, options.rhythm(), line_known=line_known, wake_worker=wake_worker)
    submitting = Submitting(
        database,
        inbox,
        asked,
        options.rules(),
        admitting,
        Freezing(preparing, segments),
        Keeping(store),
        clock=_now,
        ends_known=ends_known,
    )
    undoing = Undoing(
        database,
        inbox,
        asked,
        segments,
        admitting,
        hold_for=options.hold_for,
        give_up_after=options.undo_patience,
        clock=_now,
    )

    async def effect(job: Job) -> Done | Wait:
        return await (undoing(job) if is_undo(job.event) else submitting(job))

    async def last_words(job: Job, what_happened: str) -> tuple[AnyEvent, ...]:
        return await (undoing if is_undo(job.event) else submitting).last_words(job, what_happened)

    worker = Worker(inbox, effect, last_words, producer, name=NAME, concurrency=options.concurrency)
    handlers = Handlers(
        database,
        inbox,
        Cancelling(inbox, _now),
        options.sizes(),
        wake_worker=worker.wake,
        wake_admission=admitting.wake,
    )
    consumer = Consumer(settings.kafka, service=NAME, topics=TOPICS, handle=handlers.handle, producer=producer)
    return Service(
        NAME,
        address=Address(options.host, options.port),
        consumer=consumer,
        loops=(worker.run, admitting.run),
        progress=(worker.progress, admitting.progress),
        checks={"postgresql": database.ping, "druid": asked.ping, "kafka": lambda: admin.ping(settings.kafka)},
        closers=(producer.stop, own_druid.close, store.close, database.close),
    )


def _now() -> datetime:
    return datetime.now(UTC)
