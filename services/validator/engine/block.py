"""What every format reader hands to the engine: blocks of records, the good ones as columns, the bad ones with why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Protocol

import polars as pl
from pydantic import JsonValue

from .verdict import Code


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row is bad. `column` is None when the fault is the record's as a whole.

    `suggestion` is the value that was certainly meant, where there is one.
    """

    code: Code
    message: str
    column: str | None = None
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record whose shape is broken. `ordinal` is its position in the block, from 0."""

    ordinal: int
    error: RowError
    fields: list[str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands: data record (from 1), physical line (from 1), byte offset in the decompressed file."""

    record: int
    line: int
    byte_offset: int
    raw: str


@dataclass(slots=True)
class Block:
    """Consecutive records. Row r of `frame` (text columns `c0`, `c1`, …) is record `good[r]` of the block, from 0.

    Record n covers the physical lines `starts[n]` up to `ends[n]` of `lines`, which keep their line ends.
    """

    first_record: int
    first_line: int
    byte_offset: int
    lines: list[bytes]
    starts: Sequence[int]
    ends: Sequence[int]
    good: Sequence[int]
    frame: pl.DataFrame
    bad: list[BadRecord]
    blank_lines: int
    _line_offsets: list[int] = field(default_factory=list)

    @property
    def records(self) -> int:
        """How many records the block has, good and bad."""
        return len(self.starts)

    def record_of_row(self, row: int) -> int:
        """The data record number of a row of `frame`."""
        return self.first_record + self.good[row]

    def place(self, ordinal: int) -> Place:
        """Where record `ordinal` of the block stands in the file, and its raw text without the last line end."""
        if not self._line_offsets:
            self._line_offsets = list(accumulate(map(len, self.lines), initial=0))
        start, end = self.starts[ordinal], self.ends[ordinal]
        return Place(
            record=self.first_record + ordinal,
            line=self.first_line + start,
            byte_offset=self.byte_offset + self._line_offsets[start],
            raw=b"".join(self.lines[start:end]).decode("utf-8").rstrip("\r\n"),
        )


class RecordReader(Protocol):
    """A format. Both methods may be called again and then read the file again."""

    header: list[str]

    def blocks(self) -> Iterator[Block]:
        """The file's records in order. Raises `BadFile` when the file cannot be read on."""
        ...

    def count_again(self) -> int:
        """The number of data records, by a technique and code that share nothing with `blocks`."""
        ...

    def describe(self) -> dict[str, JsonValue]:
        """What the report says about how the file was read."""
        ...
