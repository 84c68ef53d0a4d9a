"""Hostile files in the real child: each ends with a name, in bounded memory and time."""

from __future__ import annotations

import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from services.validator.engine import ChildLimits, ChildUsage, ParseRequest, Rejected, run_child
from tests.verdicts.writing import avro_of, parquet, zipped

MIB = 1024 * 1024
LIMITS = ChildLimits(max_rss_bytes=1024 * MIB, max_seconds=60, poll_interval=timedelta(milliseconds=50))
ROW = b'{"ts": "2024-01-01", "a": %s}\n'


def repeated(piece: bytes, times: int) -> Iterator[bytes]:
    """Some GiB in pieces of about a MiB."""
    many = max(1, MIB // len(piece))
    for _ in range(times // many):
        yield piece * many


def gzipped(pieces: Iterator[bytes], level: int = 1) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, 31)
    return b"".join(packer.compress(piece) for piece in pieces) + packer.flush()


def zip_of(name: str, pieces: Iterator[bytes], others: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for other, content in others.items():
            archive.writestr(other, content)
        with archive.open(name, "w") as member:
            for piece in pieces:
                member.write(piece)
    return out.getvalue()


def avro_of_nothing(count: bytes) -> bytes:
    """A record that has an array of nulls, of which any number takes no byte."""
    fields = [{"name": "ts", "type": {"type": "array", "items": "null"}}]
    data = avro_of(fields, [{"ts": []}], codec="null")
    sync = data[-16:]
    body = count + b"\x00"
    return data[: data.index(sync) + 16] + b"\x02" + bytes([2 * len(body)]) + body + sync


FILES: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "gzip bomb": (lambda: gzipped(repeated(b"ts,a\n", 2**25), 9), {"limit_inflate_ratio"}),
    "xz bomb": (lambda: lzma.compress(b"ts,a\n" * 18_000_000, preset=0), {"limit_inflate_ratio"}),
    "zip bomb": (lambda: zip_of("a.csv", repeated(b"ts,a\n", 2**25), {}), {"limit_inflate_ratio"}),
    "xlsx bomb": (
        lambda: zip_of("xl/sharedStrings.xml", repeated(b"<si><t>x</t></si>", 2**23), {"xl/workbook.xml": b"<x/>"}),
        {"limit_inflate_ratio"},
    ),
    "a line of 2 GB": (lambda: gzipped(repeated(b"x", 2**31)), {"limit_record"}),
    "2 GB of zero bytes": (lambda: gzipped(repeated(b"\x00", 2**31)), {"not_delimited"}),
    "a quoted field of 100 MB": (lambda: b'ts,a\n2024-01-01,"' + b"x" * 100_000_000 + b'"\n', {"limit_record"}),
    "a JSON text of 100 MB": (lambda: b'[{"a": "' + b"x" * 100_000_000 + b'"}]', {"limit_record"}),
    "a JSON array of white space": (lambda: b"[{}" + b" " * 100_000_000, {"format_damaged", "limit_record"}),
    "a Parquet value of 100 MB": (lambda: parquet(pa.table({"ts": ["x" * 100_000_000]})), {"limit_record"}),
    "a million columns": (lambda: b"ts," + b"a," * 1_000_000 + b"\n1\n", {"limit_columns", "limit_record"}),
    "a million keys": (
        lambda: b"".join(b'{"k%d": 1}\n' % n for n in range(1_000_000)),
        {"limit_columns"},
    ),
    "20,000 columns in Parquet": (
        lambda: parquet(pa.table({f"c{n}": [1] for n in range(20_000)})),
        {"limit_columns"},
    ),
    "JSON 10,000 deep": (lambda: ROW % (b"[" * 10_000 + b"]" * 10_000), {"no_valid_rows"}),
    "a JSON array a million deep": (lambda: b"[" + b"[" * 1_000_000, {"json_depth", "format_damaged"}),
    "20 million equal rows in Parquet": (
        lambda: parquet(pa.table({"ts": pa.array(["2024-01-01"] * 20_000_000).dictionary_encode()})),
        {"limit_inflate_ratio"},
    ),
    "an Avro array of 2^40 nulls": (lambda: avro_of_nothing(b"\x80\x80\x80\x80\x80\x40"), {"limit_memory"}),
    "300,000 gzip members of a byte": (lambda: gzip.compress(b"x", 1) * 300_000, {"limit_record", "no_rows"}),
    "path tricks": (lambda: zipped({"../../etc/passwd": b"ts,a\n"}), {"archive_member"}),
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", FILES)
async def test_it_ends_with_a_name(name: str, tmp_path: Path) -> None:
    make, codes = FILES[name]
    source, output = tmp_path / "source", tmp_path / "output"
    source.write_bytes(make())
    output.mkdir()
    used: list[ChildUsage] = []
    request = ParseRequest(source_path=source, original_filename="x", output_dir=output, task_id="t")
    verdict = await run_child(request, LIMITS, report_usage=used.append)
    assert isinstance(verdict, Rejected)
    assert verdict.problems[0].code in codes, verdict.problems[0].message
    print(f"{name}: {used[0].peak_rss_bytes // MIB} MiB, {used[0].seconds:.1f} s")  # noqa: T201 - figures for the reader
    if "limit_memory" not in codes:
        assert used[0].peak_rss_bytes < 700 * MIB
