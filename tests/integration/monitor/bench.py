"""One watched task: a test sets what Druid answers and what time it is, and takes one look after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import select, update

from services.monitor.evidence import Patience
from services.monitor.handlers import Handlers
from services.monitor.verifying import Verifying
from services.monitor.watching import Pace, Watching
from shared import ids
from shared.db.engine import Database
from shared.db.models import DruidWatch, Verification
from shared.druid import DruidState, DruidTaskStatus
from shared.events import DruidSubmitted, TaskCommand, TaskEvent, TaskStatus, TaskUpdated
from shared.inbox import Inbox, Job
from shared.kafka.envelope import Received
from shared.kafka.producer import EventProducer
from shared.worker import Done, Wait
from tests.unit.druid.scripted import ScriptedDruid

PATIENCE = Patience(
    missing=timedelta(seconds=60),
    settle=timedelta(seconds=3),
    report=timedelta(seconds=3),
    count=timedelta(seconds=30),
    visible=timedelta(seconds=150),
    repost=timedelta(minutes=5),
    load=timedelta(minutes=30),
)
PACE = Pace(timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=3))
SUCCESS = DruidTaskStatus(DruidState.SUCCESS, placed=True, error=None)
RUNNING = DruidTaskStatus(DruidState.RUNNING, placed=True, error=None)
FAILED = DruidTaskStatus(DruidState.FAILED, placed=True, error="no disk")


@dataclass
class Ear:
    """Hears every event; `fails` is raised once, after it has heard an end."""

    heard: list[TaskEvent] = field(default_factory=list)
    fails: Exception | None = None

    async def emit(self, event: TaskEvent, *, traceparent: str | None = None) -> None:
        del traceparent
        self.heard.append(event)
        if self.fails is not None and isinstance(event, TaskUpdated) and event.status.is_end:
            raised, self.fails = self.fails, None
            raise raised


@dataclass
class Bench:
    """One monitor, one watch of nine rows."""

    database: Database
    druid: ScriptedDruid = field(default_factory=ScriptedDruid)
    ear: Ear = field(default_factory=Ear)
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    watches_known: bool = True

    def __post_init__(self) -> None:
        self.inbox = Inbox(self.database, DruidWatch, owner="bench", lease_for=timedelta(minutes=5))
        self.verifications = Inbox(self.database, Verification, owner="bench", lease_for=timedelta(minutes=5))
        self.handlers = Handlers(self.database, self.inbox, self.verifications, lambda: None, lambda: None)
        self.restart()
        task_id = ids.fresh_task_id()
        self.event = DruidSubmitted(
            task_id=task_id,
            datasource_name="d",
            druid_task_id=ids.druid_task_id(task_id=task_id, attempt=1),
            spec_hash="h",
            intervals=("2013-01-01T00:00:00.000Z/2014-01-01T00:00:00.000Z",),
            rows_read=9,
            rows_accepted=9,
            rows_rejected=0,
            submitted_at=self.now,
        )

    def restart(self) -> None:
        """As after the end of the process: what it remembered is gone."""
        self.watching = Watching(
            self.inbox, self.druid, cast("EventProducer", self.ear), PATIENCE, PACE, clock=lambda: self.now
        )
        self.verifying = Verifying(
            self.database, self.druid, PATIENCE, clock=lambda: self.now, known=self._watches_known
        )

    async def _watches_known(self) -> bool:
        return self.watches_known

    async def put(self) -> None:
        await self.say(self.event)

    async def say(self, *events: TaskEvent) -> None:
        for event in events:
            await self.handlers.handle(Received(event, event.event_id, None))

    async def verify(self, command: TaskCommand) -> Done | Wait:
        """One try to count again."""
        async with self.database.transaction() as connection:
            await connection.execute(update(Verification).values(lane=1))
            mine = Verification.event_id == command.event_id
            await connection.execute(update(Verification).where(mine).values(lane=0, lease_owner=None))
            await connection.execute(update(Verification).where(mine).values(lease_until=None))
        (job,) = await self.verifications.lease(1)
        assert job.event_id == command.event_id
        return await self.verifying(job)

    async def lease(self) -> Job:
        """The watch, leased, as if its holder had vanished and its pause were over."""
        mine = DruidWatch.event_id == self.event.event_id
        free = {"lease_owner": None, "lease_until": None, "available_at": datetime(2020, 1, 1, tzinfo=UTC)}
        async with self.database.transaction() as connection:
            await connection.execute(update(DruidWatch).values(lane=1))
            await connection.execute(update(DruidWatch).where(mine).values(lane=0, **free))
        (job,) = await self.inbox.lease(1)
        assert job.event_id == self.event.event_id
        return job

    async def look(self, status: DruidTaskStatus | None, *, after: float = 0) -> None:
        """One look, so many seconds after the last."""
        self.now += timedelta(seconds=after)
        await self.watching.look(await self.lease(), status)

    async def row(self) -> dict[str, Any]:
        async with self.database.transaction() as connection:
            mine = select(DruidWatch.__table__).where(DruidWatch.event_id == self.event.event_id)
            return dict((await connection.execute(mine)).mappings().one())

    def ends(self) -> list[TaskUpdated]:
        return [one for one in self.ear.heard if isinstance(one, TaskUpdated) and one.status.is_end]

    def reposts(self) -> list[TaskCommand]:
        return [one for one in self.ear.heard if isinstance(one, TaskCommand)]

    def said(self, status: TaskStatus) -> int:
        return sum(isinstance(one, TaskUpdated) and one.status is status for one in self.ear.heard)
