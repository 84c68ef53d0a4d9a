"""A file that tells how much of it was read."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, Self


class CountedFile:
    """A binary file; each reading tells how many bytes it has brought."""

    def __init__(self, file: IO[bytes], on_progress: Callable[[int], None]) -> None:
        self._file = file
        self._on_progress = on_progress

    def read(self, size: int = -1) -> bytes:
        """Read as a file does, and tell how much it was."""
        data = self._file.read(size)
        self._on_progress(len(data))
        return data

    def fileno(self) -> int:
        """The number of the file, by which its size is known."""
        return self._file.fileno()

    def seek(self, offset: int, whence: int = 0) -> int:
        """See `io.IOBase.seek`."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """See `io.IOBase.tell`."""
        return self._file.tell()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        data = self.read(1 << 20)
        if not data:
            raise StopIteration
        return data
