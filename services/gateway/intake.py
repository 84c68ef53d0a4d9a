"""The file of one request on its way into the object store, counted and hashed as it passes."""

from __future__ import annotations

import hashlib

from services.gateway.problems import ProblemError, ProblemKind
from services.gateway.rows import Claim, FoundUpload
from shared.failpoint import failpoint
from shared.storage.port import ObjectExistsError, ObjectStore, ObjectWriter, StoredObject


class Intake:
    """Takes the file's bytes. With an `earlier` upload of the same task they are only hashed, to be compared."""

    def __init__(self, *, max_bytes: int, claim: Claim | None = None, earlier: FoundUpload | None = None) -> None:
        self.claim = claim
        self.earlier = earlier
        self.size_bytes = 0
        self._max_bytes = max_bytes
        self._digest = hashlib.sha256()
        self._writer: ObjectWriter | None = None
        self._committing = False

    @property
    def sha256(self) -> str:
        """The digest of the bytes so far, in hexadecimal."""
        return self._digest.hexdigest()

    def open(self, store: ObjectStore) -> None:
        """Write what comes to the claim's key; an object that is there already is never replaced."""
        if self.claim is not None:
            self._writer = store.writer(self.claim.upload.object_key, if_absent=True)

    async def write(self, data: bytes) -> None:
        """Take the next bytes.

        Raises:
            ProblemError: too large, found at the first byte too many.
            StorageAwayError: the object store did not take them.
        """
        self.size_bytes += len(data)
        if self.size_bytes > self._max_bytes:
            raise too_large(self._max_bytes)
        self._digest.update(data)
        if self._writer is not None:
            await self._writer.write(data)
            failpoint("G2")

    async def commit(self, store: ObjectStore) -> StoredObject | None:
        """Make the object visible; None when another file stands under its key.

        The same bytes under the key are ours: of an attempt that died before its row was written, or of our own
        request that was sent twice.
        """
        if self._writer is None or self.claim is None:
            msg = "there is nothing to commit"
            raise RuntimeError(msg)
        self._committing = True
        try:
            return await self._writer.commit()
        except ObjectExistsError:
            await self._writer.abort()
        found = await store.head(self.claim.upload.object_key)
        digest = hashlib.sha256()
        async for piece in store.read(found.key, etag=found.etag):
            digest.update(piece)
        return found if digest.digest() == self._digest.digest() else None

    async def abort(self) -> bool:
        """Give up; returns whether nothing at all is left under the key."""
        if self._writer is not None:
            await self._writer.abort()
        return self.claim is not None and self.claim.fresh and not self._committing


def too_large(max_bytes: int) -> ProblemError:
    """The problem of a file above the limit."""
    detail = f"A file may have {max_bytes} bytes (MAX_UPLOAD_BYTES). Compress it with gzip, or split it."
    return ProblemError(ProblemKind.TOO_LARGE, detail, field="file")
