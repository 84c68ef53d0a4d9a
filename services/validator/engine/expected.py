"""Columns that are known before the rows are judged: which of the file's is which, and which rows hold something else.

The one place where types are given and not found: by the contract of a datasource, or by the file that is corrected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from pydantic import JsonValue

from .block import RowError
from .canonical import ColumnWriter
from .casting import Cells, read_cells
from .header import ColumnName
from .patterns import ISO
from .request import ParseOptions
from .suggest_type import suggest_of_type
from .timechoice import TimeChoice
from .verdict import BadFile, Code, ExpectedColumn, LogicalType

_SHOWN_CHARS = 80
_LISTED_COLUMNS = 50


@dataclass(frozen=True, slots=True)
class ReadBlock:
    """A block's columns with the expected ones as the parts have them; `fit` says by position which values are good."""

    frame: pl.DataFrame
    cells: Mapping[int, Cells]

    @property
    def ok(self) -> pl.Series:
        """Which rows hold values of the expected types only."""
        ok = pl.repeat(value=True, n=self.frame.height, eager=True)
        for one in self.cells.values():
            ok &= one.fit
        return ok


class ExpectedTypes:
    """Judges the values of the columns whose types are known, by their positions in the file."""

    def __init__(self, columns: Mapping[int, ExpectedColumn], labels: Sequence[str]) -> None:
        self.columns = dict(columns)
        self._labels = labels

    def writer(self, index: int) -> ColumnWriter:
        """What writes a column of what `read` has read, which is not the time."""
        column = self.columns[index]
        kind: LogicalType = "text" if column.type == "time" or column.type == "json" else column.type  # noqa: PLR1714  # mypy
        return ColumnWriter(index, column.name, kind)

    def read(self, frame: pl.DataFrame) -> ReadBlock:
        """Judge a block."""
        cells = {index: read_cells(frame[f"c{index}"], column) for index, column in self.columns.items()}
        changed = [one.text.alias(f"c{index}") for index, one in cells.items()]
        return ReadBlock(frame.with_columns(changed), cells)

    def errors(self, frame: pl.DataFrame, block: ReadBlock) -> dict[int, list[tuple[int, RowError]]]:
        """By row, the columns whose value is not of their type, and why; `frame` is what was read."""
        found: dict[int, list[tuple[int, RowError]]] = {}
        for index, cells in sorted(block.cells.items()):
            if cells.fit.all():
                continue
            column = self.columns[index]
            values = frame[f"c{index}"].filter(~cells.fit)
            rows, suggestions = (~cells.fit).arg_true().to_list(), suggest_of_type(values, column)
            for row, value, suggestion in zip(rows, values, suggestions, strict=True):
                error = _type_error(value, column, self._labels[index], suggestion)
                found.setdefault(row, []).append((index, error))
        return found


def time_of(columns: Mapping[int, ExpectedColumn]) -> TimeChoice | None:
    """The column that becomes `__time`, and how it is written, where that is known."""
    found = next(((index, column) for index, column in columns.items() if column.type == "time"), None)
    return None if found is None else TimeChoice(found[0], found[1].time_format or ISO)


def time_options(columns: Mapping[int, ExpectedColumn], said: ParseOptions) -> ParseOptions:
    """What the sender has said, with the format and the zone of the time that are expected."""
    time = next(column for column in columns.values() if column.type == "time")
    return said.model_copy(update={"timestamp_format": time.time_format, "time_zone": time.zone})


def match_columns(
    header: Sequence[str], names: Sequence[ColumnName], expected: Sequence[ExpectedColumn]
) -> list[ExpectedColumn]:
    """The expected column for each of the file's, in any order.

    A header that is the expected one word for word is taken as it stands. Otherwise a column is known by its name in
    the rows or, where that is unmistakable, by its name in the other file's header. Raises `BadFile` when a column is
    missing or is none of the expected ones.
    """
    if list(header) == [column.source_name for column in expected]:
        return list(expected)
    known = keys_of(expected)
    found = [known.get(name.source_name.strip(), known.get(name.name)) for name in names]
    missing = [column.name for index, column in enumerate(expected) if index not in found]
    unknown = [name.source_name for name, index in zip(names, found, strict=True) if index is None]
    twice = len(found) - len(unknown) - len(set(found) - {None})
    if missing or unknown or twice:
        parts = [
            f"{what}: {', '.join(listed[:_LISTED_COLUMNS])}"
            for what, listed in (("missing", missing), ("unknown", unknown))
            if listed
        ]
        message = (
            f"The columns are not those of the file that is corrected: {'; '.join(parts) or 'one stands in it twice'}. "
            "Send all of them, and no other."
        )
        detail: dict[str, JsonValue] = {
            "missing": list(missing[:_LISTED_COLUMNS]),
            "unknown": list(unknown[:_LISTED_COLUMNS]),
        }
        raise BadFile(Code.COLUMNS_DIFFER, message, **detail)
    return [expected[index] for index in found if index is not None]


def keys_of(expected: Sequence[ExpectedColumn]) -> dict[str, int]:
    """Positions by every name that a column may be sent under: its name in the rows, else its cell in the header."""
    cells = [column.source_name.strip() for column in expected]
    known = {column.name: index for index, column in enumerate(expected)}
    return known | {cell: index for index, cell in enumerate(cells) if cells.count(cell) == 1 and cell not in known}


def _type_error(value: str, column: ExpectedColumn, label: str, suggestion: str | None) -> RowError:
    message = f"{value[:_SHOWN_CHARS]!r} is no {column.type}, which this column holds"
    if column.type == "decimal" and column.scale is not None:
        message += f" with at most {column.scale} digits behind the point"
    if column.type in ("date", "timestamp") and column.time_format not in (None, ISO):
        message += f" as {column.time_format}"
    return RowError(Code.TYPE_ERROR, message, label, value, suggestion)
