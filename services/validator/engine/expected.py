"""Columns that are known before the file is read: which of its columns is which, and which rows hold something else.

Nothing is inferred here. Whoever knows the columns says so, and the values are judged by them.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from pydantic import JsonValue

from .block import RowError
from .header import ColumnName
from .infer import fits
from .verdict import BadFile, Code, ExpectedColumn

_SHOWN_CHARS = 80
_LISTED_COLUMNS = 50


class ExpectedTypes:
    """Judges the values of columns whose types are known; `columns` are in the order of the file."""

    def __init__(self, columns: Sequence[ExpectedColumn], labels: Sequence[str]) -> None:
        self._columns = [
            (f"c{index}", column, label) for index, (column, label) in enumerate(zip(columns, labels, strict=True))
        ]

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
    return fits(values, "string" if column.type == "time" else column.type)


def _type_error(value: str, column: ExpectedColumn, label: str) -> RowError:
    trimmed = value.strip()
    message = f"{value[:_SHOWN_CHARS]!r} is no {column.type}, which this column holds"
    certain = trimmed if _fits(pl.Series([trimmed]), column).all() else None
    return RowError(Code.TYPE, message, label, value, certain)
