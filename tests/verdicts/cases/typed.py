"""Parquet, ORC and Avro: values that cannot be used, damage, limits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

import pyarrow as pa

from tests.verdicts.writing import avro, avro_of, orc_of, parquet

from .case import Bad, Case

NOON = dt.datetime(2024, 1, 2, 12, tzinfo=dt.UTC)
TIME = pa.timestamp("ms", "UTC")
WRITERS: dict[str, Callable[..., bytes]] = {"parquet": parquet, "orc": orc_of, "avro": avro}


def table(**columns: Any) -> pa.Table:
    rows = len(next(iter(columns.values())))
    return pa.table({"at": pa.array([NOON] * rows, TIME), **columns})


def no_utf8() -> pa.Array:
    return pa.array([b"good", b"\xff\xfe", b"also"]).cast(pa.large_binary()).view(pa.large_string())


def _cases() -> Iterable[Case]:
    for name, write in WRITERS.items():
        values = table(n=[1, None], text=["007", "NA"])
        whole = write(table(n=list(range(3_000)), text=["some text"] * 3_000))
        rows = ((1, "007"), (None, "NA"))
        yield Case("", "", write(values), rows=rows, reading={"format": name}, format=name)
        yield Case("", "no rows", write(values.slice(0, 0)), code="no_rows", format=name)
        yield Case("", "cut at its end", whole[:-20], code="format_damaged", format=name)
        yield Case("", "cut in the midst", whole[: len(whole) // 2], code="format_damaged", format=name)
        yield Case("", "nothing but its mark", whole[:4], code="format_damaged", format=name)
        late = write(pa.table({"at": pa.array([NOON, None, NOON], TIME), "n": [1, 2, 3]}))
        bad = (Bad("timestamp_missing", 2, None),)
        yield Case(
            "", "a row without its time", late, {"timestamp_column": "at"}, rows=((1,), (3,)), bad=bad, format=name
        )
        long = write(table(text=["x" * 300]))
        yield Case("", "an over-long value", long, code="limit_record", max_record_bytes=200, format=name)
    for name in ("parquet", "orc"):
        bad = (Bad("encoding", 2, None),)
        lie = WRITERS[name](table(text=no_utf8()))
        yield Case("", "text that is no UTF-8", lie, rows=(("good",), ("also",)), bad=bad, format=name)
    moments = pa.array([0, 2**62], pa.int64()).cast(pa.timestamp("us", "UTC"))
    yield Case(
        "",
        "a moment that no calendar has",
        parquet(pa.table({"at": moments, "n": [1, 2]})),
        {"timestamp_column": "at"},
        rows=((1,),),
        bad=(Bad("timestamp_invalid", 2, None),),
        format="parquet",
    )
    for codec in ("none", "snappy", "gzip", "zstd", "brotli", "lz4"):
        content = parquet(table(n=[1]), compression=codec)
        yield Case(f"pages in {codec}", "", content, rows=((1,),), format="parquet")
    for codec in ("uncompressed", "zlib", "snappy", "zstd"):
        yield Case(f"stripes in {codec}", "", orc_of(table(n=[1]), compression=codec), rows=((1,),), format="orc")
    for codec in ("null", "deflate", "bzip2", "xz"):
        content = avro(table(n=[1]), codec=codec)
        yield Case(f"blocks in {codec}", "", content, rows=((1,),), reading={"codec": codec}, format="avro")
    for fault, change in (("fewer", 2), ("more", 6)):
        data = bytearray(avro_of([{"name": "ts", "type": "string"}], [{"ts": "2024-01-02"}] * 2, codec="null"))
        data[data.index(bytes(data[-16:])) + 16] = change  # zigzag: one or three records
        yield Case("", f"a block that says it has {fault} records", bytes(data), code="format_damaged", format="avro")
    nested = table(a=[[1, None], []])
    yield Case("nested values", "", parquet(nested), rows=(("[1,null]",), ("[]",)), format="parquet")


CASES = tuple(_cases())
