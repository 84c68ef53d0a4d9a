"""Compressed files: every kind gives the same rows, damage and bombs have names."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
from collections.abc import Callable

import pytest

from services.validator.engine import ParseLimits
from services.validator.engine.formats import compression
from tests.verdicts.judging import Judge

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Pack = Callable[[bytes], bytes]
PACKERS: dict[str, Pack] = {"gzip": gzip.compress, "zstd": zstd.compress, "bzip2": bz2.compress, "xz": lzma.compress}
TEXT = b"ts,a\n" + b"".join(b"2024-01-01,%d\n" % n for n in range(3_000))
kinds = pytest.mark.parametrize("kind", PACKERS)


@kinds
@pytest.mark.parametrize("piece", [1, 7, compression.CHUNK_BYTES])
def test_one_or_many_members(judge: Judge, kind: str, piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "CHUNK_BYTES", piece)
    pack = PACKERS[kind]
    text = TEXT[:200]
    for packed in (pack(text), pack(text[:9]) + pack(b"") + pack(text[9:]) + bytes(512)):
        outcome = judge(packed)
        assert outcome.accepted.rows_read == text.count(b"\n")
        assert outcome.reading["compression"] == kind


def test_a_zstd_file_may_begin_with_a_frame_to_skip(judge: Judge) -> None:
    skipped = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"
    assert judge(skipped + zstd.compress(TEXT)).accepted.rows_read == 3_000


@kinds
def test_a_bomb_is_stopped(judge: Judge, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "RATIO_FLOOR_BYTES", 100_000)
    bomb = PACKERS[kind](b"ts,a\n" + b"2024-01-01,x\n" * 100_000)
    assert judge(bomb, limits=ParseLimits(max_inflate_ratio=10)).code == "limit_inflate_ratio"
    by_size = ParseLimits(max_inflated_bytes=1_000_000, max_inflate_ratio=10**9)
    assert judge(bomb, limits=by_size).code == "limit_inflated"


def test_a_window_larger_than_we_give(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    # A frame's header (window of 1 GiB, size unknown) and one raw block.
    wide = bytes.fromhex("28b52ffd 00 a0") + (len(TEXT) << 3 | 1).to_bytes(3, "little") + TEXT
    assert judge(wide).code == "limit_memory"
    monkeypatch.setattr(compression, "_XZ_MEMORY_BYTES", 1_000_000)
    assert judge(lzma.compress(TEXT)).code == "limit_memory"


def test_name_and_content_disagree(judge: Judge) -> None:
    request = judge.request(gzip.compress(TEXT), name="sales.json.zst", format="ndjson")
    outcome = judge.outcome(request)
    assert outcome.accepted.rows_read == 3_000
    said = outcome.reading["disagreement"]
    assert "the name says zstd and the content is gzip" in said
    assert "the name says json or ndjson and the content is delimited" in said
    assert "the declared format is ndjson and the content is delimited" in said


@pytest.mark.parametrize("name", ["sales.csv.gz", "sales", "sales.2024", "SALES.CSV.GZ"])
def test_a_name_that_fits_or_says_nothing(judge: Judge, name: str) -> None:
    outcome = judge.outcome(judge.request(gzip.compress(TEXT), name=name))
    assert outcome.reading["disagreement"] is None


def test_a_format_that_does_not_exist(judge: Judge) -> None:
    assert judge(TEXT, format="lotus").code == "option_invalid"
