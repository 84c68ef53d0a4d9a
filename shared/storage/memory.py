"""A store in memory, for tests and for looking at a service without servers; passes the suite of the real one."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import urlencode

from shared.storage.port import (
    OCTET_STREAM,
    ObjectChangedError,
    ObjectExistsError,
    ObjectNotFoundError,
    StorageAwayError,
    StorageRefusedError,
    StoredObject,
)
from shared.storage.transfers import PIECE_BYTES, FileTransfers


class InMemoryObjectStore(FileTransfers):
    """Buckets in a dictionary. While `away` is true, every call fails as if the server were gone."""

    def __init__(self, bucket: str = "ingest") -> None:
        self.away = False
        self.buckets: dict[str, dict[str, bytes]] = {}
        self.unfinished: list[InMemoryWriter] = []
        self._bucket = bucket

    @property
    def bucket(self) -> str:
        """See `ObjectStore.bucket`."""
        return self._bucket

    async def ensure_bucket(self) -> None:
        """See `ObjectStore.ensure_bucket`."""
        self.answer()
        self.buckets.setdefault(self._bucket, {})

    async def ping(self) -> None:
        """See `ObjectStore.ping`."""
        self.objects()

    async def close(self) -> None:
        """See `ObjectStore.close`."""

    def writer(self, key: str, *, if_absent: bool = False, content_type: str = OCTET_STREAM) -> InMemoryWriter:
        """See `ObjectStore.writer`."""
        del content_type
        return InMemoryWriter(self, key, if_absent=if_absent)

    async def head(self, key: str, *, bucket: str | None = None) -> StoredObject:
        """See `ObjectStore.head`."""
        return _described(key, self._body(key, bucket))

    async def read(self, key: str, *, etag: str | None = None, bucket: str | None = None) -> AsyncIterator[bytes]:
        """See `ObjectStore.read`."""
        body = self._body(key, bucket)
        if etag is not None and etag != _described(key, body).etag:
            raise ObjectChangedError(key)
        for start in range(0, len(body), PIECE_BYTES):
            self.answer()
            yield body[start : start + PIECE_BYTES]

    async def list(self, prefix: str) -> AsyncIterator[StoredObject]:
        """See `ObjectStore.list`."""
        for key, body in sorted(self.objects().items(), key=lambda item: item[0].encode()):
            if key.startswith(prefix):
                yield _described(key, body)

    async def delete(self, key: str) -> None:
        """See `ObjectStore.delete`."""
        self.objects().pop(key, None)

    async def presigned_get(
        self, key: str, *, lifetime: timedelta, bucket: str | None = None, disposition: str | None = None
    ) -> str:
        """See `ObjectStore.presigned_get`. Nobody serves the address."""
        self.answer()
        asked = {"signed-for": int(lifetime.total_seconds())} | ({"disposition": disposition} if disposition else {})
        return f"http://memory.invalid/{bucket or self._bucket}/{key}?{urlencode(asked)}"

    async def abort_uploads(self, key: str) -> int:
        """See `ObjectStore.abort_uploads`."""
        self.answer()
        found = [writer for writer in self.unfinished if writer.key == key]
        for writer in found:
            writer.lost = True
            self.unfinished.remove(writer)
        return len(found)

    def answer(self) -> None:
        """Fail if the store is away."""
        if self.away:
            msg = "the object store is away"
            raise StorageAwayError(msg)

    def objects(self, bucket: str | None = None) -> dict[str, bytes]:
        """The objects of a bucket, by key."""
        self.answer()
        name = bucket or self._bucket
        if name not in self.buckets:
            msg = f"there is no bucket {name}"
            raise StorageRefusedError(msg)
        return self.buckets[name]

    def _body(self, key: str, bucket: str | None) -> bytes:
        objects = self.objects(bucket)
        if key not in objects:
            raise ObjectNotFoundError(key)
        return objects[key]


class InMemoryWriter:
    """A write under way; `lost` once somebody else has aborted it."""

    def __init__(self, store: InMemoryObjectStore, key: str, *, if_absent: bool) -> None:
        self.key = key
        self.lost = False
        self._store = store
        self._if_absent = if_absent
        self._written = bytearray()
        self._ended = False

    async def write(self, data: bytes) -> None:
        """See `ObjectWriter.write`."""
        self._store.answer()
        if not self._written and not self.lost:
            self._store.unfinished.append(self)
        self._written += data

    async def commit(self) -> StoredObject:
        """See `ObjectWriter.commit`."""
        objects = self._store.objects()
        if self.lost:
            msg = "the write was aborted by somebody else"
            raise StorageAwayError(msg)
        if self._if_absent and self.key in objects:
            raise ObjectExistsError(self.key)
        objects[self.key] = bytes(self._written)
        self._finish()
        return _described(self.key, objects[self.key])

    async def abort(self) -> None:
        """See `ObjectWriter.abort`."""
        if not self._ended:
            self._store.answer()
            self._finish()

    def _finish(self) -> None:
        self._ended = True
        if self in self._store.unfinished:
            self._store.unfinished.remove(self)


def _described(key: str, body: bytes) -> StoredObject:
    return StoredObject(key, len(body), f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"')
