"""What a value that is not of its column's type, or not among those allowed, was certainly meant to be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from difflib import get_close_matches

import polars as pl

from .casting import null_cells, read_cells
from .patterns import ISO, is_own
from .suggest import suggest_number, suggest_times
from .verdict import ExpectedColumn

_ALIKE = 0.8
_LEAST_LETTERS = 4


def suggest_of_type(values: pl.Series, column: ExpectedColumn) -> list[str | None]:
    """Each value without spaces, with a point, or its time in the column's format; None if it still does not fit."""
    trimmed = [stripped if (stripped := value.strip()) != value else None for value in values]
    changed: list[str | None] = [None] * len(trimmed)
    if column.type in ("long", "double", "decimal"):
        changed = [suggest_number(value) for value in values]
    elif column.type in ("date", "timestamp"):
        time_format = column.time_format or ISO
        changed = suggest_times(values, time_format)
        if is_own(time_format):
            changed = [one and datetime.fromisoformat(one).strftime(time_format) for one in changed]
    good, better = _are_of(changed, column), _are_of(trimmed, column)
    return [
        short if short_fits else other if other_fits else None
        for short, short_fits, other, other_fits in zip(trimmed, better, changed, good, strict=True)
    ]


def suggest_member(value: str, allowed: Sequence[str]) -> str | None:
    """The one allowed text that differs in its case or the spaces around it, else the one that is nearly the same."""
    folded = [one for one in allowed if one.strip().casefold() == value.strip().casefold()]
    if folded:
        return folded[0] if len(folded) == 1 else None
    if len(value) < _LEAST_LETTERS:
        return None
    near = get_close_matches(value, allowed, n=2, cutoff=_ALIKE)
    return near[0] if len(near) == 1 else None


def _are_of(texts: Sequence[str | None], column: ExpectedColumn) -> list[bool]:
    values = pl.Series([text or "" for text in texts], dtype=pl.String)
    return (read_cells(values, column).fit & ~null_cells(values, column)).to_list()
