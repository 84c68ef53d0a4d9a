"""The flights of 2013 ten times, each time a year later: 3,367,760 rows in order of time, and as late events come.

Made once, and kept beside the file that they are made of.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from benchmarks.files import FLIGHTS_ROWS, FLIGHTS_TIME
from benchmarks.generated import drawn
from demo import data

LATEST_DAYS = 3
_MS_PER_DAY = 24 * 3600 * 1000
_YEAR_DIGITS = 4


def ordered(copies: int) -> Path:
    """The file in order of `time_hour`; rows of one hour in the order that they have in the original."""
    return _made(copies, "ordered", pl.col(FLIGHTS_TIME))


def late(copies: int) -> Path:
    """The same rows in order of their arrival, which is up to three days after their time; the same at every call."""
    at = pl.col(FLIGHTS_TIME).str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="ms").dt.epoch("ms")
    return _made(copies, "late", at + drawn(1, LATEST_DAYS * _MS_PER_DAY))


def rows_of(copies: int) -> int:
    """How many rows each of the files has."""
    return copies * FLIGHTS_ROWS


def _made(copies: int, name: str, order: pl.Expr) -> Path:
    flights, _ = data.fetch()
    path = flights.with_name(f"flights-{copies}-years-{name}.csv")
    if not path.is_file():
        scratch = path.with_suffix(".part")
        _years(flights, copies).sort(order, maintain_order=True).drop("id").write_csv(scratch)
        # Renamed last, so that a half-written file is never taken for the whole one.
        scratch.replace(path)
    return path


def _years(flights: Path, copies: int) -> pl.DataFrame:
    """All rows as text, with their number in `id`."""
    text = pl.read_csv(flights, infer_schema=False)
    return pl.concat([text.with_columns(*_later(years)) for years in range(copies)]).with_row_index("id")


def _later(years: int) -> tuple[pl.Expr, pl.Expr]:
    time = pl.col(FLIGHTS_TIME)
    later = (time.str.head(_YEAR_DIGITS).cast(pl.Int32) + years).cast(pl.String)
    year = (pl.col("year").cast(pl.Int32) + years).cast(pl.String)
    return year.alias("year"), (later + time.str.slice(_YEAR_DIGITS)).alias(FLIGHTS_TIME)
