"""The rejects object as it is read: gzipped NDJSON, a line for each rejected row. Pure."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

STEP_BYTES = 256 * 1024
_GZIP_WINDOW_BITS = 31


class DamagedRejectsError(Exception):
    """The object ends within its compression."""


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A rejected row. `fields` is a list where the row does not have the header's shape.

    `corrects` is the record of another file that it was sent to correct.
    """

    record: int
    line: int | None
    raw: str
    fields: Mapping[str, str] | list[str]
    errors: list[Mapping[str, Any]]
    member: str | None
    corrects: int | None

    @classmethod
    def read(cls, line: bytes) -> RejectedRow:
        """A row from its line."""
        said = json.loads(line)
        return cls(
            said["record"],
            said["line"],
            said["raw"],
            said["fields"],
            said["errors"],
            said.get("member"),
            said.get("corrects"),
        )


class LineReader:
    """Turns the object's bytes into whole lines, at most 256 KiB and the rest of a line at a time.

    So memory is that of the longest row, however many there are and however well they are compressed.
    """

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(_GZIP_WINDOW_BITS)
        self._input = b""
        self._rest = b""
        self._has_more = False

    def put(self, data: bytes) -> None:
        """Take the next bytes of the object; what was put before has to be read first."""
        self._input += data
        self._has_more = True

    def lines(self) -> list[bytes] | None:
        """The next lines with their ends, none where more is to come; None once all that was put is read."""
        if not self._has_more:
            return None
        if self._inflate.eof and self._input:  # gzip members may follow each other
            self._inflate = zlib.decompressobj(_GZIP_WINDOW_BITS)
        text = self._inflate.decompress(self._input, STEP_BYTES)
        self._input = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
        self._has_more = bool(self._input) or len(text) == STEP_BYTES
        found = (self._rest + text).splitlines(keepends=True) if b"\n" in text else [self._rest + text]
        self._rest = b"" if found[-1].endswith(b"\n") else found.pop()
        return found

    def finish(self) -> None:
        """Say that no more bytes come.

        Raises:
            DamagedRejectsError: some are missing.
        """
        if self._rest or self._input or not self._inflate.eof:
            raise DamagedRejectsError
