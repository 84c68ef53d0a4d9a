"""What the services ask of an object store, and how it can fail.

TransientError
└── StorageAwayError       the store does not answer, or answers that it is busy
PermanentError
├── ObjectNotFoundError    there is no such object
├── ObjectExistsError      if_absent was asked for, and there is an object
├── ObjectChangedError     the object is not the one that the ETag names
└── StorageRefusedError    wrong credentials, no permission, no such bucket: a person has to act

Bytes are streamed both ways: nothing here holds a whole object.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from shared.errors import PermanentError, TransientError

OCTET_STREAM = "application/octet-stream"
_URI = re.compile(r"^s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.{1,1024})$", re.DOTALL)


class StorageAwayError(TransientError):
    """The store did not answer, or is busy; whether a write has happened is unknown."""


class ObjectNotFoundError(PermanentError):
    """There is no such object."""


class ObjectExistsError(PermanentError):
    """An object stands under the key already; it may be our own, from a write whose answer was lost."""


class ObjectChangedError(PermanentError):
    """The object is no longer the one that was asked for."""


class StorageRefusedError(PermanentError):
    """The store refuses us: credentials, permission or bucket."""


@dataclass(frozen=True)
class StoredObject:
    """An object as the store knows it; `etag` is opaque and names these bytes under this key."""

    key: str
    size_bytes: int
    etag: str


class Digest(Protocol):
    """What bytes can be told to, such as `hashlib.sha256()`."""

    def update(self, data: bytes, /) -> None:
        """Take bytes."""


class ObjectWriter(Protocol):
    """An object under way; nothing can be seen under its key before `commit`."""

    async def write(self, data: bytes) -> None:
        """Add bytes; waits while enough parts are on their way, so memory stays flat.

        Raises:
            StorageAwayError: abort, and start again.
        """

    async def commit(self) -> StoredObject:
        """Make the object visible, whole.

        Raises:
            ObjectExistsError: with `if_absent`; compare the bytes, the object may come from this very writer.
            StorageAwayError: the outcome is unknown.
        """

    async def abort(self) -> None:
        """Leave nothing behind; does nothing after a commit or a second time."""


class ObjectStore(Protocol):
    """One bucket to write to, and any bucket to read from. Every method may raise the errors of this module."""

    @property
    def bucket(self) -> str:
        """The bucket of every write, and of every read that names no other."""

    async def ensure_bucket(self) -> None:
        """Create the bucket unless it exists."""

    async def ping(self) -> None:
        """Return when the bucket can be reached with our credentials."""

    async def close(self) -> None:
        """Give all connections back; the next call connects again."""

    def writer(self, key: str, *, if_absent: bool = False, content_type: str = OCTET_STREAM) -> ObjectWriter:
        """Start an object of unknown size. With `if_absent` its commit never replaces another object."""

    async def put_bytes(
        self, key: str, body: bytes, *, if_absent: bool = False, content_type: str = OCTET_STREAM
    ) -> StoredObject:
        """Write a small object."""

    async def put_file(
        self, key: str, path: Path, *, if_absent: bool = False, content_type: str = OCTET_STREAM
    ) -> StoredObject:
        """Write an object from a local file, part by part."""

    async def head(self, key: str, *, bucket: str | None = None) -> StoredObject:
        """Look at an object without reading it."""

    def read(self, key: str, *, etag: str | None = None, bucket: str | None = None) -> AsyncIterator[bytes]:
        """Read an object piece by piece (pieces of at most 1 MiB); with `etag`, only these bytes and no others."""

    async def download(
        self,
        key: str,
        path: Path,
        *,
        etag: str | None = None,
        bucket: str | None = None,
        digest: Digest | None = None,
    ) -> StoredObject:
        """Read an object into a local file; on an error the file is left incomplete. `digest` is told all bytes."""

    def list(self, prefix: str) -> AsyncIterator[StoredObject]:
        """Every object whose key starts with `prefix`, in the order of keys."""

    async def delete(self, key: str) -> None:
        """Remove an object; no error if there is none."""

    async def presigned_get(
        self, key: str, *, lifetime: timedelta, bucket: str | None = None, disposition: str | None = None
    ) -> str:
        """An address that lets its bearer read an object over HTTP, for at most seven days; nothing is asked.

        `disposition` is the Content-Disposition that the answer then has.
        Where the credentials are temporary it ends with them. Who logs or stores it gives the object away.
        """

    async def delete_prefix(self, prefix: str) -> int:
        """Remove every object whose key starts with `prefix`, which may not be empty; returns how many."""

    async def abort_uploads(self, key: str) -> int:
        """Abort every unfinished write of `key`, whoever began it; returns how many there were."""


def uri_of(bucket: str, key: str) -> str:
    """The address under which events name an object."""
    return f"s3://{bucket}/{key}"


def parse_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of an `s3://` address.

    Raises:
        ValueError: if it is not one.
    """
    match = _URI.match(uri)
    if match is None:
        msg = "an object's address looks like s3://bucket/key"
        raise ValueError(msg)
    return match[1], match[2]
