"""A projector of the test's own, on real servers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from services.projector.settings import HttpSettings, ProjectorSettings
from shared.db.engine import DatabaseSettings
from shared.kafka.producer import EventProducer
from shared.telemetry import LogSettings
from tests.integration.resources import fresh_topics


@pytest_asyncio.fixture
async def projector_settings(
    profile: dict[str, str], database_settings: DatabaseSettings
) -> AsyncIterator[ProjectorSettings]:
    """Topics that nobody else writes to, and the session's database."""
    async with fresh_topics(profile) as kafka:
        yield ProjectorSettings(
            http=HttpSettings(port=18704), kafka=kafka, database=database_settings, log=LogSettings()
        )


@pytest_asyncio.fixture
async def producer(projector_settings: ProjectorSettings) -> AsyncIterator[EventProducer]:
    connected = EventProducer(projector_settings.kafka, source="test")
    yield connected
    await connected.stop()
