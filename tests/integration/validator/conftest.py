"""A validator's process of the test's own, on real servers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest_asyncio
from pydantic import SecretStr

from shared import ids
from shared.db.engine import DatabaseSettings
from shared.events import FileUploaded
from shared.kafka.producer import EventProducer
from shared.kafka.settings import KafkaSettings
from shared.kafka.topics import topic_name
from shared.storage.s3 import S3ObjectStore
from tests.integration.kafka.rig import Record, Seen, reading
from tests.integration.processes import service, variables
from tests.integration.resources import fresh_topics
from tests.integration.storage.conftest import s3_settings, store

__all__ = ["s3_settings", "store"]
PORT = 18_705


@dataclass
class Validator:
    """The running service, what it says, and how to send it files."""

    process: asyncio.subprocess.Process
    store: S3ObjectStore
    producer: EventProducer
    said: Seen[Record]
    sent: list[str] = field(default_factory=list)

    async def send(self, content: bytes) -> str:
        """Put a file into the store and announce it; returns its task."""
        task_id = ids.fresh_task_id()
        key = f"uploads/{task_id}"
        await self.store.put_bytes(key, content)
        await self.producer.emit(
            FileUploaded(
                task_id=task_id,
                datasource_name="hostile",
                file_uri=f"s3://{self.store.bucket}/{key}",
                file_size=len(content),
                accepted_at=datetime.now(UTC),
            )
        )
        self.sent.append(task_id)
        return task_id

    def rss_bytes(self) -> int:
        """What the service itself has in memory, without the process that reads a file."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


@pytest_asyncio.fixture
async def topics(profile: dict[str, str]) -> AsyncIterator[KafkaSettings]:
    async with fresh_topics(profile) as settings:
        yield settings


@pytest_asyncio.fixture
async def validator(
    topics: KafkaSettings,
    database_settings: DatabaseSettings,
    store: S3ObjectStore,
    tmp_path: Path,
) -> AsyncIterator[Validator]:
    said = [topic_name(topics, topic) for topic in ("file.validated", "task.updated")]
    producer = EventProducer(topics, source="test")
    async with (
        service("validator", _environment(topics, database_settings, store, tmp_path)) as process,
        reading(topics, *said) as seen,
    ):
        yield Validator(process, store, producer, seen)
    await producer.stop()


def _environment(
    kafka: KafkaSettings, database: DatabaseSettings, objects: S3ObjectStore, work_dir: Path
) -> dict[str, str]:
    s3 = objects.settings
    secret = s3.aws_secret_access_key
    assert isinstance(secret, SecretStr)
    return variables(
        database,
        kafka,
        VALIDATOR_PORT=str(PORT),
        VALIDATOR_WORK_DIR=str(work_dir),
        VALIDATOR_MAX_RSS_BYTES=str(1024**3),
        S3_ENDPOINT_URL=str(s3.s3_endpoint_url),
        S3_BUCKET_NAME=objects.bucket,
        AWS_REGION=s3.aws_region,
        AWS_ACCESS_KEY_ID=str(s3.aws_access_key_id),
        AWS_SECRET_ACCESS_KEY=secret.get_secret_value(),
    )
