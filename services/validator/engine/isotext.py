"""ISO 8601: dates and timestamps that are no `__time`, of which nothing is lost and no zone converted, and instants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

import polars as pl

from .infer import is_null
from .timestamps import parts_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DONE = {
    "date": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "timestamp": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z?$",
}


def iso_instant(ms: int) -> str:
    """Milliseconds since 1970 as a time of UTC."""
    return (_EPOCH + timedelta(milliseconds=ms)).isoformat().replace("+00:00", "Z")


def iso_text(values: pl.Series, time_format: str, kind: Literal["date", "timestamp"]) -> pl.Series:
    """`2024-03-05`, or `2024-03-05T10:20:30` with fraction and zone as they were written; null for null markers.

    Every other value has to be in the format. A date in a column of timestamps begins its day.
    """
    values = values.set(is_null(values), None)
    if values.str.contains(_DONE[kind]).all():
        return values
    parts = parts_of(values, time_format)
    date = pl.format("{}-{}-{}", "year", "month", "day")
    if kind == "date":
        return parts.select(date).to_series()
    clock = [pl.col(name).fill_null("00") for name in ("hour", "minute", "second")]
    fraction = pl.when(pl.col("fraction").is_null()).then(pl.lit("")).otherwise(pl.format(".{}", "fraction"))
    offset = pl.format("{}{}:{}", "sign", "zone_hour", pl.col("zone_minute").fill_null("00"))
    zone = (
        pl.when(pl.col("zone").is_null())
        .then(pl.lit(""))
        .when(pl.col("sign").is_null())
        .then(pl.lit("Z"))
        .otherwise(offset)
    )
    return parts.select(pl.format("{}T{}:{}:{}{}{}", date, *clock, fraction, zone)).to_series()
