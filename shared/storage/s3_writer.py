"""One object on its way to S3: small ones in one request, larger ones as a multipart upload."""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import TYPE_CHECKING, Any, Protocol

from shared.storage.port import ObjectExistsError, ObjectNotFoundError, StorageAwayError, StoredObject
from shared.storage.s3_errors import translated
from shared.storage.settings import S3Settings
from shared.storage.transfers import part_bytes

if TYPE_CHECKING:  # the stubs are a development dependency
    from types_aiobotocore_s3 import S3Client


_ABORT_SECONDS = 5.0


class Target(Protocol):
    """What a writer needs of its store."""

    settings: S3Settings

    @property
    def bucket(self) -> str:
        """The bucket that is written to."""

    async def client(self) -> S3Client:
        """The connected client."""

    async def head(self, key: str, *, bucket: str | None = None) -> StoredObject:
        """Look at an object."""

    async def abort_upload(self, key: str, upload_id: str) -> None:
        """Abort one multipart upload."""


class S3Writer:
    """Collects bytes into parts and keeps a few of them on their way."""

    def __init__(self, store: Target, key: str, *, if_absent: bool, content_type: str) -> None:
        self._store = store
        self._key = key
        self._condition = {"IfNoneMatch": "*"} if if_absent else {}
        self._content_type = content_type
        self._part = BytesIO()
        self._number = 1
        self._size = 0
        self._upload_id: str | None = None
        self._sending: set[asyncio.Task[None]] = set()
        self._etags: dict[int, str] = {}
        self._ended = False

    async def write(self, data: bytes) -> None:
        """See `ObjectWriter.write`."""
        rest = memoryview(data)
        while rest:
            limit = part_bytes(self._number, first=self._store.settings.s3_part_bytes)
            taken = rest[: limit - self._part.tell()]
            self._part.write(taken)
            self._size += len(taken)
            rest = rest[len(taken) :]
            if self._part.tell() >= limit:
                await self._send_part()

    async def commit(self) -> StoredObject:
        """See `ObjectWriter.commit`."""
        if self._upload_id is None:
            stored = await self._put_whole()
        else:
            if self._part.tell():
                await self._send_part()
            await self._settle(0)
            stored = await self._complete(self._upload_id)
        self._ended = True
        return stored

    async def abort(self) -> None:
        """See `ObjectWriter.abort`."""
        await self._quiet()
        self._part = BytesIO()
        if self._upload_id is not None and not self._ended:
            await self._store.abort_upload(self._key, self._upload_id)
        self._ended = True

    async def _put_whole(self) -> StoredObject:
        self._part.seek(0)
        answer = await self._call("put_object", Body=self._part, ContentType=self._content_type, **self._condition)
        return StoredObject(self._key, self._size, answer["ETag"])

    async def _send_part(self) -> None:
        if self._upload_id is None:
            answer = await self._call("create_multipart_upload", ContentType=self._content_type)
            self._upload_id = answer["UploadId"]
        await self._settle(self._store.settings.s3_parallel_parts - 1)
        sending = self._upload_part(self._upload_id, self._number, self._part)
        self._sending.add(asyncio.create_task(sending))
        self._part, self._number = BytesIO(), self._number + 1

    async def _upload_part(self, upload_id: str, number: int, part: BytesIO) -> None:
        # A BytesIO is sent piece by piece; bytes above 1 MiB would block the loop (and aiohttp warns of them).
        part.seek(0)
        try:
            answer = await self._call("upload_part", UploadId=upload_id, PartNumber=number, Body=part)
        except ObjectNotFoundError as error:
            raise _gone() from error
        self._etags[number] = answer["ETag"]

    async def _quiet(self) -> None:
        """Let parts that are on their way arrive: S3 may keep a part that arrives after the abort."""
        sending, self._sending = self._sending, set()
        if sending:
            _, late = await asyncio.wait(sending, timeout=_ABORT_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*sending, return_exceptions=True)

    async def _settle(self, at_most: int) -> None:
        """Wait until at most so many parts are on their way; the error of a failed one is raised here."""
        while len(self._sending) > at_most:
            done, self._sending = await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)
            for error in [task.exception() for task in done]:
                if error is not None:
                    raise error

    async def _complete(self, upload_id: str) -> StoredObject:
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in sorted(self._etags.items())]
        try:
            answer = await self._call(
                "complete_multipart_upload", UploadId=upload_id, MultipartUpload={"Parts": parts}, **self._condition
            )
            found = await self._store.head(self._key)
        except ObjectNotFoundError as error:
            raise _gone() from error
        # versitygw answers 200 for an upload that is gone if any object stands under the key (seen with 1.8.0).
        if found.etag != answer["ETag"] or found.size_bytes != self._size:
            raise ObjectExistsError(self._key)
        return found

    async def _call(self, operation: str, **arguments: Any) -> Any:
        client = await self._store.client()
        with translated(self._key):
            return await getattr(client, operation)(Bucket=self._store.bucket, Key=self._key, **arguments)


def _gone() -> StorageAwayError:
    return StorageAwayError("the multipart upload is gone; start again")
