"""A bucket of our own on the real server."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping

import pytest
from pydantic import SecretStr

from shared.storage.s3 import S3ObjectStore
from shared.storage.settings import MIB, S3Settings


@pytest.fixture(scope="session")
def s3_settings(profile: Mapping[str, str]) -> S3Settings:
    return S3Settings(
        s3_endpoint_url=profile["S3_ENDPOINT_URL"],
        s3_bucket_name=f"test-{uuid.uuid4().hex[:12]}",
        aws_region=profile["AWS_REGION"],
        aws_access_key_id=profile["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=SecretStr(profile["AWS_SECRET_ACCESS_KEY"]),
        s3_part_bytes=5 * MIB,
    )


@pytest.fixture
async def store(s3_settings: S3Settings) -> AsyncIterator[S3ObjectStore]:
    made = S3ObjectStore(s3_settings)
    await made.ensure_bucket()
    yield made
    for key in [found.key async for found in made.list("")]:
        await made.delete(key)
    await (await made.client()).delete_bucket(Bucket=made.bucket)
    await made.close()
