"""Does a retention rule of Druid's keep a load's rows away? Pure: rules and time in, yes or "not known" out.

Druid goes through a datasource's rules from the top, and the first that applies to a segment decides. Here a whole load
is asked about: a rule that drops must cover all of its interval, one that loads need only touch it. Whatever cannot be
read ends the search without a yes.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.druid import ETERNITY

_PERIOD = re.compile(
    r"P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_Span = tuple[datetime, datetime]


def is_dropped(rules: Iterable[Mapping[str, Any]], interval: str, *, now: datetime) -> bool:
    """Whether Druid is known to drop every segment of an interval.

    Args:
        rules: those of the datasource and then the cluster's own, in their order, as Druid gives them.
        interval: `start/end` in ISO 8601.
        now: what periods are measured from; aware UTC.
    """
    try:
        span = _span(interval)
        for rule in rules:
            kind = str(rule.get("type"))
            if _applies(rule, kind, span, now):
                return kind.startswith("drop")
    except (ValueError, OverflowError):
        return False
    return False


def _applies(rule: Mapping[str, Any], kind: str, span: _Span, now: datetime) -> bool:
    start, end = span
    if kind.endswith("Forever"):
        return True
    if kind == "dropBeforeByPeriod":
        return end <= _before(now, str(rule.get("period")))
    if kind.endswith("ByInterval"):
        first, last = _span(str(rule.get("interval")))
    elif kind.endswith("ByPeriod"):
        first = _before(now, str(rule.get("period")))
        last = _LAST if rule.get("includeFuture", True) else now
    else:
        msg = f"no rule of type {kind} is known"
        raise ValueError(msg)
    return first <= start and end <= last if kind.startswith("drop") else first < end and start < last


def _span(interval: str) -> _Span:
    if interval == ETERNITY:
        return _FIRST, _LAST
    start, _, end = interval.partition("/")
    return _instant(start), _instant(end)


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _before(now: datetime, period: str) -> datetime:
    """The instant a period ago; a day that the month does not have is its last."""
    found = _PERIOD.fullmatch(period)
    if found is None:
        msg = f"{period!r} is no period"
        raise ValueError(msg)
    parts = {name: int(number or 0) for name, number in found.groupdict().items()}
    months = now.year * 12 + now.month - 1 - parts.pop("years") * 12 - parts.pop("months")
    year, month = divmod(months, 12)
    day = min(now.day, calendar.monthrange(year, month + 1)[1])
    return now.replace(year=year, month=month + 1, day=day) - timedelta(**parts)
