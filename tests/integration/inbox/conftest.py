from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from sqlalchemy import delete

from shared.db.engine import Database
from shared.db.models import OutboxRow, ValidationJob
from shared.kafka.settings import KafkaSettings
from tests.integration.resources import fresh_topics


@pytest_asyncio.fixture
async def store(database: Database) -> AsyncIterator[Database]:
    """The database, without rows in the two tables."""
    await _empty(database)
    yield database
    await _empty(database)


@pytest_asyncio.fixture
async def topics(profile: dict[str, str]) -> AsyncIterator[KafkaSettings]:
    """Topics of this test's own, of one partition each."""
    async with fresh_topics(profile, partitions=1) as settings:
        yield settings


async def _empty(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(delete(ValidationJob))
        await connection.execute(delete(OutboxRow))
