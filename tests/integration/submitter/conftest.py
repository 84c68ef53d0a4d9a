"""The submitter's handlers and effect on a real PostgreSQL, before a Druid that is scripted."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from shared.db import migrate
from shared.db.engine import Database
from tests.integration.resources import fresh_database
from tests.integration.submitter.bench import Bench
from tests.unit.druid.scripted import ScriptedDruid


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
    return Bench(own_database, ScriptedDruid())
