"""More ways to write a time, zones with their gaps and repeats, and the evidence behind a choice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.validator.engine.patterns import FORMATS
from services.validator.engine.timestamps import parse_times
from tests.verdicts.judging import Judge

BERLIN = "Europe/Berlin"


def ms(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 1000  # type: ignore[misc,arg-type]  # parts of a date


@pytest.mark.parametrize(
    ("time_format", "text", "expected"),
    [
        ("yyyyMMdd", "20240305", ms(2024, 3, 5)),
        ("yyyyMMdd", "20240230", None),
        ("yyyyMMdd", "2024030", None),
        ("yyyyMMddHHmmss", "20240305102030", ms(2024, 3, 5, 10, 20, 30)),
        ("yyyyMMddHHmmss", "20240305102030.25", ms(2024, 3, 5, 10, 20, 30) + 250),
        ("yyyyMMddHHmmss", "20240305102030250", ms(2024, 3, 5, 10, 20, 30) + 250),
        ("yyyyMMddHHmmss", "20240305T102030Z", ms(2024, 3, 5, 10, 20, 30)),
        ("yyyyMMddHHmmss", "20240305102030+0200", ms(2024, 3, 5, 8, 20, 30)),
        ("yyyyMMddHHmmss", "20240305246030", None),
        ("epoch_us", "1709634030000123", ms(2024, 3, 5, 10, 20, 30)),
        ("epoch_ns", "1709634030999999999", ms(2024, 3, 5, 10, 20, 30) + 999),
        ("epoch_ns", "-1", -1),
        ("epoch_ns", "9223372036854775808", None),
        ("MM/dd/yyyy", "3/5/2024 9:05 AM", ms(2024, 3, 5, 9, 5)),
        ("MM/dd/yyyy", "3/5/2024, 12:00:01am", ms(2024, 3, 5, 0, 0, 1)),
        ("MM/dd/yyyy", "3/5/2024 12:00 p.m.", ms(2024, 3, 5, 12)),
        ("MM/dd/yyyy", "3/5/2024 13:00 PM", None),
        ("MM/dd/yyyy", "3/5/2024 0:30 AM", None),
        ("iso", "2024-03-05 10:20:30 PM", ms(2024, 3, 5, 22, 20, 30)),
        ("dd MMM yyyy", "05 Mar 2024", ms(2024, 3, 5)),
        ("dd MMM yyyy", "5-MAR-2024 10:20", ms(2024, 3, 5, 10, 20)),
        ("dd MMM yyyy", "Tue, 05 Mar 2024 10:20:30 GMT", ms(2024, 3, 5, 10, 20, 30)),
        ("dd MMM yyyy", "Tue, 5 Mar 2024 10:20:30 -0500", ms(2024, 3, 5, 15, 20, 30)),
        ("dd MMM yyyy", "30 Feb 2024", None),
        ("dd MMM yyyy", "05 Mai 2024", None),
        ("dd MMM yyyy", "05 Mar 24", None),
        ("MMM dd, yyyy", "Mar 5, 2024", ms(2024, 3, 5)),
        ("MMM dd, yyyy", "September 5, 2024 9:00 PM", ms(2024, 9, 5, 21)),
        ("%d.%m.%Y %H:%M", "5.3.2024 10:20", ms(2024, 3, 5, 10, 20)),
        ("%d.%m.%Y %H:%M", "5.3.2024", None),
        ("%Y%%%m%%%d", "2024%03%05", ms(2024, 3, 5)),
        ("%b %d %Y %I:%M:%S.%f %p %z", "Mar 05 2024 10:20:30.5 PM +01", ms(2024, 3, 5, 21, 20, 30) + 500),
    ],
)
def test_reading_one_value(time_format: str, text: str, expected: int | None) -> None:
    assert parse_times(pl.Series([text, "x"]), time_format).ms.to_list() == [expected, None]


@pytest.mark.parametrize(
    ("declared", "hint"),
    [
        ("%d.%m.%y", "two digits"),
        ("%d.%m", "a whole date"),
        ("%Y-%m-%d %I:%M", "belong together"),
        ("%Y-%m-%d %Y", "twice"),
        ("%Y-%m-%d %H %I %p", "twice"),
        ("%Y-%m-%d %s", "%s is not taken"),
        ("%Y-%m-%d %", "is not taken"),
        ("dd.MM.yyyy", "is unknown"),
    ],
)
def test_a_format_that_cannot_be_used_says_why(judge: Judge, declared: str, hint: str) -> None:
    outcome = judge("ts,a\n2024-01-01,x\n", timestamp_format=declared)
    assert outcome.code == "option_invalid"
    assert hint in outcome.message


def test_a_pattern_of_the_sender_finds_its_column(judge: Judge) -> None:
    outcome = judge("a,when\nx,5.3.2024 / 10h20\n", timestamp_format="%d.%m.%Y / %Hh%M")
    assert outcome.accepted.time_column.source_name == "when"
    assert outcome.accepted.time_min_ms == ms(2024, 3, 5, 10, 20)
    assert outcome.report["timestamp"]["evidence"][0]["timestamp_format"] == ["%d.%m.%Y / %Hh%M"]


@pytest.mark.parametrize(
    ("value", "time_format"),
    [
        ("20240305", "yyyyMMdd"),
        ("20240305102030", "yyyyMMddHHmmss"),
        ("20240305102030250", "yyyyMMddHHmmss"),
        ("1709634030", "epoch_s"),
        ("1709634030000", "epoch_ms"),
        ("1709634030000123", "epoch_us"),
        ("1709634030999999999", "epoch_ns"),
        ("Mar 5, 2024", "MMM dd, yyyy"),
        ("05 Mar 2024", "dd MMM yyyy"),
        ("3/15/2024 9:05 AM", "MM/dd/yyyy"),
    ],
)
def test_the_format_is_found(judge: Judge, value: str, time_format: str) -> None:
    outcome = judge(f'ts,a\n"{value}",x\n')
    assert outcome.accepted.time_column.format == time_format
    assert outcome.report["timestamp"]["evidence"][0]["plausible"] == 1.0


def test_a_declared_unit_does_not_make_times_of_implausible_numbers(judge: Judge) -> None:
    outcome = judge("dep_time,seen_at\n517,1704067200\n2400,1704067201\n", timestamp_format="epoch_s")
    assert outcome.accepted.time_column.source_name == "seen_at"


def test_any_character_may_stand_in_a_pattern() -> None:
    for code in [*range(1, 37), *range(38, 128), 0xE9, 0x2028]:
        assert parse_times(pl.Series([f"2024-03-05{chr(code)}"]), f"%Y-%m-%d{chr(code)}").ms[0] == ms(2024, 3, 5), code


def test_numbers_without_a_time_name_are_no_times(judge: Judge) -> None:
    assert judge("order,a\n20240305,x\n").code == "timestamp_missing"


def test_a_named_column_of_implausible_numbers_has_no_clear_unit(judge: Judge) -> None:
    outcome = judge("n,a\n0,x\n86400,y\n", timestamp_column="n")
    assert outcome.code == "timestamp_ambiguous"
    assert outcome.detail["options"][0]["timestamp_format"] == ["epoch_s", "epoch_ms", "epoch_us", "epoch_ns"]


def test_years_of_two_digits_are_refused_with_a_hint(judge: Judge) -> None:
    text = "ts,a\n05/03/24,x\n"
    assert judge(text).code == "timestamp_missing"
    assert "years of two digits" in judge(text).message
    assert "ears of two digits" in judge(text, timestamp_column="ts").message
    row = judge("ts,a\n13/03/2024,x\n14/03/24,y\n", timestamp_column="ts").rejects[0]
    assert "years of two digits" in row["errors"][0]["message"]


def test_the_choice_and_its_runners_up_are_in_the_report(judge: Judge) -> None:
    text = "ts,also\n2024-01-02T00:00:00Z,01/02/2024\n2024-01-01T00:00:00Z,13/02/2024\n2024-01-03,soon\n"
    chosen, other = judge(text, timestamp_column="ts").report["timestamp"]["evidence"]
    assert chosen == {
        "timestamp_column": "ts",
        "timestamp_format": ["iso"],
        "standing": "chosen",
        "parsed": 3,
        "of": 3,
        "example": "2024-01-02T00:00:00Z",
        "ambiguous_days": 0,
        "zone": "named by some",
        "first": "2024-01-01T00:00:00Z",
        "last": "2024-01-03T00:00:00Z",
        "plausible": 1.0,
        "ascending": 0.5,
    }
    assert (other["timestamp_column"], other["timestamp_format"]) == ("also", ["dd/MM/yyyy"])
    assert other["standing"] == "runner_up"
    assert (other["parsed"], other["of"], other["ambiguous_days"], other["zone"]) == (2, 3, 1, "none")


def test_two_columns_alike_are_both_listed_and_none_is_chosen(judge: Judge) -> None:
    outcome = judge("start,stop,due\n2024-01-01,2024-01-02,soon\n2024-01-01,2024-01-02,2024-02-03\n")
    assert outcome.code == "timestamp_ambiguous"
    assert [(one["timestamp_column"], one["standing"]) for one in outcome.report["timestamp"]["evidence"]] == [
        ("start", "possible"),
        ("stop", "possible"),
        ("due", "runner_up"),
    ]
    assert (outcome.report["timestamp"]["column"], outcome.report["timestamp"]["format"]) == (None, "iso")
    assert [column["logical_type"] for column in outcome.report["columns"]] == ["date", "date", "text"]


def test_local_times_are_read_in_the_zone_and_the_rest_as_written(judge: Judge) -> None:
    outcome = judge("ts,a\n2024-07-01T12:00:00,x\n2024-01-01T12:00:00,y\n2024-07-01T12:00:00Z,z\n", time_zone=BERLIN)
    assert [row["__time"] for row in outcome.rows] == [ms(2024, 7, 1, 10), ms(2024, 1, 1, 11), ms(2024, 7, 1, 12)]
    assert outcome.accepted.time_column.note == (
        "2 values name no zone and are taken as Europe/Berlin; the others say their own"
    )
    found = outcome.report["timestamp"]
    assert found["zone"] == f"as written, else {BERLIN}"
    assert (found["first"], found["last"]) == ("2024-01-01T11:00:00Z", "2024-07-01T12:00:00Z")
    assert judge("ts,a\n2024-07-01T12:00:00,x\n", time_zone=BERLIN).report["timestamp"]["zone"] == BERLIN
    assert judge("ts,a\n1709634030,x\n", time_zone=BERLIN).report["timestamp"]["zone"] == "UTC"


def test_hours_that_were_skipped_or_came_twice_are_refused_by_name(judge: Judge) -> None:
    rows = ["2024-03-31T02:30:00", "2024-10-27T02:30:00", "2024-10-27T02:30:00+01:00", "2024-10-27T03:00:00"]
    outcome = judge("ts,a\n" + "".join(f"{row},x\n" for row in rows), time_zone=BERLIN)
    assert [row["record"] for row in outcome.rejects] == [1, 2]
    assert outcome.error_codes == ["timestamp_nonexistent", "timestamp_repeated"]
    assert "2024-10-27T00:30:00Z or 2024-10-27T01:30:00Z" in outcome.rejects[1]["errors"][0]["message"]
    assert [row["__time"] for row in outcome.rows] == [ms(2024, 10, 27, 1, 30), ms(2024, 10, 27, 2)]
    assert judge("ts,a\n2024-03-31T02:30:00,x\n").accepted.rows_rejected == 0


@pytest.mark.parametrize("zone", ["Europe/Bonn", "+02:00", "", "Factory", "localtime", "../UTC"])
def test_a_zone_that_does_not_exist_is_said(judge: Judge, zone: str) -> None:
    outcome = judge("ts,a\n2024-01-01,x\n", time_zone=zone)
    assert (outcome.code, outcome.detail["option"]) == ("option_invalid", "time_zone")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    local=st.datetimes(datetime(1980, 1, 1), datetime(2035, 1, 1)).map(lambda at: at.replace(microsecond=0, fold=0)),  # noqa: DTZ001 - local
    zone=st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana"]),
)
def test_python_knows_the_same_instants(local: datetime, zone: str) -> None:
    early, late = (local.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1))
    found = parse_times(pl.Series([local.isoformat()]), "iso", zone)
    expected = None if early != late else (early - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert found.ms[0] == expected
    assert (found.local_ms is None) == (early == late)


def test_a_refused_time_says_what_was_certainly_meant_and_totals_are_exact(judge: Judge) -> None:
    good = "2024-01-01,x\n" * 40
    outcome = judge(f"ts,a\n{good} 2024-01-02,x\n2024/01/03,x\nsoon,x\nNA,x\n1,2,3\n")
    suggestions = [row["errors"][0]["suggestion"] for row in outcome.rejects]
    assert suggestions == ["2024-01-02", "2024-01-03", None, None, None]
    invalid, *others = outcome.report["problems"]
    assert [sample["suggestion"] for sample in invalid["samples"]] == suggestions[:3]
    assert [(one["rule"], one["column"], one["count"]) for one in (invalid, *others)] == [
        ("timestamp_invalid", "ts", 3),
        ("timestamp_missing", "ts", 1),
        ("field_count", None, 1),
    ]


def test_a_column_that_is_too_seldom_a_time_is_shown_as_one(judge: Judge) -> None:
    outcome = judge("when,a\n2024-01-01,x\nsoon,x\n")
    assert outcome.code == "timestamp_missing"
    found = outcome.report["timestamp"]
    assert (found["column"], found["format"], found["zone"]) == (None, None, None)
    assert [(one["timestamp_column"], one["standing"], one["parsed"]) for one in found["evidence"]] == [
        ("when", "runner_up", 1)
    ]


def test_a_declared_order_has_no_runner_up_in_the_same_column(judge: Judge) -> None:
    (only,) = judge("d,a\n01/02/2024,x\n", timestamp_format="dd/MM/yyyy").report["timestamp"]["evidence"]
    assert (only["standing"], only["timestamp_format"], only["ambiguous_days"]) == ("chosen", ["dd/MM/yyyy"], 1)


def test_every_format_of_the_list_can_be_declared(judge: Judge) -> None:
    for name in FORMATS:
        assert judge("ts,a\nx,y\n", timestamp_column="ts", timestamp_format=name).code == "no_valid_rows"
