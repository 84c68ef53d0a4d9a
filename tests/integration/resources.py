"""Databases and topics of a test's own, on whichever servers there are; gone when the test is over."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.db.engine import DatabaseSettings
from shared.kafka.admin import admin_client, create_topics
from shared.kafka.settings import KafkaSettings


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


async def _execute(server: DatabaseSettings, statement: str) -> None:
    engine = create_async_engine(server.url(), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
