"""Why a row's time was refused, and what was assumed about the times that were taken."""

from __future__ import annotations

from datetime import UTC as UTC_ZONE
from datetime import datetime, timedelta

import polars as pl

from .block import RowError
from .infer import is_null
from .patterns import EPOCHS, SHORT_YEAR_SHAPE, TWO_DIGIT_YEAR
from .suggest import suggest_time
from .timestamps import parse_times
from .verdict import Code
from .zones import in_zone

_SHOWN_CHARS = 80
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC_ZONE)


def time_error(value: str, column: str, time_format: str, zone: str) -> RowError:
    """Why `value` gave no instant: missing, unreadable, or a time that the zone's clocks skipped or showed twice."""
    one = pl.Series([value])
    if is_null(one).any():
        return RowError(Code.TIMESTAMP_MISSING, "the time is missing", column)
    local = parse_times(one, time_format, zone).local_ms
    if local is not None:
        return _unclear(value, column, local, zone)
    message = f"{value[:_SHOWN_CHARS]!r} cannot be read as {time_format}"
    if one.str.contains(SHORT_YEAR_SHAPE).any():
        message += f"; {TWO_DIGIT_YEAR}"
    return RowError(Code.TIMESTAMP_INVALID, message, column, suggestion=suggest_time(value, time_format))


def time_note(time_format: str, *, accepted: int, zoneless: int, cut: int, zone: str | None) -> str:
    """A sentence about the accepted rows; `zone` is the one that the sender named."""
    if time_format in EPOCHS:
        notes = ["epochs are UTC"]
    elif zoneless == accepted:
        notes = [f"no value names a zone: all are taken as {zone or 'UTC'}"]
    elif zoneless:
        notes = [f"{zoneless:,} values name no zone and are taken as {zone or 'UTC'}; the others say their own"]
    else:
        notes = ["every value names its zone"]
    if cut:
        notes.append(f"{cut:,} values were cut to the millisecond")
    return "; ".join(notes)


def _unclear(value: str, column: str, local: pl.Series, zone: str) -> RowError:
    instants = in_zone(local, zone)
    earlier, later = instants.earlier[0], instants.later[0]
    shown = repr(value[:_SHOWN_CHARS])
    if earlier is None or later is None:
        message = f"{shown} does not exist in {zone}: the clocks were put forward over it"
        return RowError(Code.TIMESTAMP_NONEXISTENT, message, column)
    message = f"{shown} happened twice in {zone}: it is {_iso(earlier)} or {_iso(later)}; write it with its offset"
    return RowError(Code.TIMESTAMP_REPEATED, message, column)


def _iso(ms: int) -> str:
    return (_EPOCH + timedelta(milliseconds=ms)).isoformat().replace("+00:00", "Z")
