"""Polars reads a CSV file whole and as text, casts it, and Pandera names the rows that do not pass."""

from __future__ import annotations

import json
import sys
from typing import Any

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

TYPES = {"long": pl.Int64(), "double": pl.Float64(), "string": pl.String(), "time": pl.Datetime("ms", "UTC")}


def judge(request: dict[str, Any]) -> dict[str, int]:
    """Rows read, and rows that fail: a cell that does not cast, or that a short row has not got, is null after it."""
    columns: dict[str, str] = request["columns"]
    null_values = request["null_values"]
    frame = pl.read_csv(request["source"], infer_schema=False, null_values=null_values)
    frame = frame.with_columns(_cast(name, kind) for name, kind in columns.items())
    required = set(request["required"])
    schema = pa.DataFrameSchema(
        {name: pa.Column(TYPES[kind], nullable=name not in required) for name, kind in columns.items()}
    )
    rejected = 0
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as errors:
        rejected = errors.failure_cases["index"].n_unique()
    return {"rows": frame.height, "rejected": rejected}


def _cast(name: str, kind: str) -> pl.Expr:
    text = pl.col(name)
    if kind == "time":
        return text.str.to_datetime("%Y-%m-%dT%H:%M:%SZ", strict=False, time_unit="ms", time_zone="UTC")
    return text.cast(TYPES[kind], strict=False)


if __name__ == "__main__":
    json.dump(judge(json.load(sys.stdin)), sys.stdout)
