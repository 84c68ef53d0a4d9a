"""Cuts the lines of delimited text into records and gives the good ones as columns.

The grammar, which reader 2 (`recount`) holds to as well:

- A line ends with LF, CRLF or CR. An empty line is no record, also in a file of one column, where an empty value has
  to be written as `""`. Neither is a line that begins with the comment prefix where a record could begin.
- A field that begins with the quote, `"` if no other is declared, ends at the next one that is neither doubled nor
  escaped; a delimiter or a line end must follow. Such a field may hold delimiters and line ends. A quote anywhere else
  is an ordinary character, and so is every one where none is declared.
- A record whose quoting is broken and that ends with its physical line (see `quoting`) is a bad record. Where it might
  not end there, the file ends.
- A record longer than `max_record_bytes` is bad. It is read on to its end for 16 times that; beyond, the file ends.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import polars as pl

from .block import BadRecord, RowError
from .dialect import QUOTE, Dialect
from .encoding_faults import EncodingFaults
from .escapes import for_csv
from .lines import Lines
from .odd_lines import OddLines, Without, field_count
from .plain import cut_plain, find_long_line
from .quoting import Doubt, Quoting, explain, refuse
from .request import ParseLimits
from .verdict import Code

READ_ON = 16
"""How many times the longest record a record is read on to find its end."""
_NOT_UTF8 = RowError(
    Code.ENCODING,
    "the line is not UTF-8; if the whole file is in another encoding, send its name, for example encoding=cp1252",
)


@dataclass(slots=True)
class Cut:
    """The records of some lines; `used` bytes of them are done, the rest waits for more."""

    used: int
    lines: Sequence[bytes]
    frame: pl.DataFrame
    starts: Sequence[int]
    ends: Sequence[int]
    good: Sequence[int]
    bad: Sequence[BadRecord]
    blank_lines: int = 0
    comment_lines: int = 0


@dataclass(slots=True)
class Records:
    """What the record-by-record reading of a list of lines found."""

    rows: list[list[str]] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    good: list[int] = field(default_factory=list)
    bad: list[BadRecord] = field(default_factory=list)
    blank_lines: int = 0
    comment_lines: int = 0
    next_line: int = 0

    def add(self, row: list[str], start: int, end: int, error: RowError | None) -> None:
        """Take a record."""
        ordinal = len(self.starts)
        self.starts.append(start)
        self.ends.append(end)
        self.next_line = end
        if error is not None:
            self.bad.append(BadRecord(ordinal, error, row))
            return
        self.good.append(ordinal)
        self.rows.append(row)


class Cutter:
    """Cuts one pass over a file; `width` is the header's, and 0 takes any number of fields."""

    def __init__(self, dialect: Dialect, width: int, limits: ParseLimits, encoding: EncodingFaults) -> None:
        self._dialect = dialect
        self._delimiter = dialect.delimiter
        self._comment = None if dialect.comment is None else dialect.comment.encode()
        self._width = width
        self._longest = limits.max_record_bytes
        self._encoding = encoding
        self._quoting = Quoting(dialect.delimiter, dialect.escape, dialect.quote or QUOTE)
        self._quote = dialect.quote.encode()
        self._doubt: Doubt | None = None

    def cut(self, text: bytes, offset: int, line: int, *, last: bool) -> Cut:
        """Cut whole lines that begin at a byte offset and a line number. Raises `BadFile` where certainty ends."""
        lines = Lines(text)
        broken = self._encoding.find(text, lines, offset)
        escapes = self._dialect.escape is not None and self._dialect.escape.encode() in text
        if (self._quote and self._quote in text) or escapes or not self._delimiter.isascii():
            cut = self._cut_quoted(list(lines), line, broken, last=last)
        elif broken or (self._comment and self._comment in text) or find_long_line(text, self._longest):
            cut = self._cut_lines(text, lines, broken)
        else:
            cut = self._cut_plain(text)
        if not text.isascii():
            self._encoding.count(cut.lines, broken, sum(bad.error is _NOT_UTF8 for bad in cut.bad) if broken else 0)
        return cut

    def _cut_quoted(self, lines: list[bytes], line: int, broken: frozenset[int], *, last: bool) -> Cut:
        found = self.read(lines, line, broken, last=last)
        lines = lines[: found.next_line]
        return Cut(
            sum(map(len, lines)),
            lines,
            _frame_of_rows(found.rows, self._width),
            found.starts,
            found.ends,
            found.good,
            found.bad,
            found.blank_lines,
            found.comment_lines,
        )

    def read(
        self, lines: list[bytes], first_line: int, broken: frozenset[int], *, last: bool, enough: int | None = None
    ) -> Records:
        """Read record by record; stop before one that is still open unless these lines are the last.

        With `enough`, stop after that many records.
        """
        found = Records()
        text = [line.decode("utf-8", "backslashreplace") for line in lines]
        # The limit is the process's: set for this call only.
        field_limit = csv.field_size_limit(self._longest * READ_ON + 1)
        try:
            waiting = False
            while found.next_line < len(lines) and not waiting and len(found.starts) != enough:
                waiting = self._read_run(found, lines, text, first_line, broken, last=last, enough=enough)
        finally:
            csv.field_size_limit(field_limit)
        return found

    def _read_run(
        self,
        found: Records,
        lines: list[bytes],
        text: list[str],
        first_line: int,
        broken: frozenset[int],
        *,
        last: bool,
        enough: int | None,
    ) -> bool:
        """Read up to and including the next broken record. True when the last record waits for more lines."""
        feed = _feed(text, found.next_line, self._dialect)
        reader = csv.reader(feed.lines, **self._dialect.csv)
        try:
            for row in reader:
                start, end = feed.span(reader.line_num)
                if not row:
                    found.blank_lines += 1
                    found.next_line = end
                    continue
                found.add(row, start, end, self._error_of(row, lines, text, start, end, first_line, broken))
                if len(found.starts) == enough:
                    return False
            found.next_line = len(lines)
        except csv.Error as error:
            start, end = feed.span(reader.line_num)
            is_open = "unexpected end of data" in str(error)
            if is_open and not last and _size(lines, start, end) <= self._longest * READ_ON:
                found.next_line = start
                return True
            self._break(found, lines, text, start, end, first_line, str(error))
        finally:
            found.comment_lines += feed.comments
        return False

    def _error_of(
        self,
        row: list[str],
        lines: list[bytes],
        text: list[str],
        start: int,
        end: int,
        first_line: int,
        broken: frozenset[int],
    ) -> RowError | None:
        """What is wrong with a well quoted record."""
        if self._doubt:
            self._settle(text[start:end], lines[start:end])
        error = None
        if self._width and len(row) != self._width:
            if end - start > 1 and self._holds_a_record(text[start + 1 : end - 1]):
                refuse(
                    first_line + start, "a quoted field takes up whole records, and its own record has the wrong width"
                )
            error = field_count(self._width, len(row))
        if (end - start > 1 or len(lines[start]) > self._longest) and _size(lines, start, end) > self._longest:
            error = _too_long(self._longest)
        if broken and any(number in broken for number in range(start, end)):
            error = _NOT_UTF8
        return error

    def _break(
        self, found: Records, lines: list[bytes], text: list[str], start: int, end: int, first_line: int, why: str
    ) -> None:
        """Take a record whose quoting is broken, if it ends with its line for certain."""
        number = first_line + start
        if "unexpected end of data" in why or "field larger" in why:
            refuse(number, "a quote is opened there and never closed")
        line = text[start].rstrip("\r\n")
        if end - start > 1 or not self._quoting.is_closed(line):
            refuse(number, "a quote is opened there, and what closes it does not end the field")
        if self._doubt:
            self._settle(text[start:end], lines[start:end])
        self._doubt = Doubt(number, self._longest)
        found.add([], start, end, RowError(Code.QUOTE, explain(self._delimiter, self._dialect.quote, line)))

    def _settle(self, text: Sequence[str], lines: Sequence[bytes]) -> None:
        """Look whether these lines could be the end of the record that was broken before."""
        doubt = self._doubt
        if doubt is None:
            return
        for line, raw in zip(text, lines, strict=True):
            doubt.bytes_left -= len(raw)
            if doubt.bytes_left < 0:
                self._doubt = None
                return
            verdict = self._quoting.may_end_here(line.rstrip("\r\n"))
            if verdict:
                refuse(doubt.line, "the field with the stray quote may end there or in a line behind")
            if verdict is False:
                self._doubt = None
                return

    def _holds_a_record(self, text: Sequence[str]) -> bool:
        for line in text:
            try:
                row = next(csv.reader([line], **{**self._dialect.csv, "escapechar": None}), [])
            except csv.Error:
                continue
            if len(row) == self._width:
                return True
        return False

    def _cut_plain(self, text: bytes) -> Cut:
        """Without a quote, a comment and a fault of encoding every line that is not blank is a record."""
        self._pass_by(text)
        cut = cut_plain(text, self._delimiter, self._width)
        if not cut.odd:
            numbers = range(len(cut.lines))
            return Cut(len(text), cut.lines, cut.frame, numbers, range(1, len(cut.lines) + 1), numbers, [])
        starts = Without(len(cut.lines), cut.blank)
        bad = OddLines(cut, self._delimiter, self._width)
        ends = Without(len(cut.lines), cut.blank, 1)
        good = Without(len(starts), bad.ordinals)
        return Cut(len(text), cut.lines, cut.frame, starts, ends, good, bad, len(cut.blank))

    def _cut_lines(self, text: bytes, lines: Sequence[bytes], broken: frozenset[int]) -> Cut:
        """Without a quote every line that is neither blank nor a comment is a record."""
        self._pass_by(text)
        starts: list[int] = []
        good: list[int] = []
        bad: list[BadRecord] = []
        cut = Cut(len(text), lines, pl.DataFrame(), starts, [], good, bad)
        wanted = []
        for number, line in enumerate(lines):
            content = line.rstrip(b"\r\n")
            if not content:
                cut.blank_lines += 1
                continue
            if self._comment and line.startswith(self._comment):
                cut.comment_lines += 1
                continue
            ordinal = len(starts)
            starts.append(number)
            error = self._line_error(content, broken=number in broken)
            if error is None:
                good.append(ordinal)
                wanted.append(line)
            else:
                fields = content.decode("utf-8", "backslashreplace").split(self._delimiter)
                bad.append(BadRecord(ordinal, error, fields))
        cut.frame = cut_plain(b"".join(wanted), self._delimiter, self._width).frame
        cut.ends = [number + 1 for number in starts]
        return cut

    def _line_error(self, content: bytes, *, broken: bool) -> RowError | None:
        """What is wrong with a line without quotes."""
        if broken:
            return _NOT_UTF8
        if len(content) > self._longest:
            return _too_long(self._longest)
        count = content.count(self._delimiter.encode())
        return None if count == self._width - 1 else field_count(self._width, count + 1)

    def _pass_by(self, text: bytes) -> None:
        """Text without a quote cannot be the end of the record that was broken before."""
        if self._doubt:
            self._doubt.bytes_left -= len(text)


class _Feed:
    """Lines as they are, for `csv.reader`; says which of them the record in hand takes."""

    comments = 0

    def __init__(self, text: list[str], begin: int) -> None:
        self.lines: Iterator[str] = map(text.__getitem__, range(begin, len(text)))
        self._begin = self._start = begin

    def span(self, lines_read: int) -> tuple[int, int]:
        """The lines of the record that was just read, when `csv.reader` has read so many in all."""
        start, self._start = self._start, self._begin + lines_read
        return start, self._start


class _PreparedFeed(_Feed):
    """Without the comments between records, and with the escapes as `csv.reader` takes them."""

    def __init__(self, text: list[str], begin: int, dialect: Dialect) -> None:
        super().__init__(text, begin)
        self.lines = self._prepared(text, begin, dialect)
        self._next = begin
        self._at_start = True

    def span(self, lines_read: int) -> tuple[int, int]:
        """See `_Feed.span`."""
        del lines_read
        self._at_start = True
        return self._start, self._next

    def _prepared(self, text: list[str], begin: int, dialect: Dialect) -> Iterator[str]:
        comment, escape = dialect.comment, dialect.escape
        for number in range(begin, len(text)):
            line = text[number]
            self._next = number + 1
            if self._at_start:
                if comment and line.startswith(comment):
                    self.comments += 1
                    continue
                self._start, self._at_start = number, False
            yield for_csv(line, escape, dialect.quote) if escape and escape in line else line


def _feed(text: list[str], begin: int, dialect: Dialect) -> _Feed:
    return _PreparedFeed(text, begin, dialect) if dialect.comment or dialect.escape else _Feed(text, begin)


@lru_cache(maxsize=4)
def _too_long(longest: int) -> RowError:
    return RowError(Code.LIMIT_RECORD, f"the record is longer than {longest:,} bytes (setting max_record_bytes)")


def _size(lines: list[bytes], start: int, end: int) -> int:
    """Bytes of a record without its last line end."""
    if start >= end:
        return 0
    return sum(map(len, lines[start : end - 1])) + len(lines[end - 1].rstrip(b"\r\n"))


def _frame_of_rows(rows: list[list[str]], width: int) -> pl.DataFrame:
    columns = zip(*rows, strict=True) if rows else [()] * width
    return pl.DataFrame([pl.Series(f"c{index}", cells, pl.String) for index, cells in enumerate(columns)])
