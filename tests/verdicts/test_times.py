"""Finding the time column, and reading it."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from services.validator.engine.timechoice import is_time_name
from services.validator.engine.timestamps import FORMATS, parse_times
from tests.verdicts.judging import Judge


def ms(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 1000  # type: ignore[misc,arg-type]  # parts of a date


@pytest.mark.parametrize(
    ("time_format", "text", "expected"),
    [
        ("iso", "2024-02-29", ms(2024, 2, 29)),
        ("iso", "2023-02-29", None),
        ("iso", "2024-01-01T10:20", ms(2024, 1, 1, 10, 20)),
        ("iso", "2024-01-01 10:20:30", ms(2024, 1, 1, 10, 20, 30)),
        ("iso", "2024-01-01T10:20:30Z", ms(2024, 1, 1, 10, 20, 30)),
        ("iso", "2024-01-01T10:20:30+02:00", ms(2024, 1, 1, 8, 20, 30)),
        ("iso", "2024-01-01T10:20:30-0330", ms(2024, 1, 1, 13, 50, 30)),
        ("iso", "2024-01-01 10:20:30 +02", ms(2024, 1, 1, 8, 20, 30)),
        ("iso", "2024-01-01T10:20:30.5Z", ms(2024, 1, 1, 10, 20, 30) + 500),
        ("iso", "2024-01-01T10:20:30.123456789", ms(2024, 1, 1, 10, 20, 30) + 123),
        ("iso", "1969-12-31T23:59:59.250Z", -750),
        ("iso", "2024-01-01T23:59:60", None),
        ("iso", "2024-01-01T24:00:00", None),
        ("iso", "2024-01-01T10:20:30+25:00", None),
        ("iso", "0000-01-01", None),
        ("iso", "0001-01-01T00:00:00+02:00", None),
        ("iso", "20240101", None),
        ("iso", "2024-01-01x", None),
        ("iso", "٢٠٢٤-01-01", None),
        ("yyyy/MM/dd", "2024/1/2", ms(2024, 1, 2)),
        ("yyyy/MM/dd", "2024/01/02 03:04:05", ms(2024, 1, 2, 3, 4, 5)),
        ("dd/MM/yyyy", "31/12/2023", ms(2023, 12, 31)),
        ("dd/MM/yyyy", "31.12.2023 10:00", ms(2023, 12, 31, 10)),
        ("dd/MM/yyyy", "31-12-2023", ms(2023, 12, 31)),
        ("dd/MM/yyyy", "31/12-2023", None),
        ("dd/MM/yyyy", "12/31/2023", None),
        ("MM/dd/yyyy", "12/31/2023", ms(2023, 12, 31)),
        ("epoch_s", "1704067200", ms(2024, 1, 1)),
        ("epoch_ms", "1704067200123", ms(2024, 1, 1) + 123),
        ("epoch_s", "-1", -1000),
        ("epoch_s", "999999999999999999", None),
        ("epoch_ms", "17e8", None),
    ],
)
def test_reading_one_value(time_format: str, text: str, expected: int | None) -> None:
    # Beside a value that takes the long way, both ways give the same.
    for values in ([text], [text, "2024-01-01T00:00:00.5+01:00"]):
        assert parse_times(pl.Series(values), time_format).ms[0] == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("time", True), ("eventTime", True), ("created_at", True), ("TS", True), ("airtimes", False), ("category", False)],
)
def test_names_that_may_hold_epochs(name: str, expected: bool) -> None:  # noqa: FBT001 - an expected value
    assert is_time_name(name) is expected


def test_zone_and_fraction_are_noted(judge: Judge) -> None:
    note = judge("ts,a\n2024-01-01T00:00:00.1234,1\n").accepted.time_column.note
    assert note == "no value names a zone: all are taken as UTC; 1 values were cut to the millisecond"
    note = judge("ts,a\n2024-01-01T00:00:00Z,1\n2024-01-01T00:00:00,1\n").accepted.time_column.note
    assert note.startswith("1 values name no zone and are taken as UTC")
    assert judge("ts,a\n2024-01-01T00:00Z,1\n").accepted.time_column.note == "every value names its zone"


def test_the_range_is_that_of_the_accepted_rows(judge: Judge) -> None:
    verdict = judge("ts,a\n2024-01-02,1\n2024-01-01,1\n1999-01-01,1,1\n2024-01-03,1\n").accepted
    assert (verdict.time_min_ms, verdict.time_max_ms) == (ms(2024, 1, 1), ms(2024, 1, 3))


def test_no_time_names_the_columns_and_what_can_be_sent(judge: Judge) -> None:
    outcome = judge("code,year\nA7,2013\nB8,2014\n")
    assert outcome.code == "timestamp_missing"
    assert "code ('A7'), year ('2013')" in outcome.message
    assert "timestamp_column" in outcome.message
    assert outcome.detail["columns"] == [{"column": "code", "example": "A7"}, {"column": "year", "example": "2013"}]
    assert outcome.rejected.rows_read == 2


def test_two_time_columns_are_listed(judge: Judge) -> None:
    outcome = judge("start,stop\n2024-01-01,2024-01-02\n")
    assert outcome.code == "timestamp_ambiguous"
    assert [option["timestamp_column"] for option in outcome.detail["options"]] == ["start", "stop"]
    assert outcome.detail["options"][0]["parsed"] == 1


def test_one_canonical_name_decides_and_two_do_not(judge: Judge) -> None:
    row = "2024-01-01,2024-01-02\n"
    assert judge(f"start,Timestamp\n{row}").accepted.time_column.source_name == "Timestamp"
    assert judge(f"date,time\n{row}").code == "timestamp_ambiguous"


def test_the_named_column_wins(judge: Judge) -> None:
    text = "timestamp,stop\n2024-01-01,2024-01-02\n"
    outcome = judge(text, timestamp_column="stop")
    assert outcome.accepted.time_column.source_name == "stop"
    assert outcome.types == {"timestamp": "string"}
    missing = judge(text, timestamp_column="Stop")
    assert missing.code == "timestamp_missing"
    assert missing.detail["columns"] == ["timestamp", "stop"]


def test_a_renamed_column_can_be_named_by_its_new_name(judge: Judge) -> None:
    text = "t,t\n2024-01-01,2024-01-02\n"
    assert judge(text, timestamp_column="t_2").accepted.time_min_ms == ms(2024, 1, 2)


def test_a_named_column_without_any_time(judge: Judge) -> None:
    outcome = judge("ts,a\n2024-01-01,x\n", timestamp_column="a")
    assert outcome.code == "no_valid_rows"
    assert outcome.detail["formats"] == list(FORMATS)


@pytest.mark.parametrize(("bad", "code"), [(10, None), (11, "timestamp_missing")])
def test_nine_in_ten_must_parse(judge: Judge, bad: int, code: str | None) -> None:
    outcome = judge("when,a\n" + "2024-01-01,x\n" * (100 - bad) + "soon,x\n" * bad + ",x\n", max_rejected_ratio=1)
    if code:
        assert outcome.code == code
    else:
        assert outcome.accepted.reject_counts == {"timestamp_invalid": 10, "timestamp_missing": 1}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [("13/02/2024", "01/02/2024", "dd/MM/yyyy"), ("02.13.2024", "02.01.2024", "MM/dd/yyyy")],
)
def test_a_day_above_twelve_settles_the_order(judge: Judge, first: str, second: str, expected: str) -> None:
    outcome = judge(f"d,a\n{second},x\n{first},y\n")
    assert outcome.accepted.time_column.format == expected
    assert outcome.accepted.time_min_ms == ms(2024, 2, 1)


@pytest.mark.parametrize("values", [["01/02/2024", "03/04/2024"], ["13/02/2024", "02/13/2024"]])
def test_an_unsettled_order_is_asked_back(judge: Judge, values: list[str]) -> None:
    text = "d,a\n" + "".join(f"{value},x\n" for value in values)
    outcome = judge(text)
    assert outcome.code == "timestamp_ambiguous"
    assert outcome.detail["options"][0]["timestamp_format"] == ["dd/MM/yyyy", "MM/dd/yyyy"]
    decided = judge(text, timestamp_column="d", timestamp_format="dd/MM/yyyy")
    assert decided.rows[0]["__time"] == (ms(2024, 2, 1) if values[0] == "01/02/2024" else ms(2024, 2, 13))


def test_epochs_need_a_name_or_the_option(judge: Judge) -> None:
    assert judge("ts,a\n1704067200,x\n").accepted.time_column.format == "epoch_s"
    assert judge("created_at,a\n1704067200000,x\n").accepted.time_column.format == "epoch_ms"
    assert judge("amount,a\n1704067200,x\n").code == "timestamp_missing"
    assert judge("amount,a\n1704067200,x\n", timestamp_column="amount").accepted.time_min_ms == ms(2024, 1, 1)


def test_epochs_of_two_units_are_asked_back(judge: Judge) -> None:
    outcome = judge("ts,a\n1704067200,x\n1704067200000,y\n")
    assert outcome.code == "timestamp_ambiguous"
    assert outcome.detail["options"][0]["timestamp_format"] == ["epoch_s", "epoch_ms"]


def test_a_named_unit_is_believed_outside_the_plausible_years(judge: Judge) -> None:
    outcome = judge("n,a\n0,x\n86400,y\n", timestamp_column="n", timestamp_format="epoch_s")
    assert [row["__time"] for row in outcome.rows] == [0, 86_400_000]


def test_a_time_of_day_is_no_time(judge: Judge) -> None:
    assert judge("dep_time,hour\n517,5\n2400,6\n").code == "timestamp_missing"
