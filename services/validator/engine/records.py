"""Reader 1 of delimited text: cuts the bytes into records and gives the good ones as columns.

The grammar, which reader 2 (`recount`) holds to as well:

- A line ends with LF, CRLF or CR. An empty line is no record, also in a file of one column, where an empty value has
  to be written as `""`.
- A field that begins with `"` ends at the next `"` that is not doubled; a delimiter or a line end must follow. Such a
  field may hold delimiters and line ends. A `"` anywhere else is an ordinary character.
- A record whose quoting is broken, or that is longer than `max_record_bytes` while a quote is open, is its first
  physical line only, and is bad: reading goes on with the next line, so that a stray quote costs one record.
"""

from __future__ import annotations

import csv
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NoReturn, overload

import polars as pl
from pydantic import JsonValue

from .block import BadRecord, Block, DeclaredType, RowError
from .dialect import Dialect, find_dialect
from .header import check_header
from .plain import cut_plain, find_long_line
from .recount import count_records
from .request import MIB, ParseLimits, ParseRequest
from .source import CHUNK_BYTES, Source, check_utf8, with_last
from .verdict import BadFile, Code

# Bytes read in vain behind broken quotes. Far more than honest files need; it keeps hostile ones from quadratic time.
_VAIN_BYTES = 256 * MIB


@dataclass(slots=True)
class _Cut:
    """The records of some bytes; `used` of them are done, the rest waits for more."""

    used: int
    lines: Sequence[bytes]
    frame: pl.DataFrame
    starts: Sequence[int]
    ends: Sequence[int]
    good: Sequence[int]
    bad: Sequence[BadRecord]
    blank_lines: int


class OddLines(Sequence[BadRecord]):
    """Lines with too many or too few fields, as bad records; they are cut into fields when they are asked for."""

    def __init__(
        self, lines: Sequence[bytes], numbers: Sequence[int], blank: Sequence[int], delimiter: str, width: int
    ) -> None:
        self._lines = lines
        self._numbers = numbers
        self._delimiter = delimiter
        self._width = width
        self.ordinals = [number - bisect(blank, number) for number in numbers] if blank else numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> BadRecord: ...
    @overload
    def __getitem__(self, index: slice) -> list[BadRecord]: ...
    def __getitem__(self, index: int | slice) -> BadRecord | list[BadRecord]:
        if isinstance(index, slice):
            return [self._record(at) for at in range(*index.indices(len(self)))]
        return self._record(index)

    def __iter__(self) -> Iterator[BadRecord]:
        return map(self._record, range(len(self)))

    def _record(self, at: int) -> BadRecord:
        fields = self._lines[self._numbers[at]].decode("utf-8").rstrip("\r\n").split(self._delimiter)
        return BadRecord(self.ordinals[at], _field_count(self._width, len(fields)), fields)


@dataclass(slots=True)
class _Records:
    """What the record-by-record reading of a list of lines found."""

    rows: list[list[str]] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    good: list[int] = field(default_factory=list)
    bad: list[BadRecord] = field(default_factory=list)
    blank_lines: int = 0
    next_line: int = 0
    vain_bytes: int = 0

    def add(self, row: list[str], start: int, end: int, width: int) -> None:
        """Take a well quoted record."""
        if not row:
            self.blank_lines += 1
            return
        ordinal = len(self.starts)
        self.starts.append(start)
        self.ends.append(end)
        if width and len(row) != width:
            self.bad.append(BadRecord(ordinal, _field_count(width, len(row)), row))
            return
        self.good.append(ordinal)
        self.rows.append(row)

    def add_broken(self, lines: list[bytes], line: int, end: int, message: str) -> None:
        """Take a line whose quoting is broken as one bad record; the lines up to `end` were read in vain."""
        self.vain_bytes += _size(lines, line + 1, end)
        if self.vain_bytes > _VAIN_BYTES:
            raise BadFile(Code.QUOTE, "Quotes are opened and not closed throughout the file; it cannot be read on.")
        self.bad.append(BadRecord(len(self.starts), RowError(Code.QUOTE, message), []))
        self.starts.append(line)
        self.ends.append(line + 1)
        self.next_line = line + 1


class DelimitedReader:
    """Delimited text. The first record is the header; no column has a declared type."""

    def __init__(self, request: ParseRequest) -> None:
        self._limits = request.limits
        self._source = Source(request)
        self._dialect: Dialect = find_dialect(
            self._source.head, complete=self._source.head_complete, declared=request.options.delimiter
        )
        self._vain_bytes = 0
        self.header, self._body_offset, self._body_line = self._read_header()
        check_header(self.header, max_columns=self._limits.max_columns)
        self.types: list[DeclaredType | None] = [None] * len(self.header)

    def describe(self) -> dict[str, JsonValue]:
        """Delimiter, quote, encoding, compression."""
        return {
            "format": "delimited",
            "delimiter": self._dialect.delimiter,
            "delimiter_evidence": self._dialect.evidence,
            "quote": '"',
            "encoding": self._source.encoding.codec,
            "encoding_evidence": self._source.encoding.evidence,
            "byte_order_mark": self._source.bom,
            "compression": self._source.compression,
        }

    def count_again(self) -> int:
        """Reader 2: all records less the header."""
        chunks = self._source.chunks(self._source.text_offset)
        delimiter = self._dialect.delimiter.encode()
        return count_records(with_last(chunks), delimiter, self._limits.max_record_bytes) - 1

    def blocks(self) -> Iterator[Block]:
        """The data records, in blocks of about 4 MiB."""
        offset, line, record = self._body_offset, self._body_line, 1
        self._vain_bytes = 0
        data = b""
        for chunk, last in with_last(self._source.chunks(offset)):
            data += chunk
            cut = self._cut(data, offset, last=last)
            block = Block(
                record, line, offset, cut.lines, cut.starts, cut.ends, cut.good, cut.frame, cut.bad, cut.blank_lines
            )
            record += block.records
            line += len(cut.lines)
            offset += cut.used
            data = data[cut.used :]
            if block.lines:
                yield block

    def _read_header(self) -> tuple[list[str], int, int]:
        """The cells of the first record, the offset behind it and the number of the physical line behind it."""
        offset = self._source.text_offset
        data = b""
        for chunk, last in with_last(self._source.chunks(offset)):
            data += chunk
            lines = data[: _line_end(data, last=last)].splitlines(keepends=True)
            self._check_length(lines, offset)
            check_utf8(b"".join(lines), offset)
            found = _Records()
            _read_records(found, lines, self._dialect.delimiter, 0, self._limits, last=last, enough=1)
            if found.bad:
                message = f"The first record cannot be a header: {found.bad[0].error.message}"
                raise BadFile(Code.HEADER_INVALID, message)
            if found.rows:
                used = sum(map(len, lines[: found.ends[0]]))
                return found.rows[0], offset + used, 1 + found.ends[0]
            if len(data) > CHUNK_BYTES + self._limits.max_record_bytes:
                if not lines:
                    self._refuse_long_line(offset)
                raise BadFile(Code.HEADER_INVALID, f"There is no header in the first {len(data):,} bytes.")
        raise BadFile(Code.EMPTY, "The file holds nothing but blank lines.")

    def _cut(self, data: bytes, offset: int, *, last: bool) -> _Cut:
        end = _line_end(data, last=last)
        if len(data) - end > self._limits.max_record_bytes:
            self._refuse_long_line(offset + end)
        text = data[:end]
        check_utf8(text, offset)
        if b'"' not in text and self._dialect.delimiter.isascii():
            return self._cut_plain(text, offset)
        lines = text.splitlines(keepends=True)
        self._check_length(lines, offset)
        return self._cut_quoted(lines, last=last)

    def _check_length(self, lines: list[bytes], offset: int) -> None:
        if lines and max(map(len, lines)) > self._limits.max_record_bytes + len(b"\r\n"):
            self._refuse_long_line(offset)

    def _refuse_long_line(self, offset: int) -> NoReturn:
        limit = self._limits.max_record_bytes
        message = f"A line is longer than {limit:,} bytes (setting max_record_bytes), at or behind offset {offset:,}."
        raise BadFile(Code.LIMIT_RECORD, message, limit=limit, setting="max_record_bytes", byte_offset=offset)

    def _cut_plain(self, text: bytes, offset: int) -> _Cut:
        """Without a quote every line that is not blank is a record."""
        width = len(self.header)
        delimiter = self._dialect.delimiter
        if find_long_line(text, self._limits.max_record_bytes):
            self._refuse_long_line(offset)
        cut = cut_plain(text, delimiter, width)
        if not cut.odd:
            numbers = range(len(cut.lines))
            behind = range(1, len(cut.lines) + 1)
            return _Cut(len(text), cut.lines, cut.frame, numbers, behind, numbers, [], 0)
        starts = _without(range(len(cut.lines)), cut.blank)
        skipped = set(cut.blank)
        bad = OddLines(cut.lines, [number for number in cut.odd if number not in skipped], cut.blank, delimiter, width)
        good = _without(range(len(starts)), bad.ordinals)
        ends = [start + 1 for start in starts] if cut.blank else range(1, len(starts) + 1)
        return _Cut(len(text), cut.lines, cut.frame, starts, ends, good, bad, len(cut.blank))

    def _cut_quoted(self, lines: list[bytes], *, last: bool) -> _Cut:
        width = len(self.header)
        found = _Records(vain_bytes=self._vain_bytes)
        _read_records(found, lines, self._dialect.delimiter, width, self._limits, last=last)
        self._vain_bytes = found.vain_bytes
        lines = lines[: found.next_line]
        frame = _frame_of_rows(found.rows, width)
        return _Cut(
            sum(map(len, lines)), lines, frame, found.starts, found.ends, found.good, found.bad, found.blank_lines
        )


def _read_records(
    found: _Records,
    lines: list[bytes],
    delimiter: str,
    width: int,
    limits: ParseLimits,
    *,
    last: bool,
    enough: int | None = None,
) -> None:
    """Read `lines` with `csv.reader`; stop before a record that is still open unless these lines are the last.

    With `enough`, stop after that many records. A `width` of 0 takes any number of fields.
    """
    text = [line.decode("utf-8") for line in lines]
    # The limit is the process's: set for this call only. A longer field is part of a record that is too long.
    field_limit = csv.field_size_limit(limits.max_record_bytes + 1)
    try:
        waiting = False
        while found.next_line < len(lines) and not waiting and len(found.starts) != enough:
            waiting = _read_run(found, lines, text, delimiter, width, limits.max_record_bytes, last=last, enough=enough)
    finally:
        csv.field_size_limit(field_limit)


def _read_run(
    found: _Records,
    lines: list[bytes],
    text: list[str],
    delimiter: str,
    width: int,
    longest: int,
    *,
    last: bool,
    enough: int | None,
) -> bool:
    """Read up to and including the next broken record. True when the last record waits for more lines."""
    begin = start = found.next_line
    reader = csv.reader(map(text.__getitem__, range(begin, len(text))), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            end = begin + reader.line_num
            if end - start > 1 and _size(lines, start, end) > longest:
                found.add_broken(lines, start, end, f"the quoted record is longer than {longest:,} bytes")
                return False
            found.add(row, start, end, width)
            found.next_line = start = end
            if len(found.starts) == enough:
                return False
    except csv.Error as error:
        end = begin + reader.line_num
        if "unexpected end of data" not in str(error):
            found.add_broken(lines, start, end, _explain(error, delimiter))
        elif last or _size(lines, start, end) > longest:
            found.add_broken(lines, start, end, "a quote is opened and never closed")
        else:
            return True
    return False


def _explain(error: csv.Error, delimiter: str) -> str:
    if "field larger" in str(error):
        return "a quote is opened and not closed within the longest record"
    return f"after a closing quote stands neither {delimiter!r} nor a line end"


def _size(lines: list[bytes], start: int, end: int) -> int:
    """Bytes of a record without its last line end."""
    if start >= end:
        return 0
    return sum(map(len, lines[start : end - 1])) + len(lines[end - 1].rstrip(b"\r\n"))


def _line_end(data: bytes, *, last: bool) -> int:
    """The end of the last complete line. A CR at the very end may be half of a CRLF and does not count."""
    if last:
        return len(data)
    return max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1


def _without(numbers: range, left_out: Sequence[int]) -> Sequence[int]:
    """What stays of consecutive numbers from 0 on; `left_out` are in their order."""
    if not left_out:
        return numbers
    kept: list[int] = []
    begin = 0
    for number in left_out:
        kept += range(begin, number)
        begin = number + 1
    kept += range(begin, len(numbers))
    return kept


@lru_cache(maxsize=1_000)
def _field_count(expected: int, got: int) -> RowError:
    return RowError(Code.FIELD_COUNT, f"expected {expected} fields, got {got}")


def _frame_of_rows(rows: list[list[str]], width: int) -> pl.DataFrame:
    columns = zip(*rows, strict=True) if rows else [()] * width
    return pl.DataFrame([pl.Series(f"c{index}", cells, pl.String) for index, cells in enumerate(columns)])
