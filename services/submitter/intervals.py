"""How time is cut: the segment granularity of a load, and the interval that it locks and writes.

Pure. Druid's time reaches further than Python's calendar (years 1 to 9999); whatever does not fit into the calendar is
treated as all of time, which Druid keeps in segments of granularity ALL.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from shared.druid import ETERNITY

MOST_CHUNKS = 1000
_MILLISECOND = timedelta(milliseconds=1)


class Granularity(StrEnum):
    """Length of a time chunk, as Druid spells it."""

    ALL = "ALL"
    YEAR = "YEAR"
    MONTH = "MONTH"
    DAY = "DAY"
    HOUR = "HOUR"


@dataclass(frozen=True)
class Span:
    """A stretch of time, `end` not included; aware UTC."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        return f"{_instant(self.start)}/{_instant(self.end)}"


@dataclass(frozen=True)
class Cut:
    """The granularity of a load's segments and the interval that is given to Druid."""

    granularity: Granularity
    interval: str


def cut(*, rows: int, time_min: datetime, time_max: datetime, used: Iterable[str], rows_per_segment: int) -> Cut:
    """Choose granularity and interval of a load.

    The rule: the coarsest of YEAR, MONTH, DAY and HOUR whose chunks hold at most `rows_per_segment` of the file's rows
    on average, and the finest with at most 1,000 chunks when none does; ALL when even years are more than 1,000 chunks.
    The interval is the smallest run of whole chunks over the file's own time and all of `used`: a replace passes the
    intervals that Druid holds now, so that every old chunk lies inside and is emptied; an append passes none.

    Args:
        rows: the file's accepted rows.
        time_min: its earliest time.
        time_max: its latest time, included.
        used: intervals to be covered beside the file's own, `start/end` in ISO 8601.
        rows_per_segment: how large a segment should become.
    """
    last = time_max.astimezone(UTC)
    own = Span(time_min.astimezone(UTC), last)
    whole = _umbrella(own, used)
    best = Cut(Granularity.ALL, ETERNITY)
    if whole is None:
        return best
    for granularity in (Granularity.YEAR, Granularity.MONTH, Granularity.DAY, Granularity.HOUR):
        chunks, aligned = _chunks(own, granularity), _aligned(whole, granularity)
        if chunks is None or aligned is None or (_chunks(whole, granularity) or 0) > MOST_CHUNKS:
            return best
        best = Cut(granularity, str(aligned))
        if rows <= rows_per_segment * chunks:
            return best
    return best


def _umbrella(own: Span, used: Iterable[str]) -> Span | None:
    """The file's span and all used ones under one; None if one of them leaves the calendar. `end` is included."""
    start, end = own.start, own.end
    for text in used:
        first, _, last = text.partition("/")
        try:
            start = min(start, datetime.fromisoformat(first))
            end = max(end, datetime.fromisoformat(last) - _MILLISECOND)
        except (ValueError, OverflowError):
            return None
    return Span(start, end)


def _aligned(span: Span, granularity: Granularity) -> Span | None:
    """Whole chunks over a span whose `end` is included; None if they leave the calendar."""
    try:
        return Span(_floor(span.start, granularity), _next(_floor(span.end, granularity), granularity))
    except (ValueError, OverflowError):
        return None


def _chunks(span: Span, granularity: Granularity) -> int | None:
    aligned = _aligned(span, granularity)
    if aligned is None:
        return None
    start, end = aligned.start, aligned.end
    match granularity:
        case Granularity.YEAR:
            return end.year - start.year
        case Granularity.MONTH:
            return (end.year - start.year) * 12 + end.month - start.month
        case Granularity.DAY:
            return (end - start) // timedelta(days=1)
        case _:
            return (end - start) // timedelta(hours=1)


def _floor(moment: datetime, granularity: Granularity) -> datetime:
    hour = moment.replace(minute=0, second=0, microsecond=0)
    match granularity:
        case Granularity.YEAR:
            return hour.replace(month=1, day=1, hour=0)
        case Granularity.MONTH:
            return hour.replace(day=1, hour=0)
        case Granularity.DAY:
            return hour.replace(hour=0)
        case _:
            return hour


def _next(start: datetime, granularity: Granularity) -> datetime:
    match granularity:
        case Granularity.YEAR:
            return start.replace(year=start.year + 1)
        case Granularity.MONTH:
            return (start + timedelta(days=31)).replace(day=1)
        case Granularity.DAY:
            return start + timedelta(days=1)
        case _:
            return start + timedelta(hours=1)


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
