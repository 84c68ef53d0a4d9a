"""Zip and tar: members of one table, counted one by one; tricks and mixtures refused by name."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable

import pyarrow as pa
import pytest

from services.validator.engine import ParseLimits
from services.validator.engine.formats import compression
from tests.verdicts.judging import Judge
from tests.verdicts.writing import parquet, tarred, zipped

Pack = Callable[[dict[str, bytes]], bytes]
A, B = b"ts,a\n2024-01-01,1\n2024-01-02,2\n", b"ts,a\n2024-01-03,3\n2024-01-04\n"
KINDS: dict[str, Pack] = {
    "zip": zipped,
    "tar": tarred,
    "tar.gz": lambda members: tarred(members, "w:gz"),
    "tar.bz2": lambda members: tarred(members, "w:bz2"),
}
kinds = pytest.mark.parametrize("kind", KINDS)
plain = pytest.mark.parametrize("kind", ["zip", "tar"])


@kinds
def test_members_are_one_table_and_counted_each(judge: Judge, kind: str) -> None:
    outcome = judge(
        KINDS[kind]({"2024/a.csv": A, "2024/b.csv.gz": gzip.compress(B), ".hidden": b"x", "__MACOSX/x": b"y"})
    )
    assert [row["a"] for row in outcome.rows] == [1, 2, 3]
    reading = outcome.reading
    assert reading["members"] == [{"name": "2024/a.csv", "records": 2}, {"name": "2024/b.csv.gz", "records": 2}]
    assert reading["skipped_members"] == [".hidden", "__MACOSX/x"]
    assert (reading["format"], reading["archive"]) == ("delimited", kind[:3])
    (rejected,) = outcome.rejects
    assert (rejected["record"], rejected["member"], rejected["line"]) == (4, "2024/b.csv.gz", 3)
    (sample,) = outcome.report["problems"][0]["samples"]
    assert (sample["record"], sample["member"], sample["line"]) == (4, "2024/b.csv.gz", 3)
    assert not list(outcome.folder.glob("scratch-*"))


def test_the_name_and_the_declared_format_may_speak_of_archive_or_members(judge: Judge) -> None:
    for name in ("zip", "delimited"):
        outcome = judge.outcome(judge.request(zipped({"a.csv": A}), name="a.zip", format=name))
        assert outcome.reading["disagreement"] is None


@plain
def test_binary_members(judge: Judge, kind: str) -> None:
    table = pa.table({"ts": ["2024-01-01"], "n": [1]})
    assert judge(KINDS[kind]({"a": parquet(table), "b": parquet(table)})).accepted.rows_read == 2


def test_an_encrypted_member(judge: Judge) -> None:
    data = bytearray(zipped({"a.csv": A}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    outcome = judge(bytes(data))
    assert outcome.code == "archive_member"
    assert "encrypted" in outcome.message


@pytest.mark.parametrize("cut", [30, 600, 1_200, 9_000])
def test_a_cut_archive(judge: Judge, cut: int) -> None:
    """A tar that ends between two members looks whole; only its end mark is missing."""
    assert judge(tarred({"a.csv": A, "b.csv": B})[: 1_024 + cut if cut < 2_000 else 2_048]).code == "format_damaged"
    assert judge(zipped({"a.csv": A, "b.csv": B})[: -min(cut, 100)]).code == "format_damaged"


def test_a_member_whose_bytes_are_not_its_checksum(judge: Judge) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", A)
    assert judge(out.getvalue().replace(b"2024-01-02", b"2024-01-09")).code == "format_damaged"


@kinds
def test_a_bomb(judge: Judge, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "RATIO_FLOOR_BYTES", 100_000)
    bomb = KINDS[kind]({"a.csv": A + b"2024-01-01,1\n" * 200_000})
    limits = ParseLimits(max_inflate_ratio=10)
    assert judge(bomb, limits=limits if kind != "tar" else ParseLimits(max_inflated_bytes=100_000)).code in {
        "limit_inflate_ratio",
        "limit_inflated",
    }


def test_too_many_members(judge: Judge) -> None:
    outcome = judge(zipped({f"{n}.csv": b"" for n in range(10_001)}))
    assert outcome.code == "archive_member"
