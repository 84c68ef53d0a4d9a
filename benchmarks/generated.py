"""A table of any length, 8 columns and about 80 bytes a row, the same at every call; some of its rows are bad.

Its figures come from a mixing function over the row's number (Vigna's splitmix64, https://prng.di.unimi.it/splitmix64.c)
and not from a generator with a state, so that Polars makes them a block at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

SEED = 20_241_124
TIME = "time"
COLUMNS = {
    TIME: "time",
    "id": "long",
    "station": "string",
    "status": "string",
    "value": "double",
    "reading": "long",
    "ratio": "double",
    "label": "string",
}
BYTES_PER_ROW = 79.6
ONE_BAD_IN = 10_000
STATUSES = ("ok", "ok", "ok", "ok", "warn", "fail", "idle", "test")
_START_MS = 1_704_067_200_000  # 2024-01-01
_BLOCK_ROWS = 200_000


@dataclass(frozen=True)
class Table:
    """A file that was written: how many rows it has, and how many of them are bad."""

    path: Path
    rows: int
    bad: int


def write_table(path: Path, rows: int) -> Table:
    """One row in 10,000 is bad: in turn a time that does not exist, and a row without its last field."""
    bad = 0
    with path.open("wb") as file:
        file.write(_header())
        for first in range(0, rows, _BLOCK_ROWS):
            block = _block(first, min(rows, first + _BLOCK_ROWS))
            time = pl.when(_nth(0)).then(pl.lit("2024-13-01T00:00:00Z")).otherwise(pl.col(TIME))
            label = pl.when(_nth(1)).then(pl.lit("")).otherwise("," + pl.col("label"))
            bad += block.filter(_nth(0) | _nth(1)).height
            file.write(_lines(block, time, label))
    return Table(path, rows, bad)


def write_bad_table(path: Path, rows: int) -> Table:
    """No row has the last of the 8 fields."""
    with path.open("wb") as file:
        file.write(_header())
        for first in range(0, rows, _BLOCK_ROWS):
            file.write(_lines(_block(first, min(rows, first + _BLOCK_ROWS)), pl.col(TIME), pl.lit("")))
    return Table(path, rows, rows)


def _header() -> bytes:
    return (",".join(COLUMNS) + "\n").encode()


def _nth(which: int) -> pl.Expr:
    """Bad rows stand in the middle of their 10,000: neither first nor last in a file of any length."""
    return pl.col("id") % (2 * ONE_BAD_IN) == which * ONE_BAD_IN + ONE_BAD_IN // 2


def _lines(block: pl.DataFrame, time: pl.Expr, label: pl.Expr) -> bytes:
    inner = [pl.col(name).cast(pl.String) for name in list(COLUMNS)[1:-1]]
    line = pl.concat_str([pl.concat_str([time, *inner], separator=","), label])
    return ("\n".join(block.select(line.alias("line"))["line"].to_list()) + "\n").encode()


def _block(first: int, end: int) -> pl.DataFrame:
    number = pl.col("id")
    at = (_START_MS + number * 1_000).cast(pl.Datetime("ms"))
    frame = pl.select(pl.int_range(first, end, dtype=pl.Int64).alias("id"))
    return frame.select(
        at.dt.strftime("%Y-%m-%dT%H:%M:%SZ").alias(TIME),
        number,
        pl.format("station-{}", 1000 + drawn(1, 500)).alias("station"),
        pl.lit(pl.Series(STATUSES)).gather(drawn(2, len(STATUSES))).alias("status"),
        (drawn(3, 10_000_000) / 10_000).round(4).alias("value"),
        drawn(4, 100_000).alias("reading"),
        (drawn(5, 1_000_000) / 1_000_000).round(6).alias("ratio"),
        pl.format("batch {}", drawn(6, 10_000)).alias("label"),
    )


def drawn(stream: int, below: int) -> pl.Expr:
    """A number from 0 to `below` - 1 for each row; each stream has its own."""
    mixed = (pl.col("id").cast(pl.UInt64) * 8 + stream + SEED) * pl.lit(0x9E3779B97F4A7C15, pl.UInt64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed // 2**shift)) * pl.lit(factor, pl.UInt64)
    return ((mixed // 2**31) % below).cast(pl.Int64)
