"""What the transforms of a load make of a row, worked out here and not by Druid. Pure.

Where the answer hangs on how Java writes a number, or on a gap in a zone's time, it is left to Druid and not compared.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.spec_check.cells import NOT_COMPARED
from services.submitter.chunks import floor
from shared.granularity import Granularity
from shared.loading import Transform, TransformType

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[([0-9]+)\]|\['([^']*)'\]")
_WHOLE_DAYS = frozenset({"day", "week", "month", "quarter", "year"})


def transformed(transform: Transform, row: Mapping[str, Any]) -> Any:
    """The value of the column that a transform makes; `NOT_COMPARED` where only Druid can tell."""
    values = [row.get(name) for name in transform.columns]
    match transform.type:
        case "constant":
            return "" if transform.value is None else transform.value
        case "time_floor":
            return _time_floor(row["__time"], transform.granularity or "day", transform.zone or "UTC")
        case "concat":
            return _concat(values, transform.separator or "")
    (value,) = values
    return None if value is None else _OF_ONE[transform.type](value, transform)


def _time_floor(millis: int, granularity: Granularity, zone: str) -> Any:
    try:
        moment = _EPOCH + timedelta(milliseconds=millis)
        if zone == "UTC":
            return floor(moment, granularity).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        there = ZoneInfo(zone)
        clock = moment.astimezone(there)
        if granularity not in _WHOLE_DAYS:
            return NOT_COMPARED
        begun = floor(clock.replace(tzinfo=UTC), granularity).replace(tzinfo=there)
        if begun.astimezone(UTC).astimezone(there) != begun or begun.utcoffset() != begun.replace(fold=1).utcoffset():
            return NOT_COMPARED  # that midnight is skipped, or comes twice
        return begun.isoformat(timespec="milliseconds")
    except (ValueError, OverflowError):  # outside the calendar that is known here
        return NOT_COMPARED


def _concat(values: list[Any], separator: str) -> Any:
    if any(value is None for value in values):
        return None
    if any(isinstance(value, float) for value in values):
        return NOT_COMPARED
    return separator.join(map(str, values))


def _bucket(value: Any, transform: Transform) -> Any:
    size = transform.size or 1.0
    if transform.returns == "long":
        return value // int(size) * int(size)
    return math.floor(float(value) / size) * size


def _found(value: Any, transform: Transform) -> Any:
    """What stands at the path, where its type is the one that is asked for: others are turned into it as Druid does."""
    for step in _STEP.finditer(transform.path or "$"):
        name, place = step[1] or step[3], step[2]
        try:
            value = value[name] if place is None else value[int(place)] if isinstance(value, list) else None
        except (KeyError, IndexError, TypeError):
            return None
        if value is None:
            return None
    wanted: dict[str, type | tuple[type, ...]] = {"string": str, "long": int, "double": float}
    known = isinstance(value, wanted[transform.returns]) and not isinstance(value, bool)
    return value if known else NOT_COMPARED


_OF_ONE: dict[TransformType, Callable[[Any, Transform], Any]] = {
    "bucket": _bucket,
    "json_value": lambda text, transform: _found(json.loads(text), transform),
    "lower": lambda text, _: text.lower(),
    "upper": lambda text, _: text.upper(),
    "trim": lambda text, _: text.strip(" "),
}
"""What is made of one column, where it is not null."""
