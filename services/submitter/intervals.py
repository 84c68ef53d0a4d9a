"""How time is cut: the segment granularity of a load, and the interval that it locks and writes.

Pure. Druid's time reaches further than Python's calendar (years 1 to 9999); whatever does not fit into the calendar is
treated as all of time, which Druid keeps in segments of granularity ALL.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.submitter.chunks import Span, aligned, count
from shared.druid import ETERNITY
from shared.granularity import Granularity, QueryGranularity, fits_into

MOST_CHUNKS = 1000
_MILLISECOND = timedelta(milliseconds=1)
_DERIVED: tuple[Granularity, ...] = ("year", "month", "day", "hour")


@dataclass(frozen=True)
class Cut:
    """The granularity of a load's segments and the interval that is given to Druid."""

    granularity: Granularity
    interval: str


def cut(
    *,
    rows: int,
    time_min: datetime,
    time_max: datetime,
    used: Iterable[str],
    rows_per_segment: int,
    stated: Granularity | None = None,
    query: QueryGranularity = "none",
) -> Cut:
    """Choose granularity and interval of a load.

    The rule: the coarsest of year, month, day and hour whose chunks hold at most `rows_per_segment` of the file's rows
    on average, and the finest with at most 1,000 chunks when none does; all when even years are more than 1,000 chunks.
    The interval is the smallest run of whole chunks over the file's own time and all of `used`: a replace passes the
    intervals that Druid holds now, so that every old chunk lies inside and is emptied; an append passes none.

    Args:
        rows: the file's accepted rows.
        time_min: its earliest time.
        time_max: its latest time, included.
        used: intervals to be covered beside the file's own, `start/end` in ISO 8601.
        rows_per_segment: how large a segment should become.
        stated: the granularity that was asked for: it is taken, however many chunks that are, unless it leaves the
            calendar.
        query: to what times are cut; only granularities count whose chunks hold whole such steps.
    """
    last = time_max.astimezone(UTC)
    own = Span(time_min.astimezone(UTC), last)
    whole = _umbrella(own, used)
    best = Cut("all", ETERNITY)
    if whole is None or stated == "all":
        return best
    if stated is not None:
        span = aligned(whole, stated)
        return best if span is None else Cut(stated, str(span))
    for granularity in _candidates(query):
        chunks, span = count(own, granularity), aligned(whole, granularity)
        if chunks is None or span is None or (count(whole, granularity) or 0) > MOST_CHUNKS:
            return best
        best = Cut(granularity, str(span))
        if rows <= rows_per_segment * chunks:
            return best
    return best


def beside(interval: str) -> tuple[str, ...]:
    """All of time before and after an interval, `start/end` in ISO 8601."""
    if interval == ETERNITY:
        return ()
    (first, _, last), (start, _, end) = ETERNITY.partition("/"), interval.partition("/")
    return (f"{first}/{start}", f"{end}/{last}")


def _candidates(query: QueryGranularity) -> Iterator[Granularity]:
    """What may be chosen, the coarsest first. Weeks lie in no month: they are their own only choice."""
    if query == "week":
        yield "week"
    yield from (one for one in _DERIVED if fits_into(query, one))


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
