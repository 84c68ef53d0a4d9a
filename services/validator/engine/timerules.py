"""Why a row's time was refused."""

from __future__ import annotations

import polars as pl

from .block import RowError
from .infer import is_null
from .isotext import iso_instant
from .patterns import SHORT_YEAR_SHAPE, TWO_DIGIT_YEAR
from .suggest import suggest_time
from .timestamps import parse_times
from .verdict import Code
from .zones import in_zone

_SHOWN_CHARS = 80


def time_error(value: str, column: str, time_format: str, zone: str) -> RowError:
    """Why `value` gave no instant: missing, unreadable, or a time that the zone's clocks skipped or showed twice."""
    one = pl.Series([value])
    if is_null(one).any():
        return RowError(Code.TIMESTAMP_MISSING, "the time is missing", column, value)
    local = parse_times(one, time_format, zone).local_ms
    if local is not None:
        return _unclear(value, column, local, zone)
    message = f"{value[:_SHOWN_CHARS]!r} cannot be read as {time_format}"
    if one.str.contains(SHORT_YEAR_SHAPE).any():
        message += f"; {TWO_DIGIT_YEAR}"
    return RowError(Code.TIMESTAMP_INVALID, message, column, value, suggestion=suggest_time(value, time_format))


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
