"""Reader 1 of NDJSON: one object on each line that is not blank. A line that is none is a bad record.

A line ends with LF; a CR before it is white space, as everywhere in JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

import polars as pl
from pydantic import JsonValue

from services.validator.engine.block import BadRecord, Block, RowError
from services.validator.engine.reject_limits import RejectLimits
from services.validator.engine.request import ParseRequest
from services.validator.engine.source import Source, check_utf8, with_last
from services.validator.engine.verdict import BadFile, Code

from .json_columns import KeyCollector, Record, frame_of, frame_of_flat, read_text
from .json_flat import FlatLines, read_flat
from .json_recount import count_lines

_BLANK = b" \t\r\n"


@dataclass(slots=True)
class Lines:
    """Whole lines of the file, and what stands on those that are not blank: record n on line `starts[n]`.

    `others` are the records that are not in `flat`.
    """

    offset: int
    lines: list[bytes]
    starts: list[int]
    flat: FlatLines
    others: dict[int, tuple[Record | RowError, Sequence[str]]]

    def record(self, number: int) -> Record | RowError:
        """Record `number` with every cell as it is written."""
        if number in self.others:
            return self.others[number][0]
        return read_text(self.lines[self.starts[number]].decode("utf-8"))[0]


class NdjsonReader:
    """NDJSON. The columns are found by reading the file once before anything else is done with it."""

    def __init__(self, request: ParseRequest) -> None:
        self._longest = request.limits.max_record_bytes
        self._source = Source(request)
        keys = KeyCollector(request.limits.max_columns)
        limits = RejectLimits.of(request.options)
        for piece in self._pieces():
            if limits.ends_reading(keys.bad):
                break  # whoever reads the records stops at the same place
            keys.add_flat(piece.flat, piece.others)
        self.header, self.types = keys.columns()

    def describe(self) -> dict[str, JsonValue]:
        """Format, encoding, compression."""
        return {
            "format": "ndjson",
            "encoding": self._source.encoding.codec,
            "encoding_evidence": self._source.encoding.evidence,
            "byte_order_mark": self._source.bom,
            "compression": self._source.compression,
        }

    def count_again(self) -> int:
        """Reader 2: lines that are not blank."""
        return count_lines(self._source.chunks(self._source.text_offset))

    def blocks(self) -> Iterator[Block]:
        """The records, in blocks of about 4 MiB."""
        record, line = 1, 1
        for piece in self._pieces():
            block = self._block(piece, record, line)
            record += block.records
            line += len(piece.lines)
            yield block

    def _block(self, piece: Lines, record: int, line: int) -> Block:
        bad = [BadRecord(n, found, []) for n, (found, _) in piece.others.items() if isinstance(found, RowError)]
        rows = {n: found for n, (found, _) in piece.others.items() if not isinstance(found, RowError)}
        good: Sequence[int] = sorted([*piece.flat.positions, *rows])
        frame = frame_of_flat(piece.flat, self.header)
        if rows:
            order = pl.Series([*piece.flat.positions, *rows]).arg_sort()
            frame = pl.concat([frame, frame_of(list(rows.values()), self.header)])[order]
        ends = [start + 1 for start in piece.starts]
        blank = len(piece.lines) - len(piece.starts)
        return Block(record, line, piece.offset, piece.lines, piece.starts, ends, good, frame, bad, blank)

    def _pieces(self) -> Iterator[Lines]:
        offset = self._source.text_offset
        data = b""
        for chunk, last in with_last(self._source.chunks(offset)):
            data += chunk
            end = len(data) if last else data.rfind(b"\n") + 1
            text = data[:end]
            check_utf8(text, offset)
            lines = BytesIO(text).readlines()
            longest = max(len(data) - end, max(map(len, lines), default=0) - 1)
            if longest > self._longest:
                limit = self._longest
                message = f"A line is longer than {limit:,} bytes (setting max_record_bytes), at or behind {offset:,}."
                raise BadFile(Code.LIMIT_RECORD, message, limit=limit, setting="max_record_bytes", byte_offset=offset)
            if lines:
                yield _read(offset, lines)
            offset += end
            data = data[end:]


def _read(offset: int, lines: list[bytes]) -> Lines:
    starts = [number for number, line in enumerate(lines) if line.strip(_BLANK)]
    filled = [lines[number] for number in starts]
    flat = read_flat(filled)
    left = sorted({*range(len(filled))} - {*flat.positions}) if len(flat.positions) < len(filled) else ()
    return Lines(offset, lines, starts, flat, {n: read_text(filled[n].decode("utf-8")) for n in left})
