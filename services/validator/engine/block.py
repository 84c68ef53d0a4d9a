"""What every format reader hands to the engine: blocks of records, the good ones as columns, the bad ones with why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Literal, NamedTuple, Protocol

import polars as pl
from pydantic import JsonValue

from .lines import Lines
from .verdict import Code, LogicalType

# What a format says of a column. `quoted` is text in a format that has no dates: it may hold dates, but no numbers.
DeclaredType = LogicalType | Literal["quoted"]


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row is bad. `column` is None when the fault is the record's as a whole, and then `value` is too.

    `suggestion` is the value that the sender must have meant, where that is certain. `constraint` is the check or the
    rule of a contract that the row breaks.
    """

    code: Code
    message: str
    column: str | None = None
    value: str | None = None
    suggestion: str | None = None
    constraint: str | None = None


class BadRecord(NamedTuple):
    """A record whose shape is broken. `ordinal` is its position in the block, from 0."""

    ordinal: int
    error: RowError
    fields: list[str]


class Place(NamedTuple):
    """Where a record stands: data record (from 1), physical line (from 1), byte offset in the text in UTF-8.

    `line` and `byte_offset` are None in formats that have none; in a workbook `line` is the row of the sheet.
    In an archive `line` and `byte_offset` count within the `member`. `corrects` is the record of another file that the
    record was sent to correct.
    """

    record: int
    line: int | None
    byte_offset: int | None
    raw: str
    member: str | None = None
    corrects: int | None = None


@dataclass(slots=True)
class Block:
    """Consecutive records. Row r of `frame` (text columns `c0`, `c1`, …) is record `good[r]` of the block, from 0.

    Record n covers the physical lines `starts[n]` up to `ends[n]` of `lines`, which keep their line ends. `parents` has
    for each record the one of another file that it corrects, where it says so.
    """

    first_record: int
    first_line: int
    byte_offset: int
    lines: Sequence[bytes]
    starts: Sequence[int]
    ends: Sequence[int]
    good: Sequence[int]
    frame: pl.DataFrame
    bad: Sequence[BadRecord]
    blank_lines: int
    member: str | None = None
    parents: Sequence[int | None] | None = field(default=None, kw_only=True)
    _line_offsets: list[int] = field(default_factory=list)

    @property
    def records(self) -> int:
        """How many records the block has, good and bad."""
        return len(self.starts)

    def record_of_row(self, row: int) -> int:
        """The data record number of a row of `frame`."""
        return self.first_record + self.good[row]

    def corrected(self, ok: pl.Series) -> Iterator[int]:
        """The records of another file that the rows of `frame` which are `ok` correct."""
        if self.parents is not None:
            found = (self.parents[self.good[row]] for row in ok.arg_true())
            yield from (parent for parent in found if parent is not None)

    def place(self, ordinal: int) -> Place:
        """Where record `ordinal` of the block stands in the file, and its raw text without the last line end."""
        place = self._place(ordinal)
        return place if self.parents is None else place._replace(corrects=self.parents[ordinal])

    def _place(self, ordinal: int) -> Place:
        start, end = self.starts[ordinal], self.ends[ordinal]
        return Place(
            record=self.first_record + ordinal,
            line=self.first_line + start,
            byte_offset=self.byte_offset + self._line_offset(start),
            raw=_joined(self.lines, start, end).decode("utf-8", "backslashreplace").rstrip("\r\n"),
            member=self.member,
        )

    def _line_offset(self, number: int) -> int:
        if isinstance(self.lines, Lines):
            return self.lines.offset(number)
        if not self._line_offsets:
            self._line_offsets = list(accumulate(map(len, self.lines), initial=0))
        return self._line_offsets[number]


def _joined(lines: Sequence[bytes], start: int, end: int) -> bytes:
    return lines[start] if end - start == 1 else b"".join(lines[start:end])


@dataclass(slots=True)
class PieceBlock(Block):
    """A block of text whose records do not end with lines: `lines[n]` is record n and what stands before it.

    `leads[n]` is how many bytes of it stand before the record.
    """

    leads: list[int] = field(default_factory=list)
    _line_numbers: list[int] = field(default_factory=list)

    def _place(self, ordinal: int) -> Place:
        """The line is that of the record's first byte."""
        if not self._line_offsets:
            self._line_offsets = list(accumulate(map(len, self.lines), initial=0))
            self._line_numbers = list(accumulate((piece.count(b"\n") for piece in self.lines), initial=0))
        piece, lead = self.lines[ordinal], self.leads[ordinal]
        return Place(
            record=self.first_record + ordinal,
            line=self.first_line + self._line_numbers[ordinal] + piece.count(b"\n", 0, lead),
            byte_offset=self.byte_offset + self._line_offsets[ordinal] + lead,
            raw=piece[lead:].decode("utf-8"),
            member=self.member,
        )


@dataclass(slots=True)
class TableBlock(Block):
    """A block of a format that has rows and no text. `whole` has every row, good or bad, under the names of `header`.

    `rows` are the numbers of the rows in a sheet, where there is one.
    """

    whole: pl.DataFrame = field(default_factory=pl.DataFrame)
    header: Sequence[str] = ()
    rows: Sequence[int] | None = None

    def _place(self, ordinal: int) -> Place:
        """The raw text is a JSON object of the record's cells."""
        cells = list(zip(self.header, self.whole.row(ordinal), strict=True))
        raw = json.dumps(dict(cells) if len(dict(cells)) == len(cells) else cells, ensure_ascii=False)
        line = None if self.rows is None else self.rows[ordinal]
        return Place(record=self.first_record + ordinal, line=line, byte_offset=None, raw=raw, member=self.member)


def table_block(
    whole: pl.DataFrame,
    header: Sequence[str],
    first_record: int,
    errors: dict[int, RowError],
    rows: Sequence[int] | None = None,
    blank_lines: int = 0,
) -> TableBlock:
    """Rows of text cells as a block; `errors` says which are bad, by position."""
    height = range(whole.height)
    good: Sequence[int] = [row for row in height if row not in errors] if errors else height
    bad = [BadRecord(row, error, list(whole.row(row))) for row, error in sorted(errors.items())]
    frame = whole[list(good)] if errors else whole
    return TableBlock(
        first_record, 1, 0, [], height, height, good, frame, bad, blank_lines, whole=whole, header=header, rows=rows
    )


class RecordReader(Protocol):
    """A format. Both methods may be called again and then read the file again."""

    header: list[str]

    @property
    def types(self) -> Sequence[DeclaredType | None]:
        """The type that the format declares for each column, or None; known once `blocks` has been read through.

        Declared text stays text. Every other declared type is checked against the values.
        """
        ...

    def blocks(self) -> Iterator[Block]:
        """The file's records in order. Raises `BadFile` when the file cannot be read on."""
        ...

    def count_again(self) -> int:
        """The number of data records, by a technique and code that share nothing with `blocks`."""
        ...

    def describe(self) -> dict[str, JsonValue]:
        """What the report says about how the file was read."""
        ...
