"""Removes what requests left behind that never came to their end: rows, unfinished uploads, orphan objects."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from services.gateway.rows import FoundUpload, UploadRows
from shared.errors import IngestError
from shared.health import Progress
from shared.storage.port import ObjectStore
from shared.telemetry import logger, task_scope
from shared.waiting import wait_any

_log = logger(__name__)


class Sweeper:
    """RECEIVING → EXPIRED first, so that no late request can be accepted; then the remains; then the row.

    The row is held meanwhile: a second gateway's sweeper that comes late must not remove what was accepted since.
    """

    def __init__(self, *, store: ObjectStore, rows: UploadRows, expiry: timedelta, interval: timedelta) -> None:
        self.progress = Progress("upload sweeper")
        self._store = store
        self._rows = rows
        self._expiry = expiry
        self._interval = interval

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep every interval until `stop` is set."""
        while not stop.is_set():
            self.progress.begin()
            try:
                await self.sweep()
            except IngestError as error:
                self.progress.waiting(str(error))
                _log.warning("sweep_waiting", why=str(error))
            else:
                self.progress.end()
            await wait_any(self._interval, stop)

    async def sweep(self) -> int:
        """Sweep once; returns how many uploads were removed.

        Raises:
            StorageAwayError, StorageRefusedError, DatabaseAwayError: the rest is swept next time.
        """
        removed = 0
        for found in await self._rows.expire(older_than=self._expiry):
            with task_scope(found.upload.task_id):
                removed += await self._remove(found)
        return removed

    async def _remove(self, found: FoundUpload) -> bool:
        """Remove what is left of an upload, unless another gateway does; once its row is gone the key may be reused."""
        key = found.upload.object_key
        async with self._rows.removing(found.upload.task_id) as held:
            if held:
                aborted = await self._store.abort_uploads(key)
                await self._store.delete(key)
        if held:
            _log.info("upload_expired", object_key=key, unfinished_writes=aborted)
        return held
