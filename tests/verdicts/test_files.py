"""Files that are refused as a whole, and how they may be wrapped."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from services.validator.engine import ParseLimits, records
from services.validator.engine.formats import compression
from tests.verdicts.judging import Judge

GOOD = "ts,a\n2024-01-01,é\n2024-01-02,y\n"


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", gzip.compress(b""), b"\n\n\r\n"])
def test_nothing_at_all(judge: Judge, content: bytes) -> None:
    assert judge(content).code == "empty"


def test_a_header_and_no_rows(judge: Judge) -> None:
    outcome = judge("ts,a\n\n")
    assert outcome.code == "no_rows"
    assert outcome.rejected.rows_read == 0
    assert outcome.report["problems"][0]["rule"] == "no_rows"


def test_a_byte_order_mark_is_no_part_of_a_name(judge: Judge) -> None:
    outcome = judge(b"\xef\xbb\xbf" + GOOD.encode())
    assert outcome.accepted.time_column.source_name == "ts"
    assert outcome.reading["byte_order_mark"] is True
    ragged = judge(b"\xef\xbb\xbf" + GOOD.encode() + b"x\n").rejects[0]
    assert ragged["byte_offset"] == 3 + len(GOOD.encode())


def test_gzip_is_taken_off_also_in_several_members_and_with_padding(judge: Judge) -> None:
    plain = judge(GOOD)
    data = GOOD.encode()
    packed = judge(gzip.compress(data[:9]) + gzip.compress(data[9:]) + bytes(512))
    assert packed.reading["compression"] == "gzip"
    assert packed.rows == plain.rows


@pytest.mark.parametrize("spoil", ["cut", "flip", "garbage"])
def test_damaged_gzip(judge: Judge, spoil: str) -> None:
    data = bytearray(gzip.compress(GOOD.encode() * 1_000))
    if spoil == "cut":
        del data[-20:]
    elif spoil == "flip":
        data[-6] ^= 0xFF
    else:
        data += b"garbage"
    assert judge(bytes(data)).code == "gzip_damaged"


def test_a_gzip_bomb_is_stopped(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "RATIO_FLOOR_BYTES", 100_000)
    bomb = gzip.compress(b"ts,a\n" + b"2024-01-01,x\n" * 100_000)
    by_ratio = judge(bomb, limits=ParseLimits(max_inflate_ratio=10))
    assert by_ratio.code == "limit_inflate_ratio"
    assert by_ratio.detail == {"limit": 10, "setting": "max_inflate_ratio"}
    by_size = ParseLimits(max_inflated_bytes=1_000_000, max_inflate_ratio=10_000)  # small pieces reach the ratio first
    assert judge(bomb, limits=by_size).code == "limit_inflated"


def test_a_byte_that_is_not_utf8_is_named_with_its_offset(judge: Judge) -> None:
    content = GOOD.encode() + b"2024-01-03,caf\xe9\n"
    outcome = judge(content)
    assert outcome.code == "encoding"
    assert outcome.detail["byte_offset"] == content.index(b"\xe9")
    assert "0xE9" in outcome.message
    assert "encoding=cp1252" in outcome.message


def test_utf16_without_a_mark_is_guessed(judge: Judge) -> None:
    outcome = judge("ts,a\n2024-01-01,x\n".encode("utf-16-le"))
    assert (outcome.code, outcome.detail["encoding"]) == ("encoding", "UTF-16 LE")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"\xd0\xcf\x11\xe0\xa1", "xls"),
        (gzip.compress(gzip.compress(b"ts\n")), "gzip"),
        (b"<!DOCTYPE html>", "HTML"),
        (b"ts,\x00a\n1,2\n", "zero byte"),
    ],
)
def test_other_formats_are_named(judge: Judge, content: bytes, name: str) -> None:
    outcome = judge(content)
    assert outcome.code == "not_delimited"
    assert name in outcome.message


@pytest.mark.parametrize("header", [",,", '"ts"x,a', '"ts,a', "2024-01-01,5,1.5", "1,2,3"])
def test_a_first_record_that_can_be_no_header(judge: Judge, header: str) -> None:
    assert judge(f"{header}\n2024-01-01,x,y\n", delimiter=",").code == "header_invalid"


def test_too_many_columns(judge: Judge) -> None:
    outcome = judge("ts,a,b\n2024-01-01,1,2\n", limits=ParseLimits(max_columns=2))
    assert outcome.code == "limit_columns"
    assert outcome.detail == {"limit": 2, "setting": "max_columns", "columns": 3}


@pytest.mark.parametrize("text", ["x" * 300, "ts,a\n" + "x" * 3_300 + "\n", "ts,a\n2024-01-01," + "x" * 3_300])
def test_an_endless_line(judge: Judge, text: str) -> None:
    outcome = judge(text, limits=ParseLimits(max_record_bytes=200), timestamp_column=None)
    assert outcome.code == "limit_record"
    assert "max_record_bytes" in outcome.message


def test_no_valid_rows_keeps_every_row_in_the_rejects(judge: Judge) -> None:
    outcome = judge("ts,a\n2024-01-01\n2024-01-02,1,2\n")
    assert outcome.code == "no_valid_rows"
    assert "field_count 2" in outcome.message
    assert (outcome.rejected.rows_read, outcome.rejected.rows_rejected) == (2, 2)
    assert len(outcome.rejects) == 2


def test_readers_that_disagree_are_not_believed(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records.DelimitedReader, "count_again", lambda _self: 3)
    outcome = judge(GOOD)
    assert outcome.code == "count_mismatch"
    assert (outcome.detail["first_count"], outcome.detail["second_count"]) == (2, 3)
    assert not list(outcome.folder.glob("part-*"))


@pytest.mark.parametrize("options", [{"timestamp_format": "%Y"}, {"delimiter": '"'}])
def test_options_that_mean_nothing(judge: Judge, options: dict[str, Any]) -> None:
    assert judge(GOOD, **options).code == "option_invalid"
