"""Real servers for every test below: the local stack's, or containers with TEST_BACKEND=docker."""

from __future__ import annotations

import importlib
import os
from collections.abc import AsyncIterator, Iterator, Mapping

import pytest
import pytest_asyncio

from shared.db import migrate
from shared.db.engine import Database, DatabaseSettings
from shared.kafka.settings import KafkaSettings
from shared.storage.s3 import S3ObjectStore
from shared.storage.settings import S3Settings
from tests.integration.resources import fresh_bucket, fresh_database, fresh_topics, own_bucket

BACKENDS = {"native": "tests.integration.native", "docker": "tests.integration.containers"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/integration/" in item.path.as_posix():
            item.add_marker(pytest.mark.integration)


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, str]]:
    """Where the servers are, as the variables of a profile; only the chosen backend is imported."""
    backend = importlib.import_module(BACKENDS[os.environ.get("TEST_BACKEND", "native")])
    with backend.servers() as variables:
        yield variables


@pytest.fixture(scope="session")
def profile(servers: dict[str, str]) -> dict[str, str]:
    return servers


@pytest_asyncio.fixture(scope="session")
async def database_settings(profile: dict[str, str]) -> AsyncIterator[DatabaseSettings]:
    """A database of this session, with every table."""
    async with fresh_database(profile) as settings:
        await migrate.upgrade(settings)
        yield settings


@pytest_asyncio.fixture(scope="session")
async def database(database_settings: DatabaseSettings) -> AsyncIterator[Database]:
    opened = Database(database_settings)
    yield opened
    await opened.close()


@pytest_asyncio.fixture(scope="session")
async def kafka_settings(profile: dict[str, str]) -> AsyncIterator[KafkaSettings]:
    """A prefix of this session, with every topic."""
    async with fresh_topics(profile) as settings:
        yield settings


@pytest.fixture(scope="session")
def s3_settings(profile: Mapping[str, str]) -> S3Settings:
    return own_bucket(profile)


@pytest_asyncio.fixture(scope="session")
async def store(s3_settings: S3Settings) -> AsyncIterator[S3ObjectStore]:
    async with fresh_bucket(s3_settings) as made:
        yield made
