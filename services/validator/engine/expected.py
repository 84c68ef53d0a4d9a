"""Columns that are known before the file is read: which of its columns is which, and which rows hold something else.

Nothing is inferred here. Whoever knows the columns says so, and the values are judged by them.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from pydantic import JsonValue

from .block import RowError
from .canonical import ColumnWriter
from .header import ColumnName
from .infer import fits, is_null
from .patterns import ISO
from .request import ParseOptions
from .timechoice import TimeChoice
from .timestamps import parse_times
from .verdict import BadFile, Code, ExpectedColumn

_SHOWN_CHARS = 80
_LISTED_COLUMNS = 50


class ExpectedTypes:
    """Judges the values of columns whose types are known; `columns` are in the order of the file, one is the time."""

    def __init__(self, columns: Sequence[ExpectedColumn], labels: Sequence[str]) -> None:
        self.time_index = next(index for index, column in enumerate(columns) if column.type == "time")
        self._columns = [
            (f"c{index}", column, label) for index, (column, label) in enumerate(zip(columns, labels, strict=True))
        ]

    @property
    def time(self) -> TimeChoice:
        """The column that becomes `__time`, and how it is written."""
        return TimeChoice(self.time_index, self._columns[self.time_index][1].time_format or ISO)

    def options(self, said: ParseOptions) -> ParseOptions:
        """What the sender has said, with the format and the zone of the time that are expected."""
        _, time, _ = self._columns[self.time_index]
        return said.model_copy(update={"timestamp_format": time.time_format, "time_zone": time.zone})

    def writer(self, index: int) -> ColumnWriter:
        """What casts a column, which is not the time."""
        _, column, _ = self._columns[index]
        kind = "text" if column.type == "time" else column.type
        return ColumnWriter(index, column.name, kind, column.time_format or ISO)

    def fitting(self, frame: pl.DataFrame) -> pl.Series:
        """Which rows hold values of the expected types only. The time is judged with the times."""
        ok = pl.repeat(value=True, n=frame.height, eager=True)
        for source, column, _ in self._columns:
            ok &= _fits(frame[source], column)
        return ok

    def errors(self, frame: pl.DataFrame) -> list[RowError | None]:
        """For each row the first value that is not of its column's type, or None."""
        found: list[RowError | None] = [None] * frame.height
        for source, column, label in reversed(self._columns):
            for row in (~_fits(frame[source], column)).arg_true().to_list():
                found[row] = _type_error(frame[source][row], column, label)
        return found


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


def _fits(values: pl.Series, column: ExpectedColumn) -> pl.Series:
    match column.type:
        case "time" | "text":
            return pl.repeat(value=True, n=values.len(), eager=True)
        case "date" | "timestamp":
            found = parse_times(values, column.time_format or ISO).ms.is_not_null()
            if column.type == "date":
                found &= ~values.str.contains(":", literal=True)
            return is_null(values) | found
        case _:
            return fits(values, column.type)


def _type_error(value: str, column: ExpectedColumn, label: str) -> RowError:
    trimmed = value.strip()
    message = f"{value[:_SHOWN_CHARS]!r} is no {column.type}, which this column holds"
    certain = trimmed if _fits(pl.Series([trimmed]), column).all() else None
    return RowError(Code.TYPE, message, label, value, certain)
