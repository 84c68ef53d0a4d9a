"""From header cells to column names: every column gets a name, no two the same, none that is ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .infer import is_number
from .timestamps import looks_like_time
from .verdict import BadFile, Code

TIME = "__time"
TASK_ID = "ingest_task_id"
_RESERVED = (TIME, TASK_ID)


@dataclass(frozen=True, slots=True)
class ColumnName:
    """A header cell and the name given to its column; `reason` is None when the cell is the name as it stands."""

    source_name: str
    name: str
    reason: str | None


def check_header(cells: Sequence[str], *, max_columns: int, known: bool = False) -> None:
    """Raise `BadFile` for a first record that cannot be a header; one that is `known` to be it may look like data."""
    check_width(len(cells), max_columns=max_columns)
    filled = [cell for cell in cells if cell.strip()]
    if not filled:
        raise BadFile(Code.HEADER_INVALID, "The first record has no column name: all its fields are blank.")
    if not known and all(is_number(cell) or looks_like_time(cell) for cell in filled):
        message = (
            "The first record looks like data, not like a header. Add a line with the column names; or send "
            "header=false if it is data, header=true if these are the names."
        )
        raise BadFile(
            Code.HEADER_INVALID, message, first_record=list(cells[:50]), options=["header=false", "header=true"]
        )


def unnamed_header(columns: int) -> list[str]:
    """The names of columns that the file does not name: `column_1`, `column_2` and so on."""
    return [f"column_{position}" for position in range(1, columns + 1)]


def check_width(columns: int, *, max_columns: int) -> None:
    """Raise `BadFile` for more columns than are taken."""
    if columns > max_columns:
        message = f"The header has {columns:,} columns; at most {max_columns:,} are taken (setting max_columns)."
        raise BadFile(Code.LIMIT_COLUMNS, message, limit=max_columns, setting="max_columns", columns=columns)


def name_columns(cells: Sequence[str]) -> list[ColumnName]:
    """Names in file order.

    Space around a name is taken off; a blank name becomes `column_3` after its position; a repeated or reserved name
    gets the first free number, `name_2`. A name that stands in the header as it is always keeps it.
    """
    stripped = [cell.strip() for cell in cells]
    taken = {*_RESERVED, *stripped}
    seen: set[str] = set(_RESERVED)
    names = []
    for position, (cell, wanted) in enumerate(zip(cells, stripped, strict=True), start=1):
        name, reason = wanted, None if wanted == cell else "space around the name"
        if not wanted:
            name, reason = _free(f"column_{position}", taken), "blank name"
        elif wanted in seen:
            reason = "reserved name" if wanted in _RESERVED else "repeated name"
            name = _free(f"{wanted}_2", taken)
        seen.add(name)
        taken.add(name)
        names.append(ColumnName(cell, name, reason))
    return names


def _free(wanted: str, taken: set[str]) -> str:
    if wanted not in taken:
        return wanted
    stem, _, number = wanted.rpartition("_")
    counter = int(number)
    while f"{stem}_{counter}" in taken:
        counter += 1
    return f"{stem}_{counter}"
