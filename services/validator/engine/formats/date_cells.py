"""Real dates of a workbook in columns whose times are written in a known format: the dates are written so, too.

Types and formats that are known before (of a file that is corrected, of a contract) are those of text. A date cell has
no format of its own, and means the same in any.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from services.validator.engine import patterns
from services.validator.engine.expected import keys_of
from services.validator.engine.request import ParseRequest
from services.validator.engine.zones import UTC, in_zone

_DAYS = {
    patterns.YEAR_FIRST: "%Y/%m/%d",
    patterns.DAY_FIRST: "%d/%m/%Y",
    patterns.MONTH_FIRST: "%m/%d/%Y",
    patterns.DAY_NAMED: "%d %b %Y",
    patterns.MONTH_NAMED: "%b %d, %Y",
}
_PER_SECOND = {
    patterns.EPOCH_SECONDS: 1,
    patterns.EPOCH_MILLIS: 1_000,
    patterns.EPOCH_MICROS: 1_000_000,
    patterns.EPOCH_NANOS: 1_000_000_000,
}
_MICROSECOND = dt.timedelta(microseconds=1)
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - a workbook knows no zone


@dataclass(frozen=True, slots=True)
class DateFormat:
    """How the times of a column are written; `zone` is that of times that name none, UTC if it is not known."""

    time_format: str
    zone: str | None = None

    def text(self, value: dt.datetime) -> str | None:
        """A time of a workbook, which knows no zone, in this format; None where the format has no place for it."""
        if self.time_format in _PER_SECOND:
            return self._count(value)
        pattern = self._pattern(value)
        if pattern is None:
            return None
        if "%z" in pattern:
            ahead = self._ahead_of_utc(value)
            if ahead is None:
                return None
            value = value.replace(tzinfo=dt.timezone(ahead))
        text = value.strftime(pattern)
        try:
            return text if dt.datetime.strptime(text, pattern) == value else None  # noqa: DTZ007 - as `value` is
        except ValueError:
            return None

    def _pattern(self, value: dt.datetime) -> str | None:
        clock = "%H:%M:%S.%f" if value.microsecond else "%H:%M:%S"
        if self.time_format == patterns.COMPACT_DAY:
            return "%Y%m%d"
        if self.time_format == patterns.COMPACT_SECOND:
            return "%Y%m%d" + clock.replace(":", "")
        if day := _DAYS.get(self.time_format):
            return f"{day} {clock}" if value.time() != dt.time() else day
        return self.time_format if patterns.is_own(self.time_format) else None

    def _count(self, value: dt.datetime) -> str | None:
        ahead = self._ahead_of_utc(value)
        if ahead is None:
            return None
        count, rest = divmod((value - ahead - _EPOCH) // _MICROSECOND * _PER_SECOND[self.time_format], 1_000_000)
        return None if rest else str(count)

    def _ahead_of_utc(self, value: dt.datetime) -> dt.timedelta | None:
        """The offset of the zone at this local time; None where its clocks showed the time twice, or never."""
        local_ms = (value - _EPOCH) // dt.timedelta(milliseconds=1)
        instants = in_zone(pl.Series([local_ms], dtype=pl.Int64), self.zone or UTC)
        earlier, later = instants.earlier[0], instants.later[0]
        return None if earlier is None or earlier != later else dt.timedelta(milliseconds=local_ms - earlier)


def date_formats(request: ParseRequest, header: Sequence[str]) -> Mapping[int, DateFormat]:
    """By position, the columns of a file whose times have a known format that is not ISO."""
    known: dict[str, DateFormat] = {}
    if request.correction is not None:
        columns = request.correction.columns
        for name, index in keys_of(columns).items():
            if (written := columns[index].time_format) is not None:
                known[name] = DateFormat(written, columns[index].zone)
    elif request.contract is not None:
        known = {
            column.name: DateFormat(column.format, column.zone)
            for column in request.contract.columns
            if column.format is not None
        }
    named = ((index, known.get(cell.strip())) for index, cell in enumerate(header))
    return {index: found for index, found in named if found is not None and found.time_format != patterns.ISO}
