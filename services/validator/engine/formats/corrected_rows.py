"""Rejected rows come back: NDJSON as the rejects object has it, with `fields` that somebody has put right.

Only `record` and `fields` are read. `fields` is an object by the names of the columns, or a list in their order; a
value is text, a number or a boolean, and null or nothing is null.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from services.validator.engine.block import BadRecord, Block, RecordReader, RowError
from services.validator.engine.correction import KnownRecords, RecordCheck
from services.validator.engine.expected import keys_of
from services.validator.engine.request import Correction, ParseRequest
from services.validator.engine.verdict import Code

from .json_columns import Record, read_text
from .json_lines import Lines, NdjsonReader
from .json_records import DECODER, cells_of

_RECORD, _CORRECTS, _FIELDS = "record", "corrects", "fields"


def holds_corrected_rows(reader: RecordReader, correction: Correction) -> bool:
    """Whether the file is one of rejected rows, and not one of the columns that are expected."""
    names = {column.source_name for column in correction.columns}
    return isinstance(reader, NdjsonReader) and {_RECORD, _FIELDS} <= set(reader.header) and _FIELDS not in names


class CorrectedRowsReader(NdjsonReader):
    """Corrected rows under the columns of the file that they come from."""

    def __init__(self, request: ParseRequest, correction: Correction) -> None:
        super().__init__(request)
        self.header = [column.source_name for column in correction.columns]
        self.types = [None] * len(self.header)
        self._positions = keys_of(correction.columns)
        self._known = KnownRecords(correction)
        self._check: RecordCheck = self._known.check()

    def blocks(self) -> Iterator[Block]:
        """The rows, in blocks of about 4 MiB."""
        self._check = self._known.check()
        return super().blocks()

    def _block(self, piece: Lines, record: int, line: int) -> Block:
        good: list[int] = []
        rows: list[list[str]] = []
        bad: list[BadRecord] = []
        parents: list[int | None] = []
        for ordinal in range(len(piece.starts)):
            parent, cells, error = self._row(piece.record(ordinal))
            parents.append(parent)
            if error is not None:
                bad.append(BadRecord(ordinal, error, cells))
            else:
                good.append(ordinal)
                rows.append(cells)
        ends = [start + 1 for start in piece.starts]
        columns = zip(*rows, strict=True) if rows else [()] * len(self.header)
        frame = pl.DataFrame([pl.Series(f"c{index}", cells, pl.String) for index, cells in enumerate(columns)])
        blank = len(piece.lines) - len(piece.starts)
        return Block(
            record, line, piece.offset, piece.lines, piece.starts, ends, good, frame, bad, blank, parents=parents
        )

    def _row(self, found: Record | RowError) -> tuple[int | None, list[str], RowError | None]:
        """The record that is corrected, the cells, and what is wrong."""
        if isinstance(found, RowError):
            return None, [], found
        said = found.get(_CORRECTS) or found.get(_RECORD)
        parent, fault = self._check.judge(None if said is None else said.text)
        cells, error = self._cells(found[_FIELDS].text if _FIELDS in found else "")
        return parent, cells, fault or error

    def _cells(self, text: str) -> tuple[list[str], RowError | None]:
        if text.startswith("["):
            return self._listed(cells_of(DECODER.decode(text)))
        if not text.startswith("{"):
            return [], RowError(Code.NOT_AN_OBJECT, "fields is neither an object of columns nor a list of values")
        values, _ = read_text(text)
        cells = [""] * len(self.header)
        if isinstance(values, RowError):
            return cells, values
        for key, cell in values.items():
            position = self._positions.get(key.strip())
            if position is None:
                message = f"there is no column {key[:80]!r} in the file that is corrected"
                return cells, RowError(Code.COLUMN_UNKNOWN, message, key, cell.text)
            cells[position] = cell.text
        return cells, None

    def _listed(self, cells: list[str]) -> tuple[list[str], RowError | None]:
        if len(cells) == len(self.header):
            return cells, None
        return cells, RowError(Code.FIELD_COUNT, f"expected {len(self.header)} fields, got {len(cells)}")
