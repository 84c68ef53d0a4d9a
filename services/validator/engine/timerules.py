"""Why the times of rows were refused."""

from __future__ import annotations

import polars as pl

from .block import RowError
from .infer import is_null
from .isotext import iso_instant
from .patterns import SHORT_YEAR_SHAPE, TWO_DIGIT_YEAR
from .suggest import suggest_times
from .timestamps import parse_times
from .verdict import Code
from .zones import UTC, in_zone

_SHOWN_CHARS = 80


def time_errors(values: pl.Series, column: str, time_format: str, zone: str) -> list[RowError]:
    """Why each value gave no instant: missing, unreadable, or a time that the zone's clocks skipped or showed twice."""
    missing = is_null(values)
    short_years = values.str.contains(SHORT_YEAR_SHAPE)
    local_ms = None if zone == UTC else parse_times(values, time_format, zone).local_ms
    suggestions = suggest_times(values, time_format)
    found = []
    for row, value in enumerate(values):
        if missing[row]:
            found.append(RowError(Code.TIMESTAMP_MISSING, "the time is missing", column, value))
        elif local_ms is not None and local_ms[row] is not None:
            found.append(_unclear(value, column, local_ms[row : row + 1], zone))
        else:
            message = f"{value[:_SHOWN_CHARS]!r} cannot be read as {time_format}"
            if short_years[row]:
                message += f"; {TWO_DIGIT_YEAR}"
            found.append(RowError(Code.TIMESTAMP_INVALID, message, column, value, suggestion=suggestions[row]))
    return found


def _unclear(value: str, column: str, local: pl.Series, zone: str) -> RowError:
    instants = in_zone(local, zone)
    earlier, later = instants.earlier[0], instants.later[0]
    shown = repr(value[:_SHOWN_CHARS])
    if earlier is None or later is None:
        message = f"{shown} does not exist in {zone}: the clocks were put forward over it"
        return RowError(Code.TIMESTAMP_NONEXISTENT, message, column, value)
    either = f"{iso_instant(earlier)} or {iso_instant(later)}"
    message = f"{shown} happened twice in {zone}: it is {either}; write it with its offset"
    return RowError(Code.TIMESTAMP_REPEATED, message, column, value)
