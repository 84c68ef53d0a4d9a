"""Writes a table of typed columns in every format, for the tests."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import fastavro
import openpyxl
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


def orc_of(table: pa.Table, **options: Any) -> bytes:
    out = pa.BufferOutputStream()
    po.write_table(table, out, **{"compression": "zlib", **options})
    return bytes(out.getvalue())


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


def xlsx(rows: list[list[Any]], *, sheets: tuple[str, ...] = ("Data",), **formats: str) -> bytes:
    """The rows on the first of the sheets; `formats` are number formats by column letter."""
    workbook = openpyxl.Workbook()
    workbook.active.title = sheets[0]
    for title in sheets[1:]:
        workbook.create_sheet(title).append(["other"])
    for row in rows:
        workbook.active.append(row)
    for letter, number_format in formats.items():
        for cell in workbook.active[letter]:
            cell.number_format = number_format
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def edited(data: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """A zip file with one part changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for member in before.infolist():
            content = before.read(member)
            if member.filename == part:
                assert old in content, content
                content = content.replace(old, new)
            after.writestr(member, content)
    return out.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(members: dict[str, bytes], mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload] # any mode
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()
