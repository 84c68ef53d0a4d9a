from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from shared.kafka.settings import KafkaSettings
from tests.integration.kafka.rig import Rig, rig_on
from tests.integration.resources import fresh_topics


@pytest_asyncio.fixture
async def topics(profile: dict[str, str]) -> AsyncIterator[KafkaSettings]:
    """Topics of this test's own, of one partition each: what is sent later is read later."""
    async with fresh_topics(profile, partitions=1) as settings:
        yield settings


@pytest_asyncio.fixture
async def rig(topics: KafkaSettings) -> AsyncIterator[Rig]:
    async with rig_on(topics) as running:
        yield running


@pytest_asyncio.fixture(scope="module")
async def shared_rig(profile: dict[str, str]) -> AsyncIterator[Rig]:
    """One consumer that meets one hostile record after the other."""
    async with fresh_topics(profile, partitions=1) as settings, rig_on(settings) as running:
        yield running
