"""A Druid that loads from a bucket of our own; nothing that a test has loaded stays in use."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from shared.druid import DruidSettings, HttpDruid
from shared.storage.s3 import S3ObjectStore
from shared.storage.settings import S3Settings
from tests.integration.druid.loading import Loader


@pytest.fixture(scope="session")
def druid_settings(profile: dict[str, str]) -> DruidSettings:
    return DruidSettings(url=profile["DRUID_URL"])


@pytest_asyncio.fixture(scope="session")
async def druid(druid_settings: DruidSettings) -> AsyncIterator[HttpDruid]:
    made = HttpDruid(druid_settings)
    yield made
    await made.close()


@pytest.fixture(scope="session")
def store_settings(profile: dict[str, str]) -> S3Settings:
    return S3Settings.model_validate(
        {
            "s3_endpoint_url": profile["S3_ENDPOINT_URL"],
            "aws_region": profile["AWS_REGION"],
            "aws_access_key_id": profile["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": profile["AWS_SECRET_ACCESS_KEY"],
            "s3_bucket_name": f"test-druid-{uuid.uuid4().hex[:12]}",
        }
    )


@pytest_asyncio.fixture(scope="session")
async def store(store_settings: S3Settings) -> AsyncIterator[S3ObjectStore]:
    made = S3ObjectStore(store_settings)
    await made.ensure_bucket()
    yield made
    for key in [found.key async for found in made.list("")]:
        await made.delete(key)
    await (await made.client()).delete_bucket(Bucket=made.bucket)
    await made.close()


@pytest_asyncio.fixture
async def datasource(druid_settings: DruidSettings) -> AsyncIterator[str]:
    """A name of its own, of the kind that breaks careless quoting."""
    name = f'it\'s "Δ" {uuid.uuid4().hex[:8]}'
    yield name
    async with httpx.AsyncClient(base_url=druid_settings.url, trust_env=False) as client:
        gone = await client.delete(
            f"/druid/coordinator/v1/datasources/{httpx.URL(path='/' + name).raw_path.decode()[1:]}"
        )
        assert gone.status_code in {200, 204}


@pytest.fixture
def loader(druid: HttpDruid, store: S3ObjectStore, datasource: str) -> Loader:
    return Loader(druid, store, datasource)
