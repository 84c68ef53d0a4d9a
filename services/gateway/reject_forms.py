"""The forms in which rejected rows can be had. Each turns lines of the rejects into bytes, some at a time. Pure."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol

from services.gateway import workbook
from services.gateway.problems import ProblemError, ProblemKind
from services.gateway.reject_table import can_stand_in, cells_of, header_of
from services.gateway.rejected_rows import RejectedRow
from shared.rejects_table import SHEET


class RejectsFormat(StrEnum):
    """What may be asked for."""

    NDJSON = "ndjson"
    ORIGINAL = "original"
    CSV = "csv"
    XLSX = "xlsx"

    @property
    def is_table(self) -> bool:
        """Whether the rows are put into columns."""
        return self in {RejectsFormat.CSV, RejectsFormat.XLSX}


class Form(Protocol):
    """A form, for one file."""

    media_type: str
    extension: str

    def begin(self) -> bytes:
        """What stands before the rows."""

    def rows(self, lines: Sequence[bytes]) -> bytes:
        """The next rows."""

    def end(self) -> bytes:
        """What stands behind them."""


class AsKept:
    """The rows as the validator has written them."""

    media_type = "application/x-ndjson"
    extension = "ndjson"

    def begin(self) -> bytes:
        """See `Form.begin`."""
        return b""

    def rows(self, lines: Sequence[bytes]) -> bytes:
        """See `Form.rows`."""
        return b"".join(lines)

    def end(self) -> bytes:
        """See `Form.end`."""
        return b""


class AsText:
    """The texts of the rows, between and around them what makes a file of their format."""

    def __init__(self, media_type: str, extension: str, *, before: str = "", between: str, behind: str) -> None:
        self.media_type = media_type
        self.extension = extension
        self._before = before
        self._between = between
        self._behind = behind
        self._has_rows = False

    def begin(self) -> bytes:
        """See `Form.begin`."""
        return self._before.encode()

    def rows(self, lines: Sequence[bytes]) -> bytes:
        """See `Form.rows`."""
        text = self._between.join(RejectedRow.read(line).raw for line in lines)
        lead = self._between if self._has_rows and lines else ""
        self._has_rows = self._has_rows or bool(lines)
        return f"{lead}{text}".encode()

    def end(self) -> bytes:
        """See `Form.end`."""
        return self._behind.encode()


class AsCsv:
    """A table as RFC 4180 has it, in UTF-8 with its mark: a spreadsheet would take it for another encoding without."""

    media_type = "text/csv; charset=utf-8"
    extension = "csv"

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns

    def begin(self) -> bytes:
        """See `Form.begin`."""
        return codecs.BOM_UTF8 + _csv([header_of(self._columns)])

    def rows(self, lines: Sequence[bytes]) -> bytes:
        """See `Form.rows`."""
        rows = (cells_of(RejectedRow.read(line), self._columns) for line in lines)
        return _csv([record, *cells, errors] for record, cells, errors in rows)

    def end(self) -> bytes:
        """See `Form.end`."""
        return b""


class AsWorkbook:
    """A table in a workbook. A row with a value that no cell holds is left open."""

    media_type = workbook.MEDIA_TYPE
    extension = "xlsx"

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._workbook = workbook.Workbook(SHEET)

    def begin(self) -> bytes:
        """See `Form.begin`."""
        return self._workbook.begin(header_of(self._columns))

    def rows(self, lines: Sequence[bytes]) -> bytes:
        """See `Form.rows`."""
        return self._workbook.rows(self._row(RejectedRow.read(line)) for line in lines)

    def end(self) -> bytes:
        """See `Form.end`."""
        return self._workbook.end()

    def _row(self, row: RejectedRow) -> tuple[int, list[str]]:
        record, cells, errors = cells_of(row, self._columns)
        why = next(filter(None, map(workbook.misfit, cells)), None)
        if why is not None:
            record, cells, errors = cells_of(row, self._columns, why_open=why)
        return record, [*cells, errors]


def original_form(report: Mapping[str, Any]) -> Form:
    """The rows as they stood in their file, in UTF-8.

    Raises:
        ProblemError: they had no text, or it was not kept.
    """
    name, dialect = report["format"], report["dialect"]
    if name == "ndjson":
        return AsText("application/x-ndjson", "ndjson", between="\n", behind="\n")
    if name == "json":
        return AsText("application/json", "json", before="[\n", between=",\n", behind="\n]\n")
    if name != "delimited":
        detail = f"A row of a file in {name} has no text of its own: take format=csv, xlsx or ndjson."
        raise ProblemError(ProblemKind.FORM_NOT_AVAILABLE, detail, field="format")
    header = dialect.get("header_text")
    if dialect.get("header") and header is None:
        detail = "The file's header was not kept by the release that has validated it: take format=csv, xlsx or ndjson."
        raise ProblemError(ProblemKind.FORM_NOT_AVAILABLE, detail, field="format")
    before = "" if header is None else f"{header}\n"
    return AsText("text/plain; charset=utf-8", "csv", before=before, between="\n", behind="\n")


def table_form(wanted: RejectsFormat, columns: Sequence[str], rows: int | None) -> Form:
    """The rows in their columns; `rows` is how many there are, None where that is not known.

    Raises:
        ProblemError: there can be no such table.
    """
    against = can_stand_in(columns)
    if wanted is RejectsFormat.XLSX and against is None:
        against = _too_large(len(columns) + 2, (rows or 0) + 1)
    if against is not None:
        detail = f"The file {against}: take format=ndjson, or csv if it is too large for a workbook."
        raise ProblemError(ProblemKind.FORM_NOT_AVAILABLE, detail, field="format")
    return AsCsv(columns) if wanted is RejectsFormat.CSV else AsWorkbook(columns)


def _too_large(columns: int, rows: int) -> str | None:
    if rows > workbook.MOST_ROWS:
        return f"has {rows - 1:,} rejected rows, and a sheet of a workbook holds {workbook.MOST_ROWS - 1:,}"
    return f"has more than {workbook.MOST_COLUMNS - 2:,} columns" if columns > workbook.MOST_COLUMNS else None


def _csv(rows: Iterator[list[Any]] | list[list[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()
