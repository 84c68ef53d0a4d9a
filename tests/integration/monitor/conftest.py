"""The monitor's looks at a real PostgreSQL, at a Druid that is scripted, at times that a test sets."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from shared.db import migrate
from shared.db.engine import Database
from tests.integration.monitor.bench import Bench
from tests.integration.resources import fresh_database


@pytest_asyncio.fixture(scope="module")
async def own_database(profile: dict[str, str]) -> AsyncIterator[Database]:
    """Tables that no other service of this session looks into."""
    async with fresh_database(profile) as settings:
        await migrate.upgrade(settings)
        opened = Database(settings)
        yield opened
        await opened.close()


@pytest.fixture
def bench(own_database: Database) -> Bench:
    return Bench(own_database)
