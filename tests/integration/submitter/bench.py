"""Says events to the submitter's handlers and takes its steps one at a time."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from services.submitter.admitting import Admitting, Rhythm
from services.submitter.cancelling import Cancelling
from services.submitter.comparing import Comparing
from services.submitter.freezing import Freezing
from services.submitter.gauge import Gauge
from services.submitter.handlers import Handlers
from services.submitter.keeping import Keeping
from services.submitter.preparing import Preparing
from services.submitter.slots import Sizes
from services.submitter.submitting import Rules, Submitting
from shared import ids
from shared.db.engine import Database
from shared.db.models import Submission
from shared.events import FileUploaded, FileValidated, LoadMode, LoadOptions, Part, TaskEvent, TaskStatus, TaskUpdated
from shared.inbox import Inbox, Job
from shared.kafka.envelope import Received
from shared.storage.memory import InMemoryObjectStore
from shared.worker import Done, Wait
from tests.unit.druid.scripted import ScriptedDruid
from tests.unit.druid.scripted_columns import ScriptedColumns
from tests.unit.druid.scripted_segments import ScriptedSegments

START = datetime(2026, 1, 1, tzinfo=UTC)
RULES = Rules(timedelta(seconds=2), count_first_after=timedelta(hours=24))
SIZES = Sizes(small_rows=1000, small_bytes=1000, most_sub_tasks=2)


@dataclass
class Bench:
    """One submitter, whose clock is `later` than ours; `datasource` is its own, so tests share the tables."""

    database: Database
    druid: ScriptedDruid
    datasource: str = field(default_factory=lambda: secrets.token_hex(6))
    line_known: bool = True
    ends_known: bool = True
    later: timedelta = timedelta(0)
    segments: ScriptedSegments = field(default_factory=ScriptedSegments)
    columns: ScriptedColumns = field(default_factory=ScriptedColumns)

    def __post_init__(self) -> None:
        self.store = InMemoryObjectStore()
        self.store.buckets[self.store.bucket] = {}
        self.inbox = Inbox(self.database, Submission, owner="bench", lease_for=timedelta(minutes=5))
        self.gauge = Gauge(self.druid, every=timedelta(0), slots=None, clock=self._now)
        self.admitting = Admitting(
            self.database, self.gauge, Rhythm(), line_known=self._line_known, wake_worker=lambda: None
        )
        preparing = Preparing(
            self.druid,
            self.druid.capabilities,
            Comparing(self.columns),
            self.store,
            lifetime=timedelta(days=1),
            rows_per_segment=1000,
        )
        self.effect = Submitting(
            self.database,
            self.inbox,
            self.druid,
            RULES,
            self.admitting,
            Freezing(preparing, self.segments),
            Keeping(self.store),
            clock=self._now,
            ends_known=self._ends_known,
        )
        self.handlers = Handlers(
            self.database,
            self.inbox,
            Cancelling(self.inbox, self._now),
            SIZES,
            wake_worker=lambda: None,
            wake_admission=lambda: None,
        )

    def _now(self) -> datetime:
        return datetime.now(UTC) + self.later

    async def _line_known(self) -> bool:
        return self.line_known

    async def _ends_known(self) -> bool:
        return self.ends_known

    def upload(self, mode: LoadMode, *, at: float, task_id: str | None = None) -> FileUploaded:
        return FileUploaded(
            task_id=task_id or ids.fresh_task_id(),
            datasource_name=self.datasource,
            file_uri="s3://ingest/uploads/x.csv",
            accepted_at=START + timedelta(seconds=at),
            options=LoadOptions(mode=mode),
        )

    async def say(self, *events: TaskEvent) -> None:
        for event in events:
            await self.handlers.handle(Received(event, event.event_id, None))

    async def end(self, event: TaskEvent) -> None:
        await self.say(TaskUpdated(task_id=event.task_id, status=TaskStatus.FAILED, occurred_at=datetime.now(UTC)))

    async def lease(self, event: TaskEvent) -> Job:
        """The row of a task, leased, however long it was to wait."""
        mine, first = Submission.task_id == event.task_id, 1000
        async with self.database.transaction() as connection:
            free = {"lease_owner": None, "lease_until": None, "available_at": START, "lane": Submission.lane - first}
            await connection.execute(update(Submission).where(mine).values(**free))
        (job,) = await self.inbox.lease(1)
        async with self.database.transaction() as connection:
            await connection.execute(update(Submission).where(mine).values(lane=Submission.lane + first))
        assert job.task_id == event.task_id
        return job

    async def step(self, event: TaskEvent) -> Done | Wait:
        """One try of a task's submission, settled as a worker would."""
        job = await self.lease(event)
        outcome = await self.effect(job)
        if isinstance(outcome, Done):
            await self.inbox.finish(job)
        else:
            await self.inbox.release(job, delay=outcome.delay, reason=outcome.reason)
        return outcome

    async def row(self, event: TaskEvent) -> dict[str, Any]:
        async with self.database.transaction() as connection:
            found = await connection.execute(select(Submission.__table__).where(Submission.task_id == event.task_id))
            return dict(found.mappings().one())


def verdict(event: FileUploaded, **changes: Any) -> FileValidated:
    """The validator's word about an upload, of two rows of 2013."""
    moment = datetime(2013, 1, 1, tzinfo=UTC)
    made = FileValidated(
        task_id=event.task_id,
        datasource_name=event.datasource_name,
        accepted_at=event.accepted_at,
        options=event.options,
        run_id="run",
        bucket="ingest",
        parts=(Part(key="validated/part-00000.ndjson.gz", rows=2, bytes=1, sha256="0" * 64),),
        columns=(),
        rows_read=2,
        rows_accepted=2,
        rows_rejected=0,
        time_min=moment,
        time_max=moment,
        time_column="when",
        file_size=1,
        report_key="reports/r.json",
        started_at=moment,
        finished_at=moment,
    )
    return made.model_copy(update=changes)
