"""Reader 1 of workbooks (.xlsx): the rows of one sheet with openpyxl, dates as ISO 8601, text as text.

In a column whose format of times is known before, dates are written in that (`date_cells`). The first row that is not
blank is the header. Cells behind a row's last value are null. Formulas count by the value that was saved with them; a
merged cell has its value in its first place.
"""

from __future__ import annotations

import datetime as dt
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

import openpyxl
import polars as pl
from openpyxl.styles.numbers import is_datetime
from openpyxl.utils.exceptions import InvalidFileException
from pydantic import JsonValue

from services.validator.engine.block import Block, DeclaredType, RowError, table_block
from services.validator.engine.header import check_header
from services.validator.engine.infer import NULL_MARKERS
from services.validator.engine.request import ParseRequest
from services.validator.engine.verdict import BadFile, Code
from shared.rejects_table import SHEET

from .arrow_faults import faults_of
from .date_cells import DateFormat, date_formats
from .xlsx_recount import count_rows
from .zip_checks import opened_zip, refuse_entities

_BATCH_ROWS = 5_000
_LAST_ROW = 1_048_576
_ERRORS = (
    *(zipfile.BadZipFile, InvalidFileException, ParseError, expat.ExpatError, ValueError, TypeError, KeyError),
    *(AttributeError, IndexError, EOFError, OverflowError, RecursionError),
)
Row = tuple[int, list[str | None]]


class XlsxReader:
    """One sheet of a workbook. A text cell, null markers aside, makes its column text."""

    def __init__(self, request: ParseRequest) -> None:
        self._path = request.source_path
        self._limits = request.limits
        with opened_zip(self._path, self._limits, "XLSX") as archive:
            refuse_entities(archive)
        self._text_columns: set[int] = set()
        self._date_formats: Mapping[int, DateFormat] = {}
        with self._loaded() as workbook:
            sheets = workbook.worksheets
            self._sheets: list[str] = [sheet.title for sheet in sheets]
            is_rejects = request.correction is not None and SHEET in self._sheets
            self._sheet = self._choose(SHEET if is_rejects else request.options.sheet)
            self._part: str = sheets[self._sheet]._worksheet_path.lstrip("/")  # noqa: SLF001 - it has no public name
        self._header_row, self.header = self._read_header()
        check_header(self.header, max_columns=self._limits.max_columns)
        self._date_formats = date_formats(request, self.header)

    @property
    def types(self) -> Sequence[DeclaredType | None]:
        """Text for the columns in which a text cell was seen; the others by their values."""
        return ["text" if index in self._text_columns else None for index in range(len(self.header))]

    def describe(self) -> dict[str, JsonValue]:
        """The sheet that was read, and those that were not."""
        others: list[JsonValue] = [name for index, name in enumerate(self._sheets) if index != self._sheet]
        return {"format": "xlsx", "sheet": self._sheets[self._sheet], "other_sheets": others}

    def count_again(self) -> int:
        """Reader 2: rows of the sheet's XML that have a value, less the header."""
        with opened_zip(self._path, self._limits, "XLSX") as archive, faults_of("XLSX", *_ERRORS):
            return count_rows(archive, self._part) - 1

    def blocks(self) -> Iterator[Block]:
        """The rows behind the header, 5,000 at a time."""
        first = 1
        width = len(self.header)
        rows = self._rows()
        while batch := list(islice(rows, _BATCH_ROWS)):
            body = [row for row in batch if row[0] > self._header_row]
            filled = [row for row in body if any(cell is not None for cell in row[1])]
            errors = {
                ordinal: RowError(Code.FIELD_COUNT, f"a value stands behind the {width} columns of the header")
                for ordinal, (_, cells) in enumerate(filled)
                if any(cell is not None for cell in cells[width:])
            }
            columns = [
                pl.Series(f"c{index}", [cells[index] if index < len(cells) else "" for _, cells in filled], pl.String)
                for index in range(width)
            ]
            whole = pl.DataFrame(columns).fill_null("")
            numbers = [number for number, _ in filled]
            yield table_block(whole, self.header, first, errors, numbers, len(body) - len(filled))
            first += len(filled)

    @contextmanager
    def _loaded(self) -> Iterator[openpyxl.Workbook]:
        """The workbook without its rows. It is given as a stream, because by name the library goes by the suffix."""
        with faults_of("XLSX", *_ERRORS), self._path.open("rb") as file:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                workbook = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            try:
                yield workbook
            finally:
                workbook.close()

    def _choose(self, wanted: str | None) -> int:
        """The position of the sheet that was asked for by its name, or else by its number."""
        if not self._sheets:
            raise BadFile(Code.EMPTY, "The workbook has no sheet of cells.")
        if wanted is None:
            return 0
        if wanted in self._sheets:
            return self._sheets.index(wanted)
        if wanted.isdecimal() and 1 <= int(wanted[:9]) <= len(self._sheets):
            return int(wanted[:9]) - 1
        listed: list[JsonValue] = [*self._sheets[:50]]
        message = f"The workbook has no sheet {wanted[:80]!r}; it has {', '.join(self._sheets[:50])}."
        raise BadFile(Code.OPTION_INVALID, message, option="sheet", allowed=listed)

    def _read_header(self) -> tuple[int, list[str]]:
        for number, cells in self._rows(watch=False):
            if any(cells):
                last = max(index for index, cell in enumerate(cells) if cell) + 1
                return number, [cell or "" for cell in cells[:last]]
        raise BadFile(Code.EMPTY, "The sheet has no value.")

    def _rows(self, *, watch: bool = True) -> Iterator[Row]:
        """Row numbers with their cells as text; None where a cell has no value."""
        with self._loaded() as workbook:
            sheet: Any = workbook.worksheets[self._sheet]
            sheet.reset_dimensions()
            rows = enumerate(sheet.iter_rows(), start=1)
            while batch := self._next_rows(rows, watch=watch):
                yield from batch

    def _next_rows(self, rows: Iterator[tuple[int, Any]], *, watch: bool) -> list[Row]:
        found: list[Row] = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for number, cells in islice(rows, _BATCH_ROWS):
                if number > _LAST_ROW:
                    msg = f"a sheet has at most {_LAST_ROW:,} rows"
                    raise ValueError(msg)
                found.append((number, [self._text(index, cell) for index, cell in enumerate(cells)]))
                if watch and number > self._header_row:
                    self._watch(cells)
        return found

    def _text(self, index: int, cell: Any) -> str | None:
        """The cell as text, a date as its column's dates are written where that is known."""
        if isinstance(cell.value, dt.datetime) and (written := self._date_formats.get(index)):
            return written.text(cell.value) or _text(cell)
        return _text(cell)

    def _watch(self, cells: Sequence[Any]) -> None:
        """Remember the columns of text cells, and refuse a text that is too long."""
        for index, cell in enumerate(cells):
            value = cell.value
            if isinstance(value, str):
                if len(value) > self._limits.max_record_bytes:
                    limit = self._limits.max_record_bytes
                    message = f"A cell has more than {limit:,} characters (setting max_record_bytes)."
                    raise BadFile(Code.LIMIT_RECORD, message, limit=limit, setting="max_record_bytes")
                if value not in NULL_MARKERS:
                    self._text_columns.add(index)


def _text(cell: Any) -> str | None:
    value = cell.value
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        plain_date = is_datetime(cell.number_format) == "date" and value.time() == dt.time()
        return value.date().isoformat() if plain_date else value.isoformat()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return repr(value) if isinstance(value, float) else str(value)
