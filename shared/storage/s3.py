"""The object store over S3, through aioboto3; proven on versitygw."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING

import aioboto3
from aiobotocore.config import AioConfig
from botocore.exceptions import ClientError

from shared.storage.port import (
    OCTET_STREAM,
    ObjectChangedError,
    ObjectNotFoundError,
    StorageRefusedError,
    StoredObject,
)
from shared.storage.s3_errors import translated
from shared.storage.s3_writer import S3Writer
from shared.storage.settings import S3Settings
from shared.storage.transfers import PIECE_BYTES, FileTransfers

if TYPE_CHECKING:  # the stubs are a development dependency
    from types_aiobotocore_s3 import S3Client

_DEFAULT_REGION = "us-east-1"


class S3ObjectStore(FileTransfers):
    """A bucket of S3 or of a server that speaks it. Connects when first used."""

    def __init__(self, settings: S3Settings) -> None:
        self.settings = settings
        self._opened: S3Client | None = None
        self._opening = asyncio.Lock()
        self._closer = AsyncExitStack()

    @property
    def bucket(self) -> str:
        """See `ObjectStore.bucket`."""
        return self.settings.s3_bucket_name

    async def ensure_bucket(self) -> None:
        """See `ObjectStore.ensure_bucket`."""
        client = await self.client()
        try:
            with translated(self.bucket):
                await client.head_bucket(Bucket=self.bucket)
        except ObjectNotFoundError:
            with translated(self.bucket):
                await self._create_bucket(client)

    async def ping(self) -> None:
        """See `ObjectStore.ping`."""
        client = await self.client()
        try:
            with translated(self.bucket):
                await client.head_bucket(Bucket=self.bucket)
        except ObjectNotFoundError:
            msg = f"there is no bucket {self.bucket}"
            raise StorageRefusedError(msg) from None

    async def close(self) -> None:
        """See `ObjectStore.close`."""
        self._opened = None
        await self._closer.aclose()

    def writer(self, key: str, *, if_absent: bool = False, content_type: str = OCTET_STREAM) -> S3Writer:
        """See `ObjectStore.writer`."""
        return S3Writer(self, key, if_absent=if_absent, content_type=content_type)

    async def head(self, key: str, *, bucket: str | None = None) -> StoredObject:
        """See `ObjectStore.head`."""
        client = await self.client()
        with translated(key):
            found = await client.head_object(Bucket=bucket or self.bucket, Key=key)
        return StoredObject(key, found["ContentLength"], found["ETag"])

    async def read(self, key: str, *, etag: str | None = None, bucket: str | None = None) -> AsyncIterator[bytes]:
        """See `ObjectStore.read`."""
        client = await self.client()
        condition = {} if etag is None else {"IfMatch": etag}
        with translated(key, on_mismatch=ObjectChangedError):
            answer = await client.get_object(Bucket=bucket or self.bucket, Key=key, **condition)  # type: ignore[arg-type]  # the stubs know no optional keywords
        body = answer["Body"]
        async with body:
            while True:
                with translated(key):
                    piece = await body.read(PIECE_BYTES)
                if not piece:
                    return
                yield piece

    async def list(self, prefix: str) -> AsyncIterator[StoredObject]:
        """See `ObjectStore.list`."""
        client = await self.client()
        token = ""
        while True:
            more = {"ContinuationToken": token} if token else {}
            with translated(prefix):
                page = await client.list_objects_v2(Bucket=self.bucket, Prefix=prefix, **more)  # type: ignore[arg-type]  # as above
            for found in page.get("Contents", []):
                yield StoredObject(found["Key"], found["Size"], found["ETag"])
            if not page.get("IsTruncated"):
                return
            token = page["NextContinuationToken"]

    async def delete(self, key: str) -> None:
        """See `ObjectStore.delete`."""
        client = await self.client()
        with translated(key):
            await client.delete_object(Bucket=self.bucket, Key=key)

    async def presigned_get(
        self, key: str, *, lifetime: timedelta, bucket: str | None = None, disposition: str | None = None
    ) -> str:
        """See `ObjectStore.presigned_get`."""
        client = await self.client()
        named = {"Bucket": bucket or self.bucket, "Key": key}
        if disposition is not None:
            named["ResponseContentDisposition"] = disposition
        with translated(key):
            return await client.generate_presigned_url("get_object", named, int(lifetime.total_seconds()))

    async def abort_uploads(self, key: str) -> int:
        """See `ObjectStore.abort_uploads`."""
        client = await self.client()
        with translated(key):
            listed = await client.list_multipart_uploads(Bucket=self.bucket, Prefix=key)
        found = [upload["UploadId"] for upload in listed.get("Uploads", []) if upload["Key"] == key]
        for upload_id in found:
            await self.abort_upload(key, upload_id)
        return len(found)

    async def abort_upload(self, key: str, upload_id: str) -> None:
        """Abort one multipart upload; no error if it is gone."""
        client = await self.client()
        try:
            with translated(key):
                await client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload_id)
        except ObjectNotFoundError:
            return

    async def client(self) -> S3Client:
        """The connected client."""
        async with self._opening:
            opened = self._opened
            if opened is None:
                secret = self.settings.aws_secret_access_key
                session = aioboto3.Session(
                    aws_access_key_id=self.settings.aws_access_key_id,
                    aws_secret_access_key=secret.get_secret_value() if secret else None,
                    region_name=self.settings.aws_region,
                )
                opening = session.client(
                    "s3", endpoint_url=self.settings.s3_endpoint_url, config=client_config(self.settings)
                )
                with translated(self.bucket):
                    opened = self._opened = await self._closer.enter_async_context(opening)
            return opened

    async def _create_bucket(self, client: S3Client) -> None:
        region = self.settings.aws_region
        try:
            if self.settings.s3_endpoint_url or region == _DEFAULT_REGION:
                await client.create_bucket(Bucket=self.bucket)
            else:
                place = {"LocationConstraint": region}
                await client.create_bucket(Bucket=self.bucket, CreateBucketConfiguration=place)  # type: ignore[arg-type]  # the stubs list the regions of their day
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "BucketAlreadyOwnedByYou":
                raise


def client_config(settings: S3Settings) -> AioConfig:
    """Signature 4 (versitygw refuses 2), bounded time-outs and retries.

    Checksums only where the API requires one: over HTTP the signature covers the body, over HTTPS the transport does,
    and the task carries the file's SHA-256.
    """
    return AioConfig(
        signature_version="s3v4",
        s3={"addressing_style": "path" if settings.s3_path_style else "auto"},
        connect_timeout=settings.s3_connect_timeout.total_seconds(),
        read_timeout=settings.s3_read_timeout.total_seconds(),
        retries={"mode": "standard", "total_max_attempts": settings.s3_attempts},
        max_pool_connections=settings.s3_connections,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
