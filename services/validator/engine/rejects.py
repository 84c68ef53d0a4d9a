"""Every bad row with raw text, fields and errors: `rejects.ndjson.gz`, and what the report says of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from shared.record_set import RecordSet

from .block import Block, Place, RowError
from .odd_lines import OddPiece, field_count
from .row_problems import RowProblems
from .sink import GzipSink
from .verdict import RejectsFile

REJECTS_NAME = "rejects.ndjson.gz"
FLUSH_BYTES = 8 * 1024 * 1024
# A file may have nothing but bad rows: the standard library's encoder would take most of their time.
_ENCODER = msgspec.json.Encoder()


class _Row(msgspec.Struct):
    """A line of the file."""

    record: int
    line: int | None
    byte_offset: int | None
    raw: str
    fields: list[str] | dict[str, str]
    errors: list[dict[str, str | None]]
    member: str | msgspec.UnsetType = msgspec.UNSET
    corrects: int | msgspec.UnsetType = msgspec.UNSET


class RejectsWriter:
    """Takes bad rows in file order. The file exists only if there is one.

    `records` are their numbers, None once they are too scattered to be told.
    """

    def __init__(self, output_dir: Path, max_samples: int) -> None:
        self._path = output_dir / REJECTS_NAME
        self._sink: GzipSink | None = None
        self._waiting = bytearray()
        self.counts: Counter[str] = Counter()
        self.problems = RowProblems(max_samples)
        self.rows = 0
        self.records: RecordSet | None = RecordSet()

    def write(self, place: Place, fields: list[str] | dict[str, str], errors: Sequence[RowError]) -> None:
        """Take one bad row with one error at least, of which `counts` has the first.

        `fields` is a list where the row does not have the header's shape.
        """
        row = _Row(place.record, place.line, place.byte_offset, place.raw, fields, [_stated(error) for error in errors])
        if place.member is not None:
            row.member = place.member
        if place.corrects is not None:
            row.corrects = place.corrects
        for error in errors:
            self.problems.add(place, error)
        self._add([row], (place.record,), errors[0])

    def write_piece(self, block: Block, piece: OddPiece) -> None:
        """Take lines of a block that have too many or too few fields: as if one by one, at a quarter of the price."""
        errors = {count: field_count(piece.width, count) for count in set(map(len, piece.fields))}
        stated = {count: [_stated(error)] for count, error in errors.items()}
        member = msgspec.UNSET if block.member is None else block.member
        rows = [
            _Row(
                block.first_record + ordinal,
                block.first_line + number,
                block.byte_offset + offset,
                raw,
                fields,
                stated[len(fields)],
                member,
            )
            for ordinal, number, offset, raw, fields in zip(
                piece.ordinals, piece.numbers, piece.offsets, piece.raws, piece.fields, strict=True
            )
        ]
        first = errors[len(piece.fields[0])]
        found = (
            (block.place(ordinal), errors[len(fields)])
            for ordinal, fields in zip(piece.ordinals, piece.fields, strict=True)
        )
        self.problems.add_alike(found, first, len(rows))
        self._add(rows, [row.record for row in rows], first)

    def _add(self, rows: Sequence[_Row], records: Sequence[int], error: RowError) -> None:
        """Take rows whose first errors are like this one."""
        if self.records is not None:
            self.records.add_all(records)
            self.records = None if self.records.is_long else self.records
        self._waiting += _ENCODER.encode_lines(rows)
        self.rows += len(rows)
        self.counts[error.code] += len(rows)
        if len(self._waiting) >= FLUSH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand on what was taken so far; called at every 8 MiB, to keep memory flat however long the rows are."""
        if not self._waiting:
            return
        if self._sink is None:
            self._sink = GzipSink(self._path)
        self._sink.write(bytes(self._waiting))
        self._waiting.clear()

    def close(self) -> RejectsFile | None:
        """Finish the file; None when no row was bad."""
        self.flush()
        if self._sink is None:
            return None
        self._sink.close()
        return RejectsFile(name=self._path.name, rows=self._sink.rows, bytes=self._sink.bytes, sha256=self._sink.sha256)

    def discard(self) -> None:
        """Remove the file, if there is one."""
        if self.close() is not None:
            self._path.unlink()


def _stated(error: RowError) -> dict[str, str | None]:
    stated = {
        "code": error.code,
        "column": error.column,
        "value": error.value,
        "message": error.message,
        "suggestion": error.suggestion,
    }
    return stated if error.constraint is None else {**stated, "constraint": error.constraint}
