"""Types over all rows, nulls, and the names columns get."""

from __future__ import annotations

import pytest

from services.validator.engine.header import name_columns
from tests.verdicts.judging import TASK_ID, Judge


@pytest.mark.parametrize(
    ("values", "expected", "canonical"),
    [
        (("1", "-2", "0"), "long", [1, -2, 0]),
        (("9223372036854775807", "-9223372036854775808"), "long", [2**63 - 1, -(2**63)]),
        (("9223372036854775808", "1"), "string", ["9223372036854775808", "1"]),
        (("-9223372036854775809", "1"), "string", ["-9223372036854775809", "1"]),
        (("007", "8"), "string", ["007", "8"]),
        (("+1", "2"), "string", ["+1", "2"]),
        ((" 1", "2"), "string", [" 1", "2"]),
        (("1_000", "2"), "string", ["1_000", "2"]),
        (("١٢", "2"), "string", ["١٢", "2"]),
        (("1.5", "2"), "double", [1.5, 2.0]),
        (("1e5", "-.5", "5."), "double", [1e5, -0.5, 5.0]),
        (("0.1", "9007199254740992"), "double", [0.1, float(2**53)]),
        (("0.1", "9007199254740993"), "string", ["0.1", "9007199254740993"]),
        (("9007199254740993", "0.1"), "string", ["9007199254740993", "0.1"]),
        (("10.357019999999999", "0.1"), "double", [10.357019999999999, 0.1]),
        (("0.1234567890123456", "0.30000000000000004"), "double", [0.1234567890123456, 0.30000000000000004]),
        (("0.12345678901234567", "0.1"), "string", ["0.12345678901234567", "0.1"]),
        (("9007199254740993.5", "0.1"), "string", ["9007199254740993.5", "0.1"]),
        (("3.141592653589793238", "1"), "string", ["3.141592653589793238", "1"]),
        (("1.00000000000000000000", "1"), "double", [1.0, 1.0]),
        (("1e400", "1"), "string", ["1e400", "1"]),
        (("1e-400", "1"), "string", ["1e-400", "1"]),
        (("inf", "1"), "string", ["inf", "1"]),
        (("01.5", "1"), "string", ["01.5", "1"]),
        (("true", "false"), "string", ["true", "false"]),
        (("NA", "1", "-", "NaN", r"\N", "null", "None", "N/A", ""), "long", [None, 1, *[None] * 7]),
        (("nan", "1.5", "n/a", "NULL"), "double", [None, 1.5, None, None]),
        (("NA", "DE", "", "null"), "string", ["NA", "DE", None, "null"]),
        (("NA", "", "NaN"), "string", ["NA", None, "NaN"]),
        (("", ""), "string", [None, None]),
    ],
)
def test_types(judge: Judge, values: tuple[str, ...], expected: str, canonical: list[object]) -> None:
    assert judge.column(*values) == (expected, canonical)


def test_one_value_at_the_end_of_a_large_file_decides(judge: Judge) -> None:
    rows = "".join(f"2024-01-01,{n}\n" for n in range(60_000))
    outcome = judge("ts,a\n" + rows * 8 + "2024-01-01,x7\n")
    assert outcome.types == {"a": "string"}
    (column,) = outcome.report["columns"]
    assert column["why_not_long"] == {"value": "x7", "record": 480_001}
    assert column["why_not_double"] == {"value": "x7", "record": 480_001}


def test_why_not_names_the_record_also_behind_bad_rows(judge: Judge) -> None:
    outcome = judge("ts,a\n2024-01-01,1\nragged\n\n2024-01-01,1.5\n")
    (column,) = outcome.report["columns"]
    assert column["why_not_long"] == {"value": "1.5", "record": 3}


def test_the_report_tells_range_nulls_and_samples(judge: Judge) -> None:
    outcome = judge("ts,n,s\n" + "".join(f"2024-01-01,{n},{s}\n" for n, s in zip("5293", "abab", strict=True)))
    number, text = outcome.report["columns"]
    assert (number["type"], number["min"], number["max"], number["nulls"]) == ("long", 2, 9, 0)
    assert number["samples"] == [5, 2, 9]
    assert text["samples"] == ["a", "b"]


def test_not_a_number_is_counted_as_null(judge: Judge) -> None:
    (column,) = judge("ts,n\n2024-01-01,nan\n2024-01-01,1.5\n2024-01-01,NA\n").report["columns"]
    assert (column["nulls"], column["min"], column["max"]) == (2, 1.5, 1.5)


def test_a_canonical_row_begins_with_the_time_and_ends_with_the_task(judge: Judge) -> None:
    outcome = judge("b,ts,a\n1,2024-01-01,x\n")
    assert list(outcome.rows[0].items()) == [
        ("__time", 1704067200000),
        ("b", 1),
        ("a", "x"),
        ("ingest_task_id", TASK_ID),
    ]
    assert [column.source_name for column in outcome.accepted.columns] == ["b", "a"]


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "", "  "], ["a", "column_2", "column_3"]),
        (["a", "a", "a"], ["a", "a_2", "a_3"]),
        (["a", "a", "a_2"], ["a", "a_3", "a_2"]),
        (["column_2", ""], ["column_2", "column_3"]),
        ([" a ", "a"], ["a", "a_2"]),
        (["__time", "__time_2", "ingest_task_id"], ["__time_3", "__time_2", "ingest_task_id_2"]),
    ],
)
def test_names(header: list[str], names: list[str]) -> None:
    assert [column.name for column in name_columns(header)] == names


def test_reserved_names_are_given_away_and_the_report_says_so(judge: Judge) -> None:
    outcome = judge("ts,__time,ingest_task_id\n2024-01-01,yes,no\n")
    assert outcome.rows == [
        {"__time": 1704067200000, "__time_2": "yes", "ingest_task_id_2": "no", "ingest_task_id": TASK_ID}
    ]
    assert [(entry["source_name"], entry["name"], entry["renamed"]) for entry in outcome.report["columns"]] == [
        ("__time", "__time_2", "reserved name"),
        ("ingest_task_id", "ingest_task_id_2", "reserved name"),
    ]


def test_a_column_called_time_may_be_the_time(judge: Judge) -> None:
    outcome = judge("__time,other\n1704067200000,2024-02-01\n")
    assert outcome.accepted.time_column.source_name == "__time"
    assert outcome.types == {"other": "string"}
