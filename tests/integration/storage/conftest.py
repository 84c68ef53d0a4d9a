"""A bucket of our own on the real server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import pytest

from shared.storage.s3 import S3ObjectStore
from shared.storage.settings import MIB, S3Settings
from tests.integration.resources import fresh_bucket, own_bucket


@pytest.fixture(scope="session")
def s3_settings(profile: Mapping[str, str]) -> S3Settings:
    return own_bucket(profile, s3_part_bytes=5 * MIB)


@pytest.fixture
async def store(s3_settings: S3Settings) -> AsyncIterator[S3ObjectStore]:
    async with fresh_bucket(s3_settings) as made:
        yield made
