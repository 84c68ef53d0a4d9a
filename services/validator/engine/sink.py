"""A gzip file written in a thread beside its producer: same input, same bytes."""

from __future__ import annotations

import hashlib
import zlib
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

# Level 3 is 2.5 times faster than 6 on canonical flights rows for 23 % more bytes, and so never waited for.
_LEVEL = 3


class GzipSink:
    """Compresses what it is given, in order; at most one piece waits while another is written.

    The header has no name and no time. `rows` counts line ends, so every piece has to hold whole lines. After `close`,
    `bytes` and `sha256` speak of the compressed file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self.uncompressed_bytes = 0
        self.bytes = 0
        self.sha256 = ""
        self._digest = hashlib.sha256()
        self._deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, 31)
        self._file = path.open("wb")
        self._worker = ThreadPoolExecutor(max_workers=1)
        self._waiting: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write(self, piece: bytes) -> None:
        """Take whole lines."""
        self.rows += piece.count(b"\n")
        self.uncompressed_bytes += len(piece)
        self._settle()
        self._waiting = self._worker.submit(self._compress, piece)

    def close(self) -> None:
        """Write what is left. Calling it again does nothing."""
        if self._file.closed:
            return
        try:
            self._settle()
            self._put(self._deflate.flush())
        finally:
            self._worker.shutdown()
            self._file.close()
        self.sha256 = self._digest.hexdigest()

    def _settle(self) -> None:
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            waiting.result()

    def _compress(self, piece: bytes) -> None:
        self._put(self._deflate.compress(piece))

    def _put(self, data: bytes) -> None:
        self._digest.update(data)
        self.bytes += len(data)
        self._file.write(data)
