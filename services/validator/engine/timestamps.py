"""Text to epoch milliseconds, in a closed list of formats, a column at a time.

`FORMATS` are the names that a sender may declare. A time of day, a fraction of a second (kept to the millisecond) and
a zone (`Z`, `+02:00`, `+0200`, `+02`) may follow every date; without a zone the time is taken as UTC. Impossible dates,
`24:00` and leap seconds are refused, and so is everything outside the years 1 to 9999.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

ISO = "iso"
YEAR_FIRST = "yyyy/MM/dd"
DAY_FIRST = "dd/MM/yyyy"
MONTH_FIRST = "MM/dd/yyyy"
EPOCH_SECONDS = "epoch_s"
EPOCH_MILLIS = "epoch_ms"
FORMATS = (ISO, YEAR_FIRST, DAY_FIRST, MONTH_FIRST, EPOCH_SECONDS, EPOCH_MILLIS)

MS_PER_SECOND = 1_000
_MIN_MS, _MAX_MS = -62_135_596_800_000, 253_402_300_799_999  # years 1 to 9999
# Whole numbers are believed to be times only from 1990 to 2100; there the two units do not overlap.
PLAUSIBLE_SECONDS = (631_152_000, 4_102_444_800)

# Spelt out because \d also matches the digits of other scripts.
_CLOCK = (
    r"(?:[T ](?P<hour>[0-9]{2}):(?P<minute>[0-5][0-9])(?::(?P<second>[0-5][0-9])(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r" ?(?P<zone>Z|(?P<sign>[+-])(?P<zone_hour>0[0-9]|1[0-8])(?::?(?P<zone_minute>[0-5][0-9]))?)?)?$"
)
_EITHER_FIRST = r"^(?P<{}>[0-9]{{1,2}})(?P<first>[-/.])(?P<{}>[0-9]{{1,2}})(?P<second_mark>[-/.])(?P<year>[0-9]{{4}})"
_PATTERNS = {
    ISO: r"^(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})" + _CLOCK,
    YEAR_FIRST: r"^(?P<year>[0-9]{4})/(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})" + _CLOCK,
    DAY_FIRST: _EITHER_FIRST.format("day", "month") + _CLOCK,
    MONTH_FIRST: _EITHER_FIRST.format("month", "day") + _CLOCK,
}
_PLAIN_ISO = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-5][0-9]:[0-5][0-9]Z?$"
_SHAPES = {
    ISO: r"^[0-9]{4}-[0-9]",
    YEAR_FIRST: r"^[0-9]{4}/[0-9]",
    DAY_FIRST: r"^[0-9]{1,2}[-/.][0-9]{1,2}[-/.]",
    MONTH_FIRST: r"^[0-9]{1,2}[-/.][0-9]{1,2}[-/.]",
}
ANY_SHAPE = r"^[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]"
_CLOCK_FORMAT = "%Y-%m-%dT%H:%M:%S"


@dataclass(frozen=True, slots=True)
class Times:
    """`ms` is null where a value does not parse. `zoneless` parsed values named no zone; `cut` lost a fraction."""

    ms: pl.Series
    zoneless: int
    cut: int


def parse_times(values: pl.Series, time_format: str) -> Times:
    """Parse every value in one of `FORMATS`."""
    if time_format in (EPOCH_SECONDS, EPOCH_MILLIS):
        return Times(_parse_epoch(values, time_format), 0, 0)
    if time_format == ISO and bool(values.str.contains(_PLAIN_ISO).all()):
        return _parse_plain_iso(values)
    return _parse_parts(values, time_format)


def epoch_counts(values: pl.Series) -> tuple[int, int]:
    """How many values are plausible seconds, and how many plausible milliseconds."""
    low, high = PLAUSIBLE_SECONDS
    numbers = _whole_numbers(values)
    seconds = numbers.is_between(low, high).sum()
    millis = numbers.is_between(low * MS_PER_SECOND, high * MS_PER_SECOND).sum()
    return int(seconds), int(millis)


def matches_shape(values: pl.Series, time_format: str) -> bool:
    """Whether any value begins like the format; False means that none would parse."""
    return bool(values.str.contains(_SHAPES[time_format]).any())


def looks_like_time(value: str) -> bool:
    """Whether one value parses as a date or time, whole numbers aside."""
    values = pl.Series([value])
    return any(parse_times(values, time_format).ms.count() for time_format in _PATTERNS)


def _parse_plain_iso(values: pl.Series) -> Times:
    """The common case, at a fifth of the price: seconds, no fraction, and no zone or Z."""
    fixed = values.str.head(10) + "T" + values.str.slice(11, 8)
    ms = _bounded(fixed.str.to_datetime(_CLOCK_FORMAT, strict=False, time_unit="ms").cast(pl.Int64))
    zoneless = (ms.is_not_null() & ~values.str.ends_with("Z")).sum()
    return Times(ms, int(zoneless), 0)


def _parse_parts(values: pl.Series, time_format: str) -> Times:
    parts = values.str.extract_groups(_PATTERNS[time_format]).struct.unnest()
    if "first" in parts.columns:
        parts = parts.with_columns(year=pl.when(pl.col("first") == pl.col("second_mark")).then("year"))
    two = {name: pl.col(name).fill_null("00").str.zfill(2) for name in ("month", "day", "hour", "minute", "second")}
    text = pl.format("{}-{}-{}T{}:{}:{}", "year", *two.values())
    base = text.str.to_datetime(_CLOCK_FORMAT, strict=False, time_unit="ms").cast(pl.Int64)
    fraction = pl.col("fraction").str.head(3).str.pad_end(3, "0").cast(pl.Int64).fill_null(0)
    minutes = pl.col("zone_hour").cast(pl.Int64) * 60 + pl.col("zone_minute").fill_null("0").cast(pl.Int64)
    signed = pl.when(pl.col("sign") == "-").then(-minutes).otherwise(minutes).fill_null(0)
    found = parts.select(
        ms=base + fraction - signed * 60 * MS_PER_SECOND,
        zoneless=pl.col("zone").is_null(),
        cut=pl.col("fraction").str.slice(3).str.strip_chars("0").fill_null("") != "",
    )
    ms = _bounded(found["ms"])
    parsed = ms.is_not_null()
    return Times(ms, int((parsed & found["zoneless"]).sum()), int((parsed & found["cut"]).sum()))


def _parse_epoch(values: pl.Series, time_format: str) -> pl.Series:
    numbers = _whole_numbers(values)
    if time_format == EPOCH_MILLIS:
        return _bounded(numbers)
    limit = _MAX_MS // MS_PER_SECOND
    in_range = numbers.is_between(-limit, limit)
    return _bounded(_where(numbers, in_range) * MS_PER_SECOND)


def _whole_numbers(values: pl.Series) -> pl.Series:
    return _where(values, values.str.contains(r"^-?[0-9]{1,18}$")).cast(pl.Int64)


def _bounded(ms: pl.Series) -> pl.Series:
    return _where(ms, ms.is_between(_MIN_MS, _MAX_MS)).alias("ms")


def _where(values: pl.Series, keep: pl.Series) -> pl.Series:
    """`values` with null where `keep` is not true."""
    frame = pl.DataFrame([values.alias("values"), keep.alias("keep")])
    return frame.select(pl.when("keep").then("values")).to_series()
