"""Reader 1 of delimited text: the header, then the records in blocks; `cutting` says what a record is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from pydantic import JsonValue

from .block import Block, DeclaredType
from .cutting import READ_ON, Cutter
from .dialect import Dialect, find_dialect
from .encoding_faults import NO_LINES, EncodingFaults
from .header import check_header, unnamed_header
from .recount import Count, count_records
from .request import ParseRequest
from .source import CHUNK_BYTES, Source, check_utf8, with_last
from .verdict import BadFile, Code


@dataclass(frozen=True, slots=True)
class _Head:
    """The cells of the first record, and where the data begins; `text` is the header as it stands, if there is one."""

    cells: list[str]
    body_offset: int
    body_line: int
    blank_lines: int
    comment_lines: int
    text: str | None = None


class DelimitedReader:
    """Delimited text. The first record is the header, or there is none; no column has a declared type."""

    def __init__(self, request: ParseRequest) -> None:
        self._limits = request.limits
        self._hard_limit = request.limits.max_record_bytes * READ_ON
        self._source = Source(request)
        self._dialect: Dialect = find_dialect(
            self._source.head, complete=self._source.head_complete, options=request.options
        )
        self._head = self._read_head()
        self.header = self._head.cells
        check_header(self.header, max_columns=self._limits.max_columns, known=self._dialect.has_header is not None)
        self.types: list[DeclaredType | None] = [None] * len(self.header)
        self._first_count: Count | None = None

    def describe(self) -> dict[str, JsonValue]:
        """Delimiter, quote, header, encoding, compression, and what speaks for them."""
        dialect = self._dialect
        described: dict[str, JsonValue] = {
            "format": "delimited",
            "delimiter": dialect.delimiter,
            "delimiter_evidence": dialect.evidence,
            "quote": dialect.quote,
            "header": dialect.has_header,
            "header_evidence": dialect.header_evidence,
            "encoding": self._source.encoding.codec,
            "encoding_evidence": self._source.encoding.evidence,
            "byte_order_mark": self._source.bom,
            "compression": self._source.compression,
        }
        if self._head.text is not None:
            described["header_text"] = self._head.text
        if dialect.escape is not None:
            described |= {"escape": dialect.escape, "escape_evidence": dialect.escape_evidence}
        if dialect.skip_lines:
            described |= {"skip_rows": dialect.skip_lines, "skip_rows_evidence": dialect.skip_evidence}
        if dialect.extra_cells < 0:
            described["trailing_delimiter"] = "the header ends with a delimiter, the records do not: it is dropped"
        if dialect.comment is not None:
            described["comment"] = dialect.comment
            if self._first_count:
                described["comment_lines"] = self._first_count.comment_lines
        return described

    def count_again(self) -> int:
        """Reader 2: all records less the header. Raises `BadFile` when it sees other blank or comment lines."""
        dialect = self._dialect
        second = count_records(
            with_last(self._source.chunks(self._source.text_offset)),
            dialect.delimiter.encode(),
            self._hard_limit,
            skip_lines=dialect.skip_lines,
            comment=dialect.comment.encode() if dialect.comment else None,
            escape=dialect.escape.encode() if dialect.escape else None,
            quote=dialect.quote.encode(),
        )
        first = self._first_count
        for what in ("blank_lines", "comment_lines"):
            if first is not None and getattr(first, what) != getattr(second, what):
                counts = getattr(first, what), getattr(second, what)
                label = what.replace("_", " ")
                message = f"Two independent readers disagree on the {label}: {counts[0]:,} and {counts[1]:,}."
                raise BadFile(Code.COUNT_MISMATCH, message, first_count=counts[0], second_count=counts[1])
        return second.records - (dialect.has_header is not False)

    def blocks(self) -> Iterator[Block]:
        """The data records, in blocks of about 4 MiB."""
        head = self._head
        encoding = EncodingFaults(known=self._source.encoding.evidence != "strict UTF-8")
        cutter = Cutter(self._dialect, len(self.header), self._limits, encoding)
        offset, line, record = head.body_offset, head.body_line, 1
        blank_lines, comment_lines = head.blank_lines, head.comment_lines
        unsaid = blank_lines
        data = b""
        for chunk, last in with_last(self._source.chunks(offset)):
            data += chunk
            end = _line_end(data, last=last)
            self._check_length(data, end, offset)
            cut = cutter.cut(data[:end], offset, line, last=last)
            blank_lines += cut.blank_lines
            comment_lines += cut.comment_lines
            block = Block(
                record, line, offset, cut.lines, cut.starts, cut.ends, cut.good, cut.frame, cut.bad, cut.blank_lines
            )
            record += block.records
            line += len(cut.lines)
            offset += cut.used
            data = data[cut.used :]
            if block.lines:
                block.blank_lines += unsaid
                unsaid = 0
                yield block
        encoding.judge(record - 1)
        self._first_count = Count(record - 1, blank_lines, comment_lines)

    def _read_head(self) -> _Head:
        """Read up to the first record that is not skipped."""
        offset, skip = self._source.text_offset, self._dialect.skip_lines
        cutter = Cutter(self._dialect, 0, self._limits, EncodingFaults(known=True))
        data = b""
        for chunk, last in with_last(self._source.chunks(offset)):
            data += chunk
            end = _line_end(data, last=last)
            self._check_length(data, end, offset)
            lines = data[:end].splitlines(keepends=True)
            if len(lines) > skip and self._dialect.has_header is False and self._dialect.columns:
                return self._headless(lines[:skip])
            if len(lines) > skip:
                try:
                    found = cutter.read(lines[skip:], skip + 1, NO_LINES, last=last, enough=1)
                except BadFile as bad:
                    raise _no_header(bad.problem.message) from bad
                if found.bad and found.bad[0].error.code == Code.LIMIT_RECORD:
                    self._refuse_long_record(offset)
                if found.bad:
                    raise _no_header(found.bad[0].error.message)
                if found.rows:
                    return self._head_of(found.rows[0], lines, found.starts[0], found.ends[0], found.comment_lines)
            if len(data) > CHUNK_BYTES + self._limits.max_record_bytes:
                self._give_up(len(data), has_lines=bool(lines))
        behind = (
            f"nothing behind the {skip:,} lines before the header (skip_rows)" if skip else "nothing but blank lines"
        )
        raise BadFile(Code.EMPTY, f"The file holds {behind}.")

    def _give_up(self, read_bytes: int, *, has_lines: bool) -> NoReturn:
        """Raise for a first record that is not found where a header would end."""
        if not has_lines:
            self._refuse_long_record(self._source.text_offset)
        raise BadFile(Code.HEADER_INVALID, f"There is no header in the first {read_bytes:,} bytes.")

    def _head_of(self, cells: list[str], lines: list[bytes], start: int, end: int, comment_lines: int) -> _Head:
        """The head, where the first record takes so many lines behind the skipped ones."""
        offset, skip = self._source.text_offset, self._dialect.skip_lines
        start, end = start + skip, end + skip
        check_utf8(b"".join(lines[:end]), offset)
        blank = sum(not line.rstrip(b"\r\n") for line in lines[:start])
        if self._dialect.has_header is False:
            return _Head(
                unnamed_header(len(cells)), offset + sum(map(len, lines[:start])), start + 1, blank, comment_lines
            )
        extra = self._dialect.extra_cells
        cells = [*cells, ""] if extra > 0 else cells[:extra] if extra else cells
        text = b"".join(lines[start:end]).decode().rstrip("\r\n")
        return _Head(cells, offset + sum(map(len, lines[:end])), end + 1, blank, comment_lines, text)

    def _headless(self, skipped: list[bytes]) -> _Head:
        """All that is not skipped is data, however broken the first record may be."""
        blank = sum(not line.rstrip(b"\r\n") for line in skipped)
        offset = self._source.text_offset + sum(map(len, skipped))
        return _Head(unnamed_header(self._dialect.columns), offset, len(skipped) + 1, blank, 0)

    def _check_length(self, data: bytes, end: int, offset: int) -> None:
        """Refuse a line whose end is not found within the bytes that are read on for it."""
        if len(data) - end > self._hard_limit:
            self._refuse_long_record(offset + end)
        if end > self._hard_limit and max(map(len, data[:end].splitlines())) > self._hard_limit:
            self._refuse_long_record(offset)

    def _refuse_long_record(self, offset: int) -> NoReturn:
        limit = self._limits.max_record_bytes
        message = f"A line is longer than {limit:,} bytes (setting max_record_bytes), at or behind offset {offset:,}."
        raise BadFile(Code.LIMIT_RECORD, message, limit=limit, setting="max_record_bytes", byte_offset=offset)


def _no_header(why: str) -> BadFile:
    return BadFile(Code.HEADER_INVALID, f"The first record cannot be a header: {why}")


def _line_end(data: bytes, *, last: bool) -> int:
    """The end of the last complete line. A CR at the very end may be half of a CRLF and does not count."""
    if last:
        return len(data)
    return max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1
