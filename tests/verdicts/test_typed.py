"""Parquet, ORC and Avro: exact values, types as declared, damage and lies found out."""

from __future__ import annotations

import datetime as dt
import gzip
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from services.validator.engine import ParseLimits
from services.validator.engine.formats import avro_recount, orc_recount, parquet_recount
from services.validator.engine.formats import compression as compressions
from tests.verdicts import writing
from tests.verdicts.judging import Judge

NOON = dt.datetime(2024, 1, 2, 12, 30, 15, 250_000, tzinfo=dt.UTC)
NOON_MS = 1_704_198_615_250
FORMATS = ["parquet", "orc", "avro"]
formats = pytest.mark.parametrize("name", FORMATS)
TIME = pa.timestamp("ms", "UTC")


def table(rows: int = 3) -> pa.Table:
    return pa.table(
        {
            "at": pa.array([NOON] * rows, TIME),
            "n": pa.array([*range(rows - 1), None], pa.int64()),
            "text": pa.array(["007", "NA", ""] * (rows // 3), pa.string()),
        }
    )


def packed(name: str, content: pa.Table, folder: Path, **options: Any) -> bytes:
    if name == "orc":
        return writing.orc(content, folder, **options)
    return {"parquet": writing.parquet, "avro": writing.avro}[name](content, **options)


def column(judge: Judge, array: pa.Array) -> tuple[str, list[Any]]:
    """The type and values of one Parquet column beside a time."""
    content = pa.table({"at": pa.array([NOON] * len(array), TIME), "value": array})
    outcome = judge(writing.parquet(content), timestamp_column="at")
    return outcome.types["value"], [row["value"] for row in outcome.rows]


@formats
@pytest.mark.parametrize("gzipped", [False, True])
def test_rows_and_types(judge: Judge, name: str, tmp_path: Path, *, gzipped: bool) -> None:
    data = packed(name, table(), tmp_path)
    outcome = judge(gzip.compress(data) if gzipped else data)
    assert outcome.types == {"n": "long", "text": "string"}
    assert [(row["__time"], row["n"], row["text"]) for row in outcome.rows] == [
        (NOON_MS, 0, "007"),
        (NOON_MS, 1, "NA"),
        (NOON_MS, None, None),
    ]
    reading = outcome.reading
    assert (reading["format"], reading["compression"]) == (name, "gzip" if gzipped else None)
    assert "content is" in reading["disagreement"]
    assert sorted(path.name for path in outcome.folder.iterdir()) == ["part-00000.json.gz", "report.json"]


@pytest.mark.parametrize(
    ("array", "kind", "expected"),
    [
        (pa.array([2**63 - 1, -(2**63)]), "long", [2**63 - 1, -(2**63)]),
        (pa.array([None, None], pa.int32()), "long", [None, None]),
        (pa.array([2**64 - 1], pa.uint64()), "string", [str(2**64 - 1)]),
        (pa.array([7], pa.uint64()), "long", [7]),
        (pa.array([0.1, 1.0, 1e300, 5e-324]), "double", [0.1, 1.0, 1e300, 5e-324]),
        (pa.array([0.5, float("nan"), None]), "double", [0.5, None, None]),
        (pa.array([float("inf"), 1.0]), "string", ["inf", "1.0"]),
        (pa.array([None], pa.float32()), "double", [None]),
        (pa.array([0.5], pa.float16()), "double", [0.5]),
        (pa.array([Decimal("1.50"), Decimal("-0.25")]), "double", [1.5, -0.25]),
        (pa.array([Decimal("12345678901234567890.12")]), "string", ["12345678901234567890.12"]),
        (pa.array([True, False, None]), "string", ["true", "false", None]),
        (pa.array([dt.date(2024, 2, 29)]), "string", ["2024-02-29"]),
        (pa.array([dt.time(1, 2, 3)], pa.time32("ms")), "string", ["01:02:03.000"]),
        (pa.array(["1", "2"]), "string", ["1", "2"]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), "string", ["a", "b", "a"]),
        (pa.array([b"bytes"]), "string", ["bytes"]),
        (pa.array([[1, None], []]), "string", ["[1,null]", "[]"]),
        (pa.array([{"a": 1, "b": NOON}]), "string", ['{"a":1,"b":"2024-01-02T12:30:15.250000+00:00"}']),
        (pa.array([None, None]), "string", [None, None]),
    ],
)
def test_values_are_exact(judge: Judge, array: pa.Array, kind: str, expected: list[Any]) -> None:
    assert column(judge, array) == (kind, expected)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin", "+05:30"])
def test_times_are_found_whatever_their_unit_and_zone(judge: Judge, unit: str, zone: str | None) -> None:
    moment = NOON.replace(microsecond=0)
    whole = pa.array([moment], TIME).cast(pa.int64()).cast(pa.timestamp("ms")).cast(pa.timestamp(unit, zone))
    outcome = judge(writing.parquet(pa.table({"happened": whole, "a": [1]})))
    assert outcome.rows[0]["__time"] == NOON_MS - 250
    note = outcome.accepted.time_column.note
    assert ("taken as UTC" in note) == (zone is None)


def test_a_moment_that_no_calendar_has_is_a_bad_row(judge: Judge) -> None:
    times = pa.array([NOON_MS * 1000, 2**62], pa.int64()).cast(pa.timestamp("us", "UTC"))
    outcome = judge(writing.parquet(pa.table({"ts": times, "a": [1, 2]})), timestamp_column="ts")
    assert outcome.error_codes == ["timestamp_invalid"]
    assert (outcome.rejects[0]["record"], outcome.rejects[0]["line"]) == (2, None)
    assert '"a": "2"' in outcome.rejects[0]["raw"]


def test_text_that_is_no_utf8_is_a_bad_row(judge: Judge) -> None:
    lie = pa.array([b"good", b"\xff\xfe", b"also"]).cast(pa.large_binary()).view(pa.large_string())
    outcome = judge(writing.parquet(pa.table({"at": pa.array([NOON] * 3, TIME), "text": lie})))
    assert outcome.error_codes == ["encoding"]
    assert outcome.rejects[0]["errors"][0]["column"] == "text"
    assert [row["text"] for row in outcome.rows] == ["good", "also"]


def test_avro_values(judge: Judge) -> None:
    decimal = {"type": "bytes", "logicalType": "decimal", "precision": 30, "scale": 2}
    kinds: dict[str, Any] = {
        "at": {"type": "long", "logicalType": "timestamp-micros"},
        "day": {"type": "int", "logicalType": "date"},
        "price": decimal,
        "mixed": ["null", "long", "double"],
        "either": ["null", "long", "string"],
        "kind": {"type": "enum", "name": "kind", "symbols": ["A", "B"]},
        "nested": {"type": "array", "items": "long"},
        "id": {"type": "string", "logicalType": "uuid"},
    }
    record = {
        "at": NOON,
        "day": dt.date(2024, 2, 29),
        "price": Decimal("12345678901234567890.12"),
        "mixed": 2.5,
        "either": "7",
        "kind": "B",
        "nested": [1, 2],
        "id": "12345678-1234-5678-1234-567812345678",
    }
    data = writing.avro_of([{"name": name, "type": kind} for name, kind in kinds.items()], [record])
    outcome = judge(data, timestamp_column="at")
    assert {key: value for key, value in outcome.rows[0].items() if key != "ingest_task_id"} == {
        "__time": NOON_MS,
        "day": "2024-02-29",
        "price": "12345678901234567890.12",
        "mixed": 2.5,
        "either": "7",
        "kind": "B",
        "nested": "[1,2]",
        "id": "12345678-1234-5678-1234-567812345678",
    }
    assert (outcome.types["mixed"], outcome.types["either"]) == ("double", "string")


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz"])
def test_avro_codecs(judge: Judge, codec: str) -> None:
    outcome = judge(writing.avro(table(3_000), codec=codec, sync_interval=500))
    assert outcome.accepted.rows_read == 3_000
    assert outcome.reading["codec"] == codec


@pytest.mark.parametrize("compression", ["uncompressed", "zlib", "snappy", "zstd"])
def test_orc_compressions(judge: Judge, tmp_path: Path, compression: str) -> None:
    outcome = judge(writing.orc(table(3_000), tmp_path, compression=compression))
    assert outcome.accepted.second_count == 3_000


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd", "brotli", "lz4"])
def test_parquet_pages_are_counted(judge: Judge, version: str, compression: str) -> None:
    nested = pa.array([[{"a": 1}], [], None] * 1_000)
    content = table(3_000).add_column(0, "nested", nested)
    data = writing.parquet(
        content, data_page_version=version, compression=compression, data_page_size=500, row_group_size=700
    )
    assert judge(data).accepted.second_count == 3_000


def test_parquet_of_nested_columns_only_is_counted_by_its_row_groups(tmp_path: Path) -> None:
    path = tmp_path / "nested"
    path.write_bytes(writing.parquet(pa.table({"a": [[1, 2], []]}), row_group_size=1))
    assert parquet_recount.count_rows(path) == 2


@formats
@pytest.mark.parametrize("spoil", ["cut", "cut early", "middle", "end", "magic only"])
def test_damage_has_a_name(judge: Judge, name: str, tmp_path: Path, spoil: str) -> None:
    options = {"compression": "zlib"} if name == "orc" else {}
    data = bytearray(packed(name, table(3_000), tmp_path, **options))
    if spoil == "cut":
        del data[-20:]
    elif spoil == "cut early":
        del data[len(data) // 3 :]
    elif spoil == "middle":
        data[len(data) // 2 : len(data) // 2 + 40] = b"\xff" * 40
    elif spoil == "end":
        data[-24:] = b"\xff" * 24
    else:
        del data[4:]
    outcome = judge(bytes(data))
    assert outcome.code in {"format_damaged", "format_unsupported", "count_mismatch", "limit_inflated"}, outcome.message
    assert not list(outcome.folder.glob("part-*"))


def test_a_parquet_footer_that_lies_is_found_out(judge: Judge) -> None:
    data = writing.parquet(pa.table({"at": pa.array([NOON] * 1_000, TIME), "n": range(1_000)}), compression="none")
    size = int.from_bytes(data[-8:-4], "little")
    start = len(data) - 8 - size
    places = [n for n in range(start, len(data) - 9) if data[n : n + 2] == b"\xd0\x0f"]
    assert len(places) >= 4
    for lie in (b"\xce\x0f", b"\xd2\x0f"):  # 999 and 1,001 rows
        everywhere = bytearray(data)
        for place in places:
            one = bytearray(data)
            one[place : place + 2] = lie
            everywhere[place : place + 2] = lie
            outcome = judge(bytes(one))
            if outcome.verdict.outcome == "rejected":
                assert outcome.code in {"format_damaged", "count_mismatch"}
            else:
                assert outcome.accepted.rows_accepted == 1_000
        assert judge(bytes(everywhere)).code in {"format_damaged", "count_mismatch"}


def test_an_avro_block_that_lies_is_found_out(judge: Judge) -> None:
    data = bytearray(writing.avro(table(3), codec="null"))
    sync = bytes(data[-16:])
    first = data.index(sync) + 16
    assert data[first] == 6  # three records, zigzag
    for lie in (4, 8, 5):
        data[first] = lie
        assert judge(bytes(data)).code == "format_damaged"


@pytest.mark.parametrize(("count", "size"), [(b"\xff" * 9 + b"\x01", b"\x04"), (b"\x04", b"\xfe" * 9 + b"\x01")])
def test_an_avro_block_that_claims_too_much(judge: Judge, count: bytes, size: bytes) -> None:
    data = writing.avro(table(3), codec="null")
    head = data[: data.index(data[-16:]) + 16]
    assert judge(head + count + size + b"ab" + data[-16:]).code == "format_damaged"


def test_a_parquet_bomb(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compressions, "RATIO_FLOOR_BYTES", 1_000_000)
    content = pa.table({"at": pa.array([NOON] * 300_000, TIME), "text": ["same text in every row"] * 300_000})
    bomb = writing.parquet(content)
    assert len(bomb) < 10_000
    assert judge(bomb).code == "limit_inflate_ratio"


@formats
def test_limits(judge: Judge, name: str, tmp_path: Path) -> None:
    wide = pa.table({"at": pa.array([NOON], TIME), **{f"c{n}": [1] for n in range(20)}})
    assert judge(packed(name, wide, tmp_path), limits=ParseLimits(max_columns=20)).code == "limit_columns"
    long = pa.table({"at": pa.array([NOON], TIME), "text": ["x" * 2_000_000]})
    assert judge(packed(name, long, tmp_path)).code == "limit_record"


@formats
def test_the_second_reader_counts_by_itself(
    judge: Judge, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    recount = {"parquet": parquet_recount, "orc": orc_recount, "avro": avro_recount}[name]
    data = packed(name, table(9), tmp_path)
    path = tmp_path / "counted"
    path.write_bytes(data)
    assert recount.count_rows(path) == 9
    module = __import__(f"services.validator.engine.formats.{name}", fromlist=["count_rows"])
    monkeypatch.setattr(module, "count_rows", lambda _path: 8)
    assert judge(data).code == "count_mismatch"


def test_a_column_name_may_repeat(judge: Judge) -> None:
    content = pa.table([pa.array([NOON], TIME), pa.array([1]), pa.array([2])], names=["at", "a", "a"])
    out = io.BytesIO(writing.parquet(content))
    outcome = judge(out.getvalue())
    assert outcome.verdict.outcome == "accepted" or outcome.code in {"format_damaged", "format_unsupported"}
