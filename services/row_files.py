"""Files that the command line leaves behind: each appears whole under its name, or not at all."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from shared.errors import PermanentError

_PIECE_BYTES = 1024 * 1024


class NotWritableError(PermanentError):
    """A file that was asked for cannot be written."""


class WholeFile:
    """A file that is written beside its place and moved there by `keep`; a file of before stays until then.

    Raises `NotWritableError`, at once when the place is not writable.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self._unfinished = place.parent / f".{place.name}.{os.getpid()}.unfinished"
        if place.exists() and not place.is_file():
            why = "it is no regular file"
            raise self._refused(why)
        try:
            self._file = self._unfinished.open("xb")
        except OSError as error:
            raise self._refused(error.strerror) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._unfinished.unlink(missing_ok=True)

    def write(self, data: bytes) -> None:
        """Add bytes."""
        try:
            self._file.write(data)
        except OSError as error:
            raise self._refused(error.strerror) from error

    def keep(self) -> None:
        """Put what was written into the place."""
        try:
            self._file.close()
            self._unfinished.replace(self.place)
        except OSError as error:
            raise self._refused(error.strerror) from error

    def _refused(self, why: str | None) -> NotWritableError:
        return NotWritableError(f"{self.place} cannot be written: {why}")


class RowFile(WholeFile):
    """A file of lines. With a name that ends in `.gz` it is compressed."""

    def finish(self, gzipped: Iterable[Path]) -> None:
        """Put the lines of these gzip files into the place."""
        try:
            if self.place.suffix == ".gz":
                self._file.write(gzip.compress(b"", mtime=0))
            for path in gzipped:
                with path.open("rb") if self.place.suffix == ".gz" else gzip.open(path) as lines:
                    shutil.copyfileobj(lines, self._file, _PIECE_BYTES)
        except OSError as error:
            raise self._refused(error.strerror or str(error)) from error
        self.keep()
