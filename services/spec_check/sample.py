"""The first rows of canonical parts, from files on this machine or from the object store."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from typing import Any

from services.spec_check.comparing import TIME
from services.spec_check.errors import CannotCheckError
from services.spec_check.request import Part
from shared.record_set import RecordSet
from shared.storage.port import ObjectNotFoundError, ObjectStore

MOST_BYTES = 8 * 1024 * 1024
"""The most that is sent to the sampler inline: Druid's parser takes a text of up to 20 million characters."""
_PIECE_BYTES = 64 * 1024
_GZIP_WINDOW_BITS = 31


@dataclass(frozen=True)
class Sample:
    """Canonical rows: as they are written, as they are read, and the number that each is told by."""

    lines: tuple[bytes, ...]
    rows: tuple[dict[str, Any], ...]
    numbers: tuple[int, ...]

    def since_1970(self) -> Sample:
        """Those whose time the sampler takes: it refuses all rows for one before, which a load takes."""
        taken = [row[TIME] >= 0 for row in self.rows]
        return Sample(
            tuple(compress(self.lines, taken)), tuple(compress(self.rows, taken)), tuple(compress(self.numbers, taken))
        )


def of_files(parts: Iterable[Path], rows: int) -> Sample:
    """The first `rows` rows of gzipped parts, or as many of them as fit into `MOST_BYTES`."""
    taken = _Lines(rows)
    for part in parts:
        taken.begin()
        with part.open("rb") as file:
            while not taken.full and (piece := file.read(_PIECE_BYTES)):
                taken.feed(piece)
        if taken.full:
            break
    return taken.sample()


async def of_objects(store: ObjectStore, parts: Iterable[Part], rows: int) -> Sample:
    """The same of objects.

    Raises:
        CannotCheckError: an object is not there any more.
        StorageAwayError, StorageRefusedError: they cannot be read now.
    """
    taken = _Lines(rows)
    for part in parts:
        taken.begin()
        try:
            async for piece in store.read(part.key, bucket=part.bucket):
                taken.feed(piece)
                if taken.full:
                    break
        except ObjectNotFoundError as error:
            msg = (
                f"the task's rows are no longer in the object store ({part.key}): check the file itself, "
                "with `ingest spec FILE -d DATASOURCE --check`"
            )
            raise CannotCheckError(msg) from error
        if taken.full:
            break
    return taken.sample()


def records_of(rows: int, rejected: str | None) -> tuple[int, ...] | None:
    """The numbers of the records that the first `rows` canonical rows stand for.

    Args:
        rows: how many.
        rejected: which records have no row, as a verdict says it; None where it does not, and neither can this.
    """
    if rejected is None:
        return None
    without, record = RecordSet.parse(rejected), 0
    found: list[int] = []
    while len(found) < rows:
        record += 1
        if record not in without:
            found.append(record)
    return tuple(found)


class _Lines:
    """Takes compressed pieces until it has enough whole lines."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._lines: list[bytes] = []
        self._bytes = 0
        self._rest = b""
        self._inflate = zlib.decompressobj(_GZIP_WINDOW_BITS)
        self.full = False

    def begin(self) -> None:
        """The next pieces are those of another part."""
        self._inflate = zlib.decompressobj(_GZIP_WINDOW_BITS)
        self._rest = b""

    def feed(self, piece: bytes) -> None:
        *lines, self._rest = (self._rest + self._inflate.decompress(piece)).split(b"\n")
        for line in lines:
            self._bytes += len(line) + 1
            if len(self._lines) == self._wanted or self._bytes > MOST_BYTES:
                self.full = True
                return
            self._lines.append(line)
        self.full = len(self._lines) == self._wanted or self._bytes + len(self._rest) > MOST_BYTES

    def sample(self) -> Sample:
        rows = tuple(json.loads(line) for line in self._lines)
        return Sample(tuple(self._lines), rows, tuple(range(1, len(rows) + 1)))
