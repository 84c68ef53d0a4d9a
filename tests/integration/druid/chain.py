"""Submitter and monitor in this process, on real servers, between topics that a test writes and reads."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer

from services.monitor.app import create_app as create_monitor
from services.monitor.settings import MonitorOptions, MonitorSettings
from services.submitter.app import create_app as create_submitter
from services.submitter.settings import SubmitterOptions, SubmitterSettings
from services.submitter.spec import Load
from shared.db.engine import DatabaseSettings
from shared.druid import DruidSettings
from shared.events import DatasourceUpdated, FileValidated, LoadOptions, Part, TaskEvent, TaskStatus, TaskUpdated
from shared.kafka.envelope import decode
from shared.kafka.producer import EventProducer
from shared.kafka.settings import KafkaSettings
from shared.kafka.topics import topic_name
from shared.service import Service
from shared.storage.settings import S3Settings
from shared.telemetry import LogSettings

DEADLINE_SECONDS = 60.0
TOPICS = ("task.updated", "druid.submitted", "task.commands")


@dataclass(frozen=True)
class Servers:
    """Where everything is."""

    kafka: KafkaSettings
    database: DatabaseSettings
    druid: DruidSettings
    store: S3Settings

    def submitter(self, **options: Any) -> Service:
        groups = {"kafka": self.kafka, "database": self.database, "druid": self.druid, "store": self.store}
        groups["log"] = LogSettings()
        return create_submitter(SubmitterSettings(options=SubmitterOptions(**options), **groups))  # type: ignore[arg-type]  # the groups are of the classes that their names say

    def monitor(self, **options: Any) -> Service:
        groups = {"kafka": self.kafka, "database": self.database, "druid": self.druid, "log": LogSettings()}
        return create_monitor(MonitorSettings(options=MonitorOptions(**options), **groups))  # type: ignore[arg-type]  # see above


@dataclass
class Talk:
    """What a test says on the topics, and what it hears."""

    servers: Servers
    producer: EventProducer
    heard: list[TaskEvent] = field(default_factory=list)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def say(self, *events: TaskEvent) -> None:
        for event in events:
            await self.producer.emit(event)

    async def listen(self) -> None:
        consumer = AIOKafkaConsumer(
            *(topic_name(self.servers.kafka, topic) for topic in TOPICS),
            auto_offset_reset="earliest",
            **self.servers.kafka.client_arguments(),
        )
        await consumer.start()
        try:
            async for record in consumer:
                topic = record.topic.removeprefix(self.servers.kafka.topic_prefix)
                received = decode(topic=topic, value=record.value, headers=record.headers, timestamp_ms=0)
                async with self._news:
                    if not isinstance(received.event, DatasourceUpdated):
                        self.heard.append(received.event)
                    self._news.notify_all()
        finally:
            await consumer.stop()

    async def hear(self, wanted: Callable[[TaskEvent], bool]) -> TaskEvent:
        """The first event that is wanted, waited for."""
        async with asyncio.timeout(DEADLINE_SECONDS), self._news:
            await self._news.wait_for(lambda: any(map(wanted, self.heard)))
            return next(filter(wanted, self.heard))

    async def end_of(self, task_id: str) -> TaskUpdated:
        found = await self.hear(
            lambda event: isinstance(event, TaskUpdated) and event.task_id == task_id and event.status.is_end
        )
        assert isinstance(found, TaskUpdated)
        return found

    def states_of(self, task_id: str) -> list[TaskStatus]:
        """The states that were said, each once, in the order of their first time."""
        said = (event for event in self.heard if isinstance(event, TaskUpdated) and event.task_id == task_id)
        return list(dict.fromkeys(event.status for event in said))


@contextlib.asynccontextmanager
async def talking(servers: Servers) -> AsyncIterator[Talk]:
    talk = Talk(servers, EventProducer(servers.kafka, source="test"))
    ear = asyncio.create_task(talk.listen())
    try:
        yield talk
    finally:
        ear.cancel()
        await asyncio.gather(ear, return_exceptions=True)
        await talk.producer.stop()


def validated(load: Load, *, accepted_at: datetime | None = None, **changes: Any) -> FileValidated:
    """The event that leads to a load."""
    now = datetime.now(UTC)
    event = FileValidated(
        task_id=load.task_id,
        datasource_name=load.datasource,
        accepted_at=accepted_at or now,
        options=LoadOptions(mode=load.mode),
        run_id="run",
        bucket=load.bucket,
        parts=tuple(Part(key=key, rows=1, bytes=1, sha256="0" * 64) for key in load.keys),
        columns=load.columns,
        rows_read=load.rows + 7,
        rows_accepted=load.rows,
        rows_rejected=7,
        time_min=load.time_min,
        time_max=load.time_max,
        time_column="when",
        file_size=1,
        report_key="reports/r.json",
        started_at=now,
        finished_at=now,
    )
    return event.model_copy(update=changes)


def with_keys(load: Load, *keys: str) -> Load:
    return replace(load, keys=keys)


@dataclass
class Gate:
    """A port before Druid that drops every connection unless it is `open`, and counts those that it dropped.

    While it is open it cuts the answers to posts to the path `swallows`: Druid has them, and nobody hears of it.
    """

    target: DruidSettings
    open: bool = False
    swallows: str | None = None
    url: str = ""
    drops: int = 0
    cuts: int = 0

    @classmethod
    @contextlib.asynccontextmanager
    async def before(cls, target: DruidSettings) -> AsyncIterator[Gate]:
        gate = cls(target)
        server = await asyncio.start_server(gate.connected, "127.0.0.1", 0)
        gate.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            yield gate

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one request of one connection, so that closing the gate is felt at the next."""
        with contextlib.closing(writer), contextlib.suppress(httpx.HTTPError, OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            if not self.open:
                self.drops += 1
                return
            method, path, _ = head.split(" ", 2)
            length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
            body = await reader.readexactly(int(length[1])) if length else b""
            async with httpx.AsyncClient(base_url=self.target.url, trust_env=False) as client:
                headers = {"content-type": "application/json"} if body else None
                answer = await client.request(method, path, content=body, headers=headers)
            if (method, path) == ("POST", self.swallows):
                self.cuts += 1
                return
            writer.write(f"HTTP/1.1 {answer.status_code} X\r\ncontent-type: application/json\r\n".encode())
            writer.write(f"connection: close\r\ncontent-length: {len(answer.content)}\r\n\r\n".encode())
            writer.write(answer.content)
            await writer.drain()

    async def swallowed(self, cuts: int) -> None:
        """Return when that many answers were cut."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while self.cuts < cuts:  # noqa: ASYNC110  # a counter is all that there is
                await asyncio.sleep(0.02)

    async def dropped(self, more: int) -> None:
        """Return when that many more connections were dropped."""
        enough = self.drops + more
        async with asyncio.timeout(DEADLINE_SECONDS):
            while self.drops < enough:  # noqa: ASYNC110  # a counter is all that there is
                await asyncio.sleep(0.02)
