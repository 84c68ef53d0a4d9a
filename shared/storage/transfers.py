"""What every store does in the same way: whole files, whole prefixes, the size of parts."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import IO, Any

from shared.storage.port import OCTET_STREAM, Digest, ObjectWriter, StoredObject

PIECE_BYTES = 1024 * 1024
PARTS_OF_ONE_SIZE = 1000


def part_bytes(number: int, *, first: int) -> int:
    """The size of part `number` (from 1): `first`, twice that after 1,000 parts, and so on.

    10,000 parts, which is all that S3 takes, are then 8 TiB instead of 78 GiB when the first are of 8 MiB.
    """
    return first << ((number - 1) // PARTS_OF_ONE_SIZE)


class FileTransfers(ABC):
    """Files and prefixes, on top of a store's writers, reads, lists and deletes."""

    @abstractmethod
    def writer(self, key: str, *, if_absent: bool = False, content_type: str = OCTET_STREAM) -> ObjectWriter:
        """See `ObjectStore.writer`."""

    @abstractmethod
    def read(self, key: str, *, etag: str | None = None, bucket: str | None = None) -> AsyncIterator[bytes]:
        """See `ObjectStore.read`."""

    @abstractmethod
    async def head(self, key: str, *, bucket: str | None = None) -> StoredObject:
        """See `ObjectStore.head`."""

    @abstractmethod
    def list(self, prefix: str) -> AsyncIterator[StoredObject]:
        """See `ObjectStore.list`."""

    @abstractmethod
    async def delete(self, key: str) -> None:
        """See `ObjectStore.delete`."""

    async def put_bytes(
        self, key: str, body: bytes, *, if_absent: bool = False, content_type: str = OCTET_STREAM
    ) -> StoredObject:
        """See `ObjectStore.put_bytes`."""
        writer = self.writer(key, if_absent=if_absent, content_type=content_type)
        return await _written(writer, _one(body))

    async def put_file(
        self, key: str, path: Path, *, if_absent: bool = False, content_type: str = OCTET_STREAM
    ) -> StoredObject:
        """See `ObjectStore.put_file`."""
        writer = self.writer(key, if_absent=if_absent, content_type=content_type)
        return await _written(writer, _pieces_of(path))

    async def download(
        self,
        key: str,
        path: Path,
        *,
        etag: str | None = None,
        bucket: str | None = None,
        digest: Digest | None = None,
    ) -> StoredObject:
        """See `ObjectStore.download`."""
        found = await self.head(key, bucket=bucket)
        with await _opened(path, "wb") as target:

            def take(piece: bytes) -> None:
                target.write(piece)
                if digest is not None:
                    digest.update(piece)

            async for piece in self.read(key, etag=etag or found.etag, bucket=bucket):
                await asyncio.to_thread(take, piece)
        return found

    async def delete_prefix(self, prefix: str) -> int:
        """See `ObjectStore.delete_prefix`."""
        if not prefix:
            msg = "an empty prefix would empty the bucket"
            raise ValueError(msg)
        keys = [stored.key async for stored in self.list(prefix)]
        for key in keys:
            await self.delete(key)
        return len(keys)


async def _written(writer: ObjectWriter, pieces: AsyncGenerator[bytes, None]) -> StoredObject:
    try:
        async with aclosing(pieces):
            async for piece in pieces:
                await writer.write(piece)
        return await writer.commit()
    except BaseException:
        await writer.abort()
        raise


async def _one(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


async def _pieces_of(path: Path) -> AsyncGenerator[bytes, None]:
    with await _opened(path, "rb") as source:
        while piece := await asyncio.to_thread(source.read, PIECE_BYTES):
            yield piece


async def _opened(path: Path, mode: str) -> IO[Any]:
    """Open a file in a thread; one that is open when nobody waits for it any more is closed."""
    opening = asyncio.ensure_future(asyncio.to_thread(path.open, mode))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close)
        raise


def _close(opened: asyncio.Future[IO[Any]]) -> None:
    if not opened.cancelled() and opened.exception() is None:
        opened.result().close()
