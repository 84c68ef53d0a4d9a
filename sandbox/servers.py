"""What a short-lived installation has on the real servers, and how it is made and removed."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import quote

import aioboto3
import asyncpg
import httpx
from aiobotocore.config import AioConfig
from aiokafka.admin import AIOKafkaAdminClient
from botocore.exceptions import ClientError

ALL_TIME = "0000-01-01/9999-12-31"
KILL_SECONDS = 120.0
# No checksum beside the signature, which covers the body over HTTP already: what our own store does, too.
LEAN = AioConfig(
    signature_version="s3v4",
    s3={"addressing_style": "path"},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)
LOOK_SECONDS = 0.2


class Servers:
    """PostgreSQL, the object store, Kafka and Druid, by the variables of a profile."""

    def __init__(self, profile: Mapping[str, str]) -> None:
        self._profile = profile

    @contextlib.asynccontextmanager
    async def connection(self, database: str) -> AsyncIterator[asyncpg.Connection]:
        """A connection to a database, by the bare driver."""
        connection = await asyncpg.connect(**self.database_arguments(database))
        try:
            yield connection
        finally:
            await connection.close()

    def database_arguments(self, database: str) -> dict[str, Any]:
        """What asyncpg takes to connect."""
        return {
            "host": self._profile["DB_HOST"],
            "port": int(self._profile["DB_PORT"]),
            "user": self._profile["DB_USER"],
            "password": self._profile["DB_PASSWORD"],
            "database": database,
        }

    def s3(self) -> Any:
        """A client of the object store, to be used as an asynchronous context manager."""
        return aioboto3.Session().client(
            "s3",
            endpoint_url=self._profile["S3_ENDPOINT_URL"],
            region_name=self._profile["AWS_REGION"],
            aws_access_key_id=self._profile["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self._profile["AWS_SECRET_ACCESS_KEY"],
            config=LEAN,
        )

    async def create_database(self, name: str) -> None:
        """Make an empty database."""
        async with self.connection(self._profile["DB_NAME"]) as connection:
            await connection.execute(f'CREATE DATABASE "{name}"')

    async def drop_database(self, name: str) -> None:
        """Remove a database, whoever is connected; no error if there is none."""
        async with self.connection(self._profile["DB_NAME"]) as connection:
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def drop_bucket(self, name: str) -> None:
        """Remove a bucket with its objects and unfinished uploads; no error if there is none."""
        async with self.s3() as s3:
            try:
                await self._empty(s3, name)
                await s3.delete_bucket(Bucket=name)
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") != "NoSuchBucket":
                    raise

    async def delete_topics(self, prefix: str) -> None:
        """Remove every topic whose name starts with `prefix`; Kafka forgets groups that have no topic left."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self._profile["KAFKA_BOOTSTRAP_SERVERS"])
        await admin.start()
        try:
            await admin.delete_topics([name for name in await admin.list_topics() if name.startswith(prefix)])
        finally:
            await admin.close()

    def drop_datasources(self, names: set[str]) -> None:
        """Take datasources out of service and remove their segments from deep storage; waits until that is done."""
        with httpx.Client(base_url=self._profile["DRUID_URL"], timeout=60, trust_env=False) as druid:
            tasks = [task for name in sorted(names) if (task := _kill(druid, name))]
            deadline = time.monotonic() + KILL_SECONDS
            while tasks and time.monotonic() < deadline:
                answer = druid.post("/druid/indexer/v1/taskStatus", json=tasks).raise_for_status().json()
                tasks = [task for task in tasks if answer.get(task, {}).get("status") == "RUNNING"]
                time.sleep(LOOK_SECONDS)

    async def _empty(self, s3: Any, bucket: str) -> None:
        uploads = await s3.list_multipart_uploads(Bucket=bucket)
        for one in uploads.get("Uploads", []):
            await s3.abort_multipart_upload(Bucket=bucket, Key=one["Key"], UploadId=one["UploadId"])
        while found := (await s3.list_objects_v2(Bucket=bucket)).get("Contents"):
            await asyncio.gather(*(s3.delete_object(Bucket=bucket, Key=one["Key"]) for one in found))


def _kill(druid: httpx.Client, datasource: str) -> str | None:
    """Mark every segment unused and have them removed; the id of Druid's task, or None if it takes none."""
    druid.delete(f"/druid/coordinator/v1/datasources/{quote(datasource, safe='')}").raise_for_status()
    task = {"type": "kill", "dataSource": datasource, "interval": ALL_TIME}
    answer = druid.post("/druid/indexer/v1/task", json=task)
    return str(answer.json()["task"]) if answer.is_success else None
