"""The validator and contracts, on real servers: what it hears, what it waits for, and what it does without."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer
from sqlalchemy import select

from services.validator.app import create_app
from services.validator.settings import ValidatorOptions, ValidatorSettings
from shared import ids
from shared.db import migrate
from shared.db.engine import Database, DatabaseSettings
from shared.db.models import HeardContract, ValidationCommand, ValidationJob
from shared.events import DatasourceUpdated, FileUploaded, FileValidated, TaskEvent, TaskStatus, TaskUpdated
from shared.kafka.envelope import decode
from shared.kafka.producer import EventProducer
from shared.kafka.settings import KafkaSettings
from shared.kafka.topics import topic_name
from shared.storage.s3 import S3ObjectStore
from shared.storage.settings import S3Settings
from shared.telemetry import LogSettings
from tests.integration.resources import fresh_database, fresh_topics

DEADLINE_SECONDS = 60.0
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def contract_of(name: str, version: int, *, delimiter: str = ";") -> DatasourceUpdated:
    text = (
        f'format_version: 1\ndatasource: {name}\ndialect: {{delimiter: "{delimiter}"}}\n'
        'columns: [{name: ts, type: timestamp, role: time}, {name: "a,b", type: text}]\n'
    )
    return DatasourceUpdated(
        datasource_name=name,
        version=version,
        contract=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        created_at=NOW,
    )


@dataclass
class Talk:
    """A validator of the test's own between topics that the test writes and reads."""

    kafka: KafkaSettings
    database_settings: DatabaseSettings
    store: S3ObjectStore
    s3: S3Settings
    work_dir: Path
    producer: EventProducer
    database: Database
    heard: list[TaskEvent] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    name: str = field(default_factory=lambda: secrets.token_hex(6))

    @contextlib.asynccontextmanager
    async def validator(self, **options: Any) -> AsyncIterator[None]:
        settings = ValidatorSettings(
            options=ValidatorOptions(port=0, work_dir=self.work_dir, **options),
            kafka=self.kafka,
            database=self.database_settings,
            store=self.s3,
            log=LogSettings(),
        )
        async with create_app(settings).running():
            yield

    async def upload(self, content: str, *, announce: bool = True, **fields: Any) -> FileUploaded:
        """Store a file, and announce it; returns the event."""
        task_id = ids.fresh_task_id()
        key = f"uploads/{task_id}.csv"
        await self.store.put_bytes(key, content.encode())
        uri = f"s3://{self.store.bucket}/{key}"
        event = FileUploaded(task_id=task_id, datasource_name=self.name, file_uri=uri, accepted_at=NOW, **fields)
        if announce:
            await self.producer.emit(event)
        return event

    async def listen(self) -> None:
        topics = [topic_name(self.kafka, topic) for topic in (FileValidated.topic, TaskUpdated.topic)]
        consumer = AIOKafkaConsumer(*topics, auto_offset_reset="earliest", **self.kafka.client_arguments())
        await consumer.start()
        try:
            async for record in consumer:
                topic = record.topic.removeprefix(self.kafka.topic_prefix)
                received = decode(topic=topic, value=record.value, headers=record.headers, timestamp_ms=0)
                assert not isinstance(received.event, DatasourceUpdated)
                async with self.news:
                    self.heard.append(received.event)
                    self.news.notify_all()
        finally:
            await consumer.stop()

    async def hear(self, upload: FileUploaded, wanted: Callable[[TaskEvent], bool]) -> TaskEvent:
        """The first event of the task that is wanted, waited for."""

        def found() -> list[TaskEvent]:
            return [event for event in self.heard if event.task_id == upload.task_id and wanted(event)]

        async with asyncio.timeout(DEADLINE_SECONDS), self.news:
            await self.news.wait_for(lambda: bool(found()))
            return found()[0]

    async def verdict(self, upload: FileUploaded) -> FileValidated:
        event = await self.hear(upload, lambda one: isinstance(one, FileValidated) or is_end(one))
        assert isinstance(event, FileValidated), event
        return event

    async def verdict_of(self, upload: FileUploaded, attempt: int) -> FileValidated:
        """The verdict of a later attempt."""
        event = await self.hear(upload, lambda one: isinstance(one, FileValidated) and one.attempt == attempt)
        assert isinstance(event, FileValidated)
        return event

    async def command_kept(self, upload: FileUploaded) -> None:
        """Wait until the validator has heard a command about the task."""
        asking = select(ValidationCommand.command).where(ValidationCommand.task_id == upload.task_id)
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                async with self.database.transaction() as connection:
                    if (await connection.execute(asking)).first() is not None:
                        return
                await asyncio.sleep(0.05)

    async def versions(self) -> list[int]:
        asking = select(HeardContract.version).where(HeardContract.datasource_name == self.name)
        async with self.database.transaction() as connection:
            return sorted((await connection.execute(asking)).scalars())

    async def job(self, upload: FileUploaded) -> dict[str, Any]:
        asking = select(ValidationJob.__table__).where(ValidationJob.task_id == upload.task_id)
        async with self.database.transaction() as connection:
            return dict((await connection.execute(asking)).mappings().one())

    async def until_versions(self, *versions: int) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while await self.versions() != list(versions):  # noqa: ASYNC110  # another part of the process writes them
                await asyncio.sleep(0.05)


def is_end(event: TaskEvent) -> bool:
    return isinstance(event, TaskUpdated) and event.status.is_end


def is_waiting(event: TaskEvent) -> bool:
    return isinstance(event, TaskUpdated) and event.reason == "contract_awaited"


@pytest_asyncio.fixture
async def talk(
    profile: dict[str, str], store: S3ObjectStore, s3_settings: S3Settings, tmp_path: Path
) -> AsyncIterator[Talk]:
    async with fresh_topics(profile) as kafka, fresh_database(profile) as database_settings:
        await migrate.upgrade(database_settings)
        producer, database = EventProducer(kafka, source="test"), Database(database_settings)
        made = Talk(kafka, database_settings, store, s3_settings, tmp_path, producer, database)
        ear = asyncio.create_task(made.listen())
        yield made
        ear.cancel()
        await asyncio.gather(ear, return_exceptions=True)
        await producer.stop()
        await database.close()


async def test_the_pinned_version_judges_however_many_follow(talk: Talk) -> None:
    for version, delimiter in ((1, ";"), (2, "|"), (1, ";")):  # the last is a copy
        await talk.producer.emit(contract_of(talk.name, version, delimiter=delimiter))
    upload = await talk.upload("ts;a,b\n2024-01-01;x,y\n", contract_version=1)
    async with talk.validator():
        verdict = await talk.verdict(upload)
    assert verdict.contract_version == 1
    assert [column.source_name for column in verdict.columns] == ["a,b"]
    assert await talk.versions() == [1, 2]
    # Two topics are read at their own pace: it may have waited for its contract before.
    validating = await talk.hear(upload, lambda one: isinstance(one, TaskUpdated) and not is_waiting(one))
    assert isinstance(validating, TaskUpdated)
    assert (validating.status, validating.contract_version) == (TaskStatus.VALIDATING, 1)


async def test_a_file_waits_for_a_version_that_is_late(talk: Talk) -> None:
    async with talk.validator():
        upload = await talk.upload("ts;a,b\n2024-01-01;x,y\n", contract_version=1)
        waiting = await talk.hear(upload, is_waiting)
        assert isinstance(waiting, TaskUpdated)
        assert waiting.status is TaskStatus.PENDING
        assert (await talk.job(upload))["wait_reason"] == "contract_awaited"
        await talk.producer.emit(contract_of(talk.name, 1))
        verdict = await talk.verdict(upload)
    assert verdict.contract_version == 1
    assert (await talk.job(upload))["deaths"] == 0


async def test_a_version_that_never_comes_fails_the_task(talk: Talk) -> None:
    async with talk.validator(contract_patience=timedelta(seconds=1)):
        upload = await talk.upload("ts;a,b\n2024-01-01;x,y\n", contract_version=9)
        end = await talk.hear(upload, is_end)
    assert isinstance(end, TaskUpdated)
    assert (end.status, end.reason) == (TaskStatus.FAILED, "contract_missing")
    assert end.problems[0].detail["contract_version"] == 9


async def test_a_record_without_a_version_gets_the_latest_that_was_told_before(talk: Talk) -> None:
    for version, delimiter in ((1, "|"), (2, ";")):
        await talk.producer.emit(contract_of(talk.name, version, delimiter=delimiter))
    upload = await talk.upload("ts;a,b\n2024-01-01;x,y\n")
    async with talk.validator():
        verdict = await talk.verdict(upload)
        await talk.producer.emit(contract_of(talk.name, 3, delimiter="|"))
        await talk.until_versions(1, 2, 3)
        await talk.producer.emit(upload)
        after = await talk.upload("ts|a,b\n2024-01-01|x,y\n")
        assert (await talk.verdict(after)).contract_version == 3
    assert verdict.contract_version == 2
    assert (await talk.job(upload))["contract_version"] == 2


@pytest.mark.parametrize("version", [0, None])
async def test_without_a_contract_a_file_is_judged_as_before(talk: Talk, version: int | None) -> None:
    async with talk.validator():
        upload = await talk.upload("ts,n\n2024-01-01,1\n", contract_version=version)
        verdict = await talk.verdict(upload)
    assert verdict.contract_version is None
    assert (await talk.job(upload))["contract_version"] == 0
