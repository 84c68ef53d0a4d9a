"""DuckDB reads a CSV file typed, keeps what it would reject, and writes the rows as gzipped NDJSON."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import duckdb

from benchmarks.processes import peak_rss_bytes


def convert(request: dict[str, Any]) -> dict[str, Any]:
    """Rows written and rows rejected."""
    connection = duckdb.connect()
    query = f"""
        COPY (
            SELECT epoch_ms("{request["time_column"]}") AS __time, * EXCLUDE ("{request["time_column"]}"),
                   'bench' AS ingest_task_id
            FROM read_csv('{request["source"]}', store_rejects = true, nullstr = ['', 'NA'])
        ) TO '{request["target"]}' (FORMAT json, COMPRESSION gzip)
    """  # noqa: S608  # paths and a name made by the benchmark
    written = connection.execute(query).fetchone()
    rejected = connection.execute("SELECT COUNT(*) FROM reject_errors").fetchone()
    return {
        "rows": written[0] if written else 0,
        "rejected": rejected[0] if rejected else 0,
        "peak_rss_bytes": peak_rss_bytes(os.getpid()),
    }


if __name__ == "__main__":
    json.dump(convert(json.load(sys.stdin)), sys.stdout)
