"""Writes a table of typed columns in every format, for the tests."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.orc as po
import pyarrow.parquet as pq

AVRO_TYPES = {
    pa.int64(): "long",
    pa.float64(): "double",
    pa.string(): "string",
    pa.bool_(): "boolean",
    pa.timestamp("ms", "UTC"): {"type": "long", "logicalType": "timestamp-millis"},
}


def parquet(table: pa.Table, **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def orc(table: pa.Table, folder: Path, **options: Any) -> bytes:
    path = folder / "table.orc"
    po.write_table(table, path, **options)
    return path.read_bytes()


def avro(table: pa.Table, **options: Any) -> bytes:
    fields = [{"name": field.name, "type": ["null", AVRO_TYPES[field.type]]} for field in table.schema]
    out = io.BytesIO()
    schema = fastavro.parse_schema({"type": "record", "name": "row", "fields": fields})
    fastavro.writer(out, schema, table.to_pylist(), **options)
    return out.getvalue()


def avro_of(fields: list[dict[str, Any]], records: list[dict[str, Any]], **options: Any) -> bytes:
    out = io.BytesIO()
    schema = fastavro.parse_schema({"type": "record", "name": "row", "fields": fields})
    fastavro.writer(out, schema, records, **options)
    return out.getvalue()
