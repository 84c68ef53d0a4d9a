"""Polars reads a CSV file whole and typed, and writes the rows as gzipped NDJSON, with the engine's own level."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import polars as pl

from benchmarks.processes import peak_rss_bytes

GZIP_LEVEL = 3


def convert(request: dict[str, Any]) -> dict[str, Any]:
    """Rows written; Polars reports none as rejected: it reads all of a file or fails."""
    frame = pl.read_csv(request["source"], try_parse_dates=True, infer_schema_length=10_000, null_values=["", "NA"])
    time = pl.col(request["time_column"])
    frame = frame.select(
        time.dt.epoch("ms").alias("__time"),
        pl.exclude(request["time_column"]),
        pl.lit("bench").alias("ingest_task_id"),
    )
    frame.write_ndjson(request["target"], compression="gzip", compression_level=GZIP_LEVEL)
    return {"rows": frame.height, "rejected": 0, "peak_rss_bytes": peak_rss_bytes(os.getpid())}


if __name__ == "__main__":
    json.dump(convert(json.load(sys.stdin)), sys.stdout)
