"""Databases, topics and buckets of a test's own, on whichever servers there are; gone when the test is over."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.db.engine import DatabaseSettings
from shared.kafka.admin import admin_client, create_topics
from shared.kafka.settings import KafkaSettings
from shared.storage.s3 import S3ObjectStore
from shared.storage.settings import S3Settings


@asynccontextmanager
async def fresh_database(profile: Mapping[str, str]) -> AsyncIterator[DatabaseSettings]:
    """An empty database, without tables."""
    server = DatabaseSettings(
        host=profile["DB_HOST"],
        port=int(profile["DB_PORT"]),
        user=profile["DB_USER"],
        password=SecretStr(profile["DB_PASSWORD"]),
        name=profile["DB_NAME"],
    )
    name = f"test_{secrets.token_hex(6)}"
    await _execute(server, f'CREATE DATABASE "{name}"')
    try:
        yield server.model_copy(update={"name": name})
    finally:
        await _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@asynccontextmanager
async def fresh_topics(profile: Mapping[str, str], *, partitions: int = 2) -> AsyncIterator[KafkaSettings]:
    """Settings with a prefix of their own, under which every topic exists and is empty."""
    settings = KafkaSettings(
        bootstrap_servers=profile["KAFKA_BOOTSTRAP_SERVERS"],
        topic_prefix=f"test-{secrets.token_hex(6)}-",
        partitions=partitions,
        replication_factor=1,
    )
    names, _ = await create_topics(settings)
    try:
        yield settings
    finally:
        async with admin_client(settings) as client:
            await client.delete_topics(names)


def own_bucket(profile: Mapping[str, str], **more: Any) -> S3Settings:
    """Settings with a bucket that nobody has made yet; `more` are other fields of theirs."""
    return S3Settings(
        s3_endpoint_url=profile["S3_ENDPOINT_URL"],
        s3_bucket_name=f"test-{uuid.uuid4().hex[:12]}",
        aws_region=profile["AWS_REGION"],
        aws_access_key_id=profile["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=SecretStr(profile["AWS_SECRET_ACCESS_KEY"]),
        **more,
    )


@asynccontextmanager
async def fresh_bucket(settings: S3Settings) -> AsyncIterator[S3ObjectStore]:
    """The bucket of the settings, empty."""
    made = S3ObjectStore(settings)
    await made.ensure_bucket()
    try:
        yield made
    finally:
        for key in [found.key async for found in made.list("")]:
            await made.abort_uploads(key)
            await made.delete(key)
        await (await made.client()).delete_bucket(Bucket=made.bucket)
        await made.close()


async def _execute(server: DatabaseSettings, statement: str) -> None:
    engine = create_async_engine(server.url(), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
