"""Time chunks: where the chunk of a moment begins, and how many there are. Pure; years 1 to 9999, in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.granularity import MINUTES, MONTHS, Granularity

# A Monday: weeks, and everything that is shorter, are whole multiples from here.
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_LENGTHS: dict[str, timedelta] = {
    **{name: timedelta(minutes=minutes) for name, minutes in MINUTES.items()},
    "week": timedelta(weeks=1),
}
_MONTHS_A_YEAR = 12


@dataclass(frozen=True)
class Span:
    """A stretch of time, `end` not included; aware UTC."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        return f"{_instant(self.start)}/{_instant(self.end)}"


def aligned(span: Span, granularity: Granularity) -> Span | None:
    """Whole chunks over a span whose `end` is included; None if they leave the calendar."""
    try:
        return Span(floor(span.start, granularity), _following(floor(span.end, granularity), granularity))
    except (ValueError, OverflowError):
        return None


def count(span: Span, granularity: Granularity) -> int | None:
    """How many chunks lie over a span whose `end` is included; None if they leave the calendar."""
    whole = aligned(span, granularity)
    if whole is None:
        return None
    if granularity in MONTHS:
        return (_months(whole.end) - _months(whole.start)) // MONTHS[granularity]
    return (whole.end - whole.start) // _LENGTHS[granularity]


def chunk_at(start: datetime, granularity: Granularity) -> Span:
    """The chunk that begins there; every granularity but `all`."""
    return Span(start, _following(start, granularity))


def period(granularity: Granularity) -> str:
    """The length as Druid's SQL takes it, an ISO 8601 period; every granularity but `all`."""
    if granularity in MONTHS:
        return f"P{MONTHS[granularity]}M"
    return "P1W" if granularity == "week" else f"PT{MINUTES[granularity]}M"


def floor(moment: datetime, granularity: Granularity) -> datetime:
    """The beginning of the chunk that a moment lies in; every granularity but `all`."""
    if granularity in MONTHS:
        months = _months(moment) // MONTHS[granularity] * MONTHS[granularity]
        return _of_months(months)
    return moment - (moment - _BEGINNING) % _LENGTHS[granularity]


def _following(start: datetime, granularity: Granularity) -> datetime:
    if granularity in MONTHS:
        return _of_months(_months(start) + MONTHS[granularity])
    return start + _LENGTHS[granularity]


def _months(moment: datetime) -> int:
    return moment.year * _MONTHS_A_YEAR + moment.month - 1


def _of_months(months: int) -> datetime:
    return datetime(months // _MONTHS_A_YEAR, months % _MONTHS_A_YEAR + 1, 1, tzinfo=UTC)


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
