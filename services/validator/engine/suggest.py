"""What a refused value was certainly meant to be: told only when there is one way to read it."""

from __future__ import annotations

import re

import polars as pl

from .infer import is_number
from .isotext import iso_text
from .patterns import DAY_FIRST, MONTH_FIRST, WRITTEN
from .timestamps import matches_shape, parse_times

_DECIMAL_COMMA = re.compile(r"-?[0-9]+,[0-9]+")
_THOUSANDS = re.compile(r"-?[1-9][0-9]{0,2},[0-9]{3}")


def suggest_number(value: str) -> str | None:
    """Space taken off, or a point for a decimal comma; None when that is no number, or `1,234` may be a thousand."""
    stripped = value.strip()
    if stripped != value and is_number(stripped):
        return stripped
    if _DECIMAL_COMMA.fullmatch(stripped) and not _THOUSANDS.fullmatch(stripped):
        changed = stripped.replace(",", ".")
        return changed if is_number(changed) else None
    return None


def suggest_times(values: pl.Series, time_format: str) -> list[str | None]:
    """For each value: space taken off, or ISO 8601 when exactly one other format of the list reads it; else None.

    A value that differs from a day-first or month-first `time_format` by the order alone gets none: 12/31/2024 among
    days first is a slip of the sender's, and may also be one of the day.
    """
    stripped = values.str.strip_chars()
    trimmed = stripped != values
    if trimmed.any():
        trimmed &= parse_times(stripped, time_format).ms.is_not_null()
    others = [name for name in WRITTEN if name != time_format]
    readings = {name: _iso_of(stripped, name) for name in others if matches_shape(stripped, name)}
    either = {DAY_FIRST, MONTH_FIRST}
    suggested: list[str | None] = []
    for row, value in enumerate(stripped):
        read = {name: iso for name, isos in readings.items() if (iso := isos[row]) is not None}
        if trimmed[row]:
            suggested.append(value)
        elif len(read) == 1 and not (time_format in either and read.keys() & either):
            suggested.extend(read.values())
        else:
            suggested.append(None)
    return suggested


def _iso_of(values: pl.Series, time_format: str) -> list[str | None]:
    """The values as ISO 8601 where they are times of the format: dates where no time of day is named."""
    times = parse_times(values, time_format)
    dates, instants = (iso_text(values, time_format, kind) for kind in ("date", "timestamp"))
    return [
        (instant if clocked else date) if ms is not None else None
        for ms, clocked, date, instant in zip(times.ms, times.clocked, dates, instants, strict=True)
    ]
