"""Excel workbooks: sheets, dates, blanks, damage, and other documents that look like them."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from tests.verdicts.writing import edited, xlsx, zipped

from .case import Bad, Case

DAY = dt.datetime(2024, 1, 2)  # noqa: DTZ001 - a workbook knows no zone
SHEET = "xl/worksheets/sheet1.xml"
ROWS: list[list[Any]] = [["when", "n", "text"], [DAY, 1, "007"], [DAY, 2.5, "NA"], [DAY, None, None]]
PLAIN = xlsx(ROWS)
VALUES = ((1.0, "007"), (2.5, "NA"), (None, None))
TWO = xlsx(ROWS, sheets=("2024", "Data"))
workbook = partial(Case, format="xlsx")

CASES = (
    workbook("", "", PLAIN, rows=VALUES, reading={"format": "xlsx", "sheet": "Data"}),
    workbook("sheets", "the first is taken", TWO, rows=VALUES, reading={"sheet": "2024", "other_sheets": ["Data"]}),
    workbook("sheets", "by name", TWO, {"sheet": "2024"}, rows=VALUES),
    workbook("sheets", "by number", xlsx(ROWS), {"sheet": "1"}, rows=VALUES),
    workbook("sheets", "one that is not there", TWO, {"sheet": "3"}, code="option_invalid"),
    workbook(
        "dates",
        "as dates",
        xlsx([["when", "day"], [DAY, DAY]], B="d/m/yy"),
        {"timestamp_column": "when"},
        rows=(("2024-01-02",),),
    ),
    workbook("", "numbers written as text", xlsx([["when", "a"], [DAY, "1"]]), rows=(("1",),)),
    workbook("", "a formula that was never computed", xlsx([["when", "a"], [DAY, "=1+1"]]), rows=((None,),)),
    workbook(
        "",
        "blank rows, and a cell behind the header",
        xlsx([[], [], ["when", "n"], [DAY, 1], [], [DAY, 2, "beyond"], [DAY]]),
        rows=((1,), (None,)),
        bad=(Bad("field_count", 2, 6),),
        reading={"blank_lines": 1},
    ),
    workbook("", "no rows", xlsx([["when", "n"]]), code="no_rows"),
    workbook("", "no cells", xlsx([]), code="empty"),
    workbook("", "cut", PLAIN[:-100], code="format_damaged"),
    workbook(
        "", "rows whose numbers go back", edited(PLAIN, SHEET, b'<row r="4"', b'<row r="2"'), code="count_mismatch"
    ),
    workbook("", "an over-long row", xlsx([*ROWS, [DAY, 1, "x" * 300]]), code="limit_record", max_record_bytes=200),
    workbook(
        "another document",
        "xlsb",
        zipped({"[Content_Types].xml": b"<x/>", "xl/workbook.bin": b"x"}),
        code="not_delimited",
    ),
    workbook(
        "another document",
        "Word",
        zipped({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}),
        code="not_delimited",
    ),
    workbook(
        "another document",
        "OpenDocument",
        zipped({"META-INF/manifest.xml": b"<x/>", "content.xml": b"<x/>"}),
        code="not_delimited",
    ),
)
