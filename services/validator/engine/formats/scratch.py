"""Files that a reader needs for a while: a member of an archive, or a binary format out of its compression."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self


class Scratch:
    """Makes files in the output folder, where they count against its limit, and removes them at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for path in list(self._files):
            self.remove(path)

    def keep(self, chunks: Iterator[bytes]) -> Path:
        """Write a stream to a new file."""
        handle, name = tempfile.mkstemp(prefix="scratch-", dir=self._folder)
        path = Path(name)
        self._files.append(path)
        with os.fdopen(handle, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
        return path

    def remove(self, path: Path) -> None:
        """Remove one file before the end."""
        self._files.remove(path)
        with suppress(FileNotFoundError):
            path.unlink()
