"""The transforms of a load: columns that Druid makes of others while it reads them. Pure.

A transform reads the columns of the file, not those that other transforms make; one that has the name of a column takes
its place.
"""

from __future__ import annotations

from typing import Any

from services.submitter.dimensions import TIME_COLUMN, dimensions_of
from services.submitter.expressions import call, identifier, literal
from services.submitter.load import Load
from shared.granularity import Granularity
from shared.loading import Transform

_PERIODS: dict[Granularity, str] = {
    "minute": "PT1M",
    "five_minute": "PT5M",
    "ten_minute": "PT10M",
    "fifteen_minute": "PT15M",
    "thirty_minute": "PT30M",
    "hour": "PT1H",
    "six_hour": "PT6H",
    "eight_hour": "PT8H",
    "day": "P1D",
    "week": "P1W",
    "month": "P1M",
    "quarter": "P3M",
    "year": "P1Y",
}
_ISO = "yyyy-MM-dd'T'HH:mm:ss.SSSZZ"


def transform_spec(load: Load) -> dict[str, Any]:
    """`transformSpec`: what the datasource says, and the parsing of json, which stands in the parts as its text."""
    stated = {one.name: _expression(one) for one in load.loading.transforms}
    nested = [name for name, kind in dimensions_of(load).items() if kind == "json" and name not in stated]
    parsed = {name: call("parse_json", identifier(name)) for name in nested}
    made = [{"type": "expression", "name": name, "expression": text} for name, text in {**parsed, **stated}.items()]
    return {"filter": None, "transforms": made}


def _expression(transform: Transform) -> str:
    columns = [identifier(name) for name in transform.columns]
    match transform.type:
        case "time_floor":
            return _time_floor(transform)
        case "lower" | "upper" | "trim":
            return call(transform.type, *columns)
        case "concat":
            between = [literal(transform.separator)] if transform.separator else []
            arguments = [one for column in columns for one in (*between, column)]
            return call("concat", *arguments[len(between) :])
        case "bucket":
            return _bucket(columns[0], transform)
        case "constant":
            return literal("" if transform.value is None else transform.value)
        case "json_value":
            returns = literal(transform.returns.upper())
            return call("json_value", call("parse_json", columns[0]), literal(transform.path or "$"), returns)


def _time_floor(transform: Transform) -> str:
    period, zone = literal(_PERIODS[transform.granularity or "day"]), literal(transform.zone or "UTC")
    floor = call("timestamp_floor", identifier(TIME_COLUMN), period, "null", zone)
    if transform.zone in {None, "UTC"}:
        return call("timestamp_format", floor)  # with a Z, as all times in the parts
    return call("timestamp_format", floor, literal(_ISO), zone)


def _bucket(column: str, transform: Transform) -> str:
    """Whole numbers stay whole, without a detour over doubles, which do not hold each of them."""
    size = transform.size or 1.0
    if transform.returns == "long":
        width = literal(int(size))
        return f"({column} - (({column} % {width}) + {width}) % {width})"
    return f"(floor(cast({column},'DOUBLE') / {literal(size)}) * {literal(size)})"
