"""What a value that is not of its column's type, or not among those allowed, was certainly meant to be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from difflib import get_close_matches

import polars as pl

from .casting import null_cells, read_cells
from .patterns import ISO, is_own
from .suggest import suggest_number, suggest_time
from .verdict import ExpectedColumn

_ALIKE = 0.8
_LEAST_LETTERS = 4


def suggest_of_type(value: str, column: ExpectedColumn) -> str | None:
    """The value without spaces, with a point, or with its time in the column's format; None if it is still no value."""
    trimmed = value.strip()
    if trimmed != value and _is_of(trimmed, column):
        return trimmed
    match column.type:
        case "long" | "double" | "decimal":
            found = suggest_number(value)
        case "date" | "timestamp":
            time_format = column.time_format or ISO
            found = suggest_time(value, time_format)
            if found is not None and is_own(time_format):
                found = datetime.fromisoformat(found).strftime(time_format)
        case _:
            return None
    return found if found is not None and _is_of(found, column) else None


def suggest_member(value: str, allowed: Sequence[str]) -> str | None:
    """The one allowed text that differs in its case or the spaces around it, else the one that is nearly the same."""
    folded = [one for one in allowed if one.strip().casefold() == value.strip().casefold()]
    if folded:
        return folded[0] if len(folded) == 1 else None
    if len(value) < _LEAST_LETTERS:
        return None
    near = get_close_matches(value, allowed, n=2, cutoff=_ALIKE)
    return near[0] if len(near) == 1 else None


def _is_of(value: str, column: ExpectedColumn) -> bool:
    one = pl.Series([value])
    return bool(read_cells(one, column).fit.all() and not null_cells(one, column).any())
