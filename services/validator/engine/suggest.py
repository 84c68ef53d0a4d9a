"""What a refused value was certainly meant to be: told only when there is one way to read it."""

from __future__ import annotations

import re

import polars as pl

from .infer import is_number
from .isotext import iso_text
from .patterns import DAY_FIRST, MONTH_FIRST, WRITTEN
from .timestamps import parse_times

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


def suggest_time(value: str, time_format: str) -> str | None:
    """Space taken off, or the value as ISO 8601 when exactly one other format of the list reads it."""
    stripped = value.strip()
    one = pl.Series([stripped])
    if stripped != value and parse_times(one, time_format).ms.count():
        return stripped
    read = {}
    for name in WRITTEN:
        times = parse_times(one, name)
        if name != time_format and times.ms.count():
            read[name] = times
    if not read or (DAY_FIRST in read and MONTH_FIRST in read) or len(read) > 1:
        return None
    if time_format in {DAY_FIRST, MONTH_FIRST} and read.keys() & {DAY_FIRST, MONTH_FIRST}:
        # 12/31/2024 among days first is a slip of the sender's, and may also be one of the day.
        return None
    ((name, times),) = read.items()
    return str(iso_text(one, name, "timestamp" if times.clocked[0] else "date")[0])
