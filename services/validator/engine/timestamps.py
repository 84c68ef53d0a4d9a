"""Text to epoch milliseconds, in the formats of `patterns`, a column at a time.

A time of day on a 24-hour or 12-hour clock, a fraction of a second (kept to the millisecond) and a zone (`Z`, `GMT`,
`+02:00`, `+0200`, `+02`) may follow every date; without a zone the time is one of the zone that is given, else UTC.
Impossible dates, `24:00` and leap seconds are refused, and so is everything outside the years 1 to 9999. Names of
months and days are English; a name of a day is not held against its date.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from .patterns import (
    BY_NUMBER,
    EPOCH_MICROS,
    EPOCH_MILLIS,
    EPOCH_NANOS,
    EPOCH_SECONDS,
    EPOCHS,
    FORMATS,
    ISO,
    SHAPES,
    WRITTEN,
    is_own,
    pattern_of,
)
from .zones import UTC, in_zone

__all__ = [
    "BY_NUMBER",
    "FORMATS",
    "Times",
    "looks_like_time",
    "matches_shape",
    "parse_plain",
    "parse_times",
    "parts_of",
]

MS_PER_SECOND = 1_000
_MIN_MS, _MAX_MS = -62_135_596_800_000, 253_402_300_799_999  # years 1 to 9999
_PER_MS = {EPOCH_MILLIS: 1, EPOCH_MICROS: 1_000, EPOCH_NANOS: 1_000_000}
_HALF_DAY_HOURS = 12

_PLAIN_ISO = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-5][0-9]:[0-5][0-9]Z?$"
_PLAIN_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_CLOCK_FORMAT = "%Y-%m-%dT%H:%M:%S"
# Seconds in one layout, by how they are known: Polars reads them as they stand.
_LAYOUTS = {
    rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}{mark}[0-9]{{2}}:[0-5][0-9]:[0-5][0-9]{zone}$": (mark, zone)
    for mark in ("T", " ")
    for zone in ("Z", "")
}
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: f"{number:02d}" for number, name in enumerate(_MONTH_NAMES, 1)}
_PARTS = ("year", "month", "day", "hour", "minute", "second", "fraction", "zone", "sign", "zone_hour", "zone_minute")
_TWO_DIGITS = ("month", "day", "hour", "minute", "second")


@dataclass(frozen=True, slots=True)
class Times:
    """`ms` is null where a value does not parse. `zoneless` parsed values named no zone; `cut` lost a fraction.

    `clocked` tells which values name a time of day. `local_ms` are the values whose local time the zone has never or
    twice, with null for all others; their `ms` is null.
    """

    ms: pl.Series
    zoneless: int
    cut: int
    clocked: pl.Series
    local_ms: pl.Series | None = None


def parse_times(values: pl.Series, time_format: str, zone: str = UTC) -> Times:
    """Parse every value in one format; `zone` is an IANA name for the values that name none."""
    if time_format in EPOCHS:
        ms, cut = _parse_epoch(values, time_format)
        return Times(ms, 0, int((cut & ms.is_not_null()).sum()), ms.is_not_null())
    if time_format == ISO and (plain := parse_plain(values, zone)) is not None:
        return plain
    return _parse_parts(values, time_format, zone)


def parse_plain(values: pl.Series, zone: str = UTC) -> Times | None:
    """The times where all values are ISO dates, or ISO times to the second with no zone or Z; None where they are not.

    It costs a fifth of taking each value apart, and next to nothing where the first value is of another kind.
    """
    found = values.first(ignore_nulls=True)
    first = found if isinstance(found, str) else ""
    for pattern, (mark, ending) in _LAYOUTS.items():
        if re.match(pattern, first) and values.str.contains(pattern).all():
            return _parse_layout(values, f"%Y-%m-%d{mark}%H:%M:%S{ending}", zone, named=bool(ending))
    if re.match(_PLAIN_ISO, first) and values.str.contains(_PLAIN_ISO).all():
        return _parse_plain_iso(values, zone)
    if re.match(_PLAIN_DATE, first) and values.str.contains(_PLAIN_DATE).all():
        return _parse_plain_dates(values, zone)
    return None


def matches_shape(values: pl.Series, time_format: str) -> bool:
    """Whether any value begins like the format; False means that none would parse."""
    if is_own(time_format) or time_format in EPOCHS:
        return True
    return bool(values.str.contains(SHAPES[time_format]).any())


def looks_like_time(value: str) -> bool:
    """Whether one value parses as a date or time, whole numbers aside."""
    values = pl.Series([value])
    return any(parse_times(values, time_format).ms.count() for time_format in WRITTEN)


def parts_of(values: pl.Series, time_format: str) -> pl.DataFrame:
    """The parts of each value as text of their full width, null where the value does not say them.

    All of them are null where the value is not written in the format; that a date exists is not looked at.
    """
    found = values.str.extract_groups(pattern_of(time_format)).struct.unnest()
    missing = [pl.lit(None, pl.String).alias(name) for name in _PARTS if name not in found.columns]
    found = found.with_columns(missing)
    if "mark" in found.columns:
        found = found.with_columns(year=pl.when(pl.col("mark") == pl.col("second_mark")).then("year"))
    if "month_name" in found.columns:
        short = pl.col("month_name").str.to_lowercase().str.head(3)
        found = found.with_columns(month=short.replace_strict(_MONTHS, default=None, return_dtype=pl.String))
    if "millis" in found.columns:
        found = found.with_columns(fraction=pl.coalesce("fraction", "millis"))
    if "half" in found.columns:
        hour = pl.col("hour").cast(pl.Int64)
        of_day = hour % _HALF_DAY_HOURS + pl.when(pl.col("half").str.to_lowercase() == "p").then(12).otherwise(0)
        twelve = pl.when(hour.is_between(1, _HALF_DAY_HOURS)).then(of_day).otherwise(99).cast(pl.String)
        found = found.with_columns(hour=pl.when(pl.col("half").is_null()).then("hour").otherwise(twelve))
    return found.select(pl.col(name).str.zfill(2) if name in _TWO_DIGITS else pl.col(name) for name in _PARTS)


def _parse_layout(values: pl.Series, layout: str, zone: str, *, named: bool) -> Times:
    """The common case: every value in the same layout."""
    local, clocked = _clock_ms(values, layout), values.str.len_bytes() > 0
    if named or zone == UTC:
        ms = _bounded(local)
        return Times(ms, 0 if named else ms.count(), 0, clocked)
    return _placed(local, pl.repeat(value=False, n=values.len(), eager=True), local, 0, clocked, zone)


def _parse_plain_iso(values: pl.Series, zone: str) -> Times:
    """T and spaces, or with Z and without, one below the other."""
    named = values.str.ends_with("Z")
    local = _clock_ms(values.str.head(10) + "T" + values.str.slice(11, 8), _CLOCK_FORMAT)
    return _placed(local, named, local, 0, values.str.len_bytes() > 0, zone)


def _clock_ms(values: pl.Series, clock_format: str) -> pl.Series:
    return values.str.to_datetime(clock_format, strict=False, time_unit="ms", cache=False).cast(pl.Int64)


def _parse_plain_dates(values: pl.Series, zone: str) -> Times:
    """The other common case: nothing but dates."""
    local = values.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("ms")).cast(pl.Int64)
    never = pl.repeat(value=False, n=values.len(), eager=True)
    return _placed(local, never, local, 0, never, zone)


def _parse_parts(values: pl.Series, time_format: str, zone: str) -> Times:
    parts = parts_of(values, time_format)
    clock = [pl.col(name).fill_null("00") for name in ("hour", "minute", "second")]
    text = pl.format("{}-{}-{}T{}:{}:{}", "year", "month", "day", *clock)
    base = text.str.to_datetime(_CLOCK_FORMAT, strict=False, time_unit="ms").cast(pl.Int64)
    fraction = pl.col("fraction").str.head(3).str.pad_end(3, "0").cast(pl.Int64).fill_null(0)
    minutes = pl.col("zone_hour").cast(pl.Int64) * 60 + pl.col("zone_minute").fill_null("0").cast(pl.Int64)
    signed = pl.when(pl.col("sign") == "-").then(-minutes).otherwise(minutes).fill_null(0)
    found = parts.select(
        local=base + fraction,
        offset_ms=signed * 60 * MS_PER_SECOND,
        named=pl.col("zone").is_not_null(),
        cut=pl.col("fraction").str.slice(3).str.strip_chars("0").fill_null("") != "",
        clocked=pl.col("hour").is_not_null(),
    )
    local = found["local"]
    cut = int((local.is_not_null() & found["cut"]).sum())
    return _placed(local, found["named"], local - found["offset_ms"], cut, found["clocked"], zone)


def _placed(
    local: pl.Series, named: pl.Series, by_own_zone: pl.Series, cut: int, clocked: pl.Series, zone: str
) -> Times:
    """Put each local time into the zone that it names, else into `zone`."""
    zoneless = local.is_not_null() & ~named
    if zone == UTC or not zoneless.any():
        ms = _bounded(by_own_zone)
        return Times(ms, int((ms.is_not_null() & ~named).sum()), cut, clocked)
    instants = in_zone(_where(local, zoneless), zone)
    once = (instants.earlier == instants.later).fill_null(value=False)
    ms = _bounded(_where(instants.earlier, once).fill_null(_where(by_own_zone, named)))
    unclear = zoneless & ~once
    return Times(
        ms, int((ms.is_not_null() & ~named).sum()), cut, clocked, _where(local, unclear) if unclear.any() else None
    )


def _parse_epoch(values: pl.Series, time_format: str) -> tuple[pl.Series, pl.Series]:
    """The milliseconds, and which values had more than milliseconds."""
    numbers = whole_numbers(values)
    if time_format == EPOCH_SECONDS:
        limit = _MAX_MS // MS_PER_SECOND
        in_range = numbers.is_between(-limit, limit)
        return _bounded(_where(numbers, in_range) * MS_PER_SECOND), numbers.is_null()
    per_ms = _PER_MS[time_format]
    return _bounded(numbers // per_ms), (numbers % per_ms != 0).fill_null(value=False)


def whole_numbers(values: pl.Series) -> pl.Series:
    """Each value as a whole number of 64 bits; null where it is none."""
    return _where(values, values.str.contains(r"^-?[0-9]{1,19}$")).cast(pl.Int64, strict=False)


def _bounded(ms: pl.Series) -> pl.Series:
    low, high = ms.min(), ms.max()
    if isinstance(low, int) and isinstance(high, int) and low >= _MIN_MS and high <= _MAX_MS:
        return ms.alias("ms")
    return _where(ms, ms.is_between(_MIN_MS, _MAX_MS)).alias("ms")


def _where(values: pl.Series, keep: pl.Series) -> pl.Series:
    """`values` with null where `keep` is not true."""
    frame = pl.DataFrame([values.alias("values"), keep.alias("keep")])
    return frame.select(pl.when("keep").then("values")).to_series()
