"""Workbooks: sheets, dates, text that stays text, and what a hostile one may try."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from services.validator.engine import ParseLimits
from services.validator.engine.formats import compression, xlsx
from tests.verdicts.judging import Judge
from tests.verdicts.writing import edited, zipped
from tests.verdicts.writing import xlsx as written

SHEET = "xl/worksheets/sheet1.xml"
DAY = dt.datetime(2024, 1, 2)  # noqa: DTZ001 - a workbook knows no zone
ROWS: list[list[Any]] = [["when", "n", "text"], [DAY, 1, "007"], [DAY, 2.5, "NA"], [DAY, None, None]]


def test_rows_and_types(judge: Judge) -> None:
    outcome = judge(written(ROWS))
    assert outcome.types == {"n": "double", "text": "string"}
    assert [(row["n"], row["text"]) for row in outcome.rows] == [(1.0, "007"), (2.5, "NA"), (None, None)]
    assert {row["__time"] for row in outcome.rows} == {1_704_153_600_000}
    assert outcome.reading["sheet"] == "Data"
    assert "content is xlsx" in outcome.reading["disagreement"]


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1, 2**53, -7], "long", [1, 2**53, -7]),
        ([1, "-", "NA", None], "long", [1, None, None, None]),
        ([1, "x"], "string", ["1", "x"]),
        (["1", "2"], "string", ["1", "2"]),
        ([0.1, 1e300], "double", [0.1, 1e300]),
        ([True, False], "string", ["true", "false"]),
        ([dt.time(1, 2, 3)], "string", ["01:02:03"]),
        (["ü\n東", "<&>"], "string", ["ü\n東", "<&>"]),
        (["#N/A"], "string", ["#N/A"]),
    ],
)
def test_values(judge: Judge, values: list[Any], kind: str, expected: list[Any]) -> None:
    outcome = judge(written([["when", "value"], *([DAY, value] for value in values)]))
    assert (outcome.types["value"], [row["value"] for row in outcome.rows]) == (kind, expected)


@pytest.mark.parametrize(
    ("number_format", "expected"),
    [("yyyy-mm-dd", "2024-01-02"), ("yyyy-mm-dd hh:mm", "2024-01-02T00:00:00"), ("d/m/yy", "2024-01-02")],
)
def test_dates_are_dates(judge: Judge, number_format: str, expected: str) -> None:
    outcome = judge(written([["when", "day"], [DAY, DAY]], B=number_format), timestamp_column="when")
    assert outcome.rows[0]["day"] == expected


@pytest.mark.parametrize(("sheet", "title"), [(None, "2024"), ("2024", "2024"), ("2", "Data"), ("Data", "Data")])
def test_a_sheet_by_name_or_number(judge: Judge, sheet: str | None, title: str) -> None:
    outcome = judge(written(ROWS, sheets=("2024", "Data")), sheet=sheet)
    assert outcome.reading["sheet"] == title
    assert outcome.verdict.outcome == ("accepted" if title == "2024" else "rejected")


@pytest.mark.parametrize("sheet", ["3", "0", "data", "9" * 30, "²"])
def test_a_sheet_that_is_not_there(judge: Judge, sheet: str) -> None:
    outcome = judge(written(ROWS, sheets=("2024", "Data")), sheet=sheet)
    assert (outcome.code, outcome.detail["allowed"]) == ("option_invalid", ["2024", "Data"])


def test_blank_rows_and_cells_behind_the_header(judge: Judge) -> None:
    rows: list[list[Any]] = [[], [], ["when", "n"], [DAY, 1], [], [DAY, 2, "beyond"], [DAY]]
    outcome = judge(written(rows))
    assert [row["n"] for row in outcome.rows] == [1, None]
    assert outcome.reading["blank_lines"] == 1
    (rejected,) = outcome.rejects
    assert (rejected["record"], rejected["line"], rejected["byte_offset"]) == (2, 6, None)
    assert outcome.error_codes == ["field_count"]


@pytest.mark.parametrize(
    "trick",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><worksheet ',
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet ',
        b"<!-- " + b"x" * 200_000 + b" --><!DOCTYPE x><worksheet ",
    ],
)
def test_entity_tricks(judge: Judge, trick: bytes) -> None:
    outcome = judge(edited(written(ROWS), SHEET, b"<worksheet ", trick))
    assert outcome.code == "format_damaged"
    assert "DOCTYPE" in outcome.message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'<row r="4"', b'<row r="2000"'),
        (b'r="A4"', b'r="ZZZZZ4"'),
        (b"</sheetData>", b""),
        (b"<v>2.5</v>", b"<v>" + b"9" * 5_000 + b"</v>"),
        (b"<v>2.5</v>", b"<v>text</v>"),
    ],
)
def test_damage_inside(judge: Judge, monkeypatch: pytest.MonkeyPatch, old: bytes, new: bytes) -> None:
    monkeypatch.setattr(xlsx, "_LAST_ROW", 1_000)
    assert judge(edited(written(ROWS), SHEET, old, new)).code in {"format_damaged", "count_mismatch"}


@pytest.mark.parametrize("cut", [10, 100, 3_000])
def test_a_cut_workbook(judge: Judge, cut: int) -> None:
    assert judge(written(ROWS)[:-cut]).code == "format_damaged"


def test_a_workbook_bomb(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "RATIO_FLOOR_BYTES", 1_000_000)
    bomb = edited(written(ROWS), SHEET, b"<sheetData>", b"<sheetData>" + b" " * 5_000_000)
    assert judge(bomb).code == "limit_inflate_ratio"
    assert judge(bomb, limits=ParseLimits(max_inflated_bytes=1_000_000)).code == "limit_inflated"


def test_limits(judge: Judge) -> None:
    wide = written([["when", *(f"c{n}" for n in range(20))]])
    assert judge(wide, limits=ParseLimits(max_columns=20)).code == "limit_columns"
    assert judge(written([*ROWS, [DAY, 1, "x" * 300]]), limits=ParseLimits(max_record_bytes=200)).code == "limit_record"


@pytest.mark.parametrize(
    ("part", "looks_like"),
    [("xl/workbook.bin", "xlsb"), ("word/document.xml", "Word"), ("content.xml", "OpenDocument")],
)
def test_other_documents_are_named(judge: Judge, part: str, looks_like: str) -> None:
    outcome = judge(zipped({"[Content_Types].xml": b"<x/>", part: b"<x/>"}))
    assert outcome.code == "not_delimited"
    assert looks_like in outcome.message


def test_readers_that_disagree_are_not_believed(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "count_rows", lambda _archive, _part: 3)
    assert judge(written(ROWS)).code == "count_mismatch"
