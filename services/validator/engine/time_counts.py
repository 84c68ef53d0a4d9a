"""Where in time the accepted rows lie, counted while they are written; only for a file whose load is to be planned."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import polars as pl

MOST = 1_000
_HOUR_MS = 3_600_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TimeCounts:
    """Rows per hour. Memory grows with the hours that have rows: ten years are 88,000."""

    def __init__(self) -> None:
        self._hours: Counter[int] = Counter()

    def add(self, ms: pl.Series) -> None:
        """Take the times of some rows, in milliseconds since 1970."""
        counted = (ms // _HOUR_MS).value_counts(name="rows")
        for hour, rows in counted.iter_rows():
            self._hours[hour] += rows

    def told(self) -> list[tuple[int, int]]:
        """Begin in milliseconds and rows, in the order of time, by the finest unit that has at most `MOST` of them."""
        found: Counter[datetime] = Counter()
        for hour, rows in self._hours.items():
            found[_EPOCH + timedelta(hours=hour)] += rows
        for coarser in ({"hour": 0}, {"day": 1, "hour": 0}, {"month": 1, "day": 1, "hour": 0}):
            if len(found) <= MOST:
                break
            found = _together(found, coarser)
        return [((start - _EPOCH) // timedelta(milliseconds=1), rows) for start, rows in sorted(found.items())]


def _together(found: Counter[datetime], fields: dict[str, int]) -> Counter[datetime]:
    coarse: Counter[datetime] = Counter()
    for start, rows in found.items():
        coarse[datetime(start.year, fields.get("month", start.month), fields.get("day", start.day), tzinfo=UTC)] += rows
    return coarse
