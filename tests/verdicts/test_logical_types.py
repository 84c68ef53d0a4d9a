"""What a column's values mean, what they become, and which value refused the narrower type."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.validator.engine import source
from services.validator.engine.sketch import KEPT, DistinctSketch
from services.validator.engine.suggest import suggest_number, suggest_times
from tests.verdicts.judging import Judge

BUSY_MACHINE = [HealthCheck.too_slow]


def column_of(judge: Judge, values: list[str]) -> tuple[dict[str, Any], list[Any]]:
    """The report on one column beside a named time column, and its canonical values."""
    text = "ts|value\n" + "".join(f"2024-01-01|{value}\n" for value in values)
    outcome = judge(text, delimiter="|", timestamp_column="ts")
    (described,) = outcome.report["columns"]
    assert outcome.accepted.columns[0].logical_type == described["logical_type"]
    return described, [row["value"] for row in outcome.rows]


@pytest.mark.parametrize(
    ("values", "logical", "canonical"),
    [
        (["true", "FALSE", "NA", "True"], "boolean", ["true", "false", None, "true"]),
        (["true", "1"], "text", ["true", "1"]),
        (["yes", "no"], "text", ["yes", "no"]),
        (["NO", "SE"], "text", ["NO", "SE"]),
        (["1", "2"], "long", [1, 2]),
        (["1.5", "2"], "double", [1.5, 2.0]),
        (["48.053808600000004", "1"], "double", [48.053808600000004, 1.0]),
        (["3.141592653589793238", "1", "-"], "decimal", ["3.141592653589793238", "1", None]),
        (["0.1", "9007199254740993"], "decimal", ["0.1", "9007199254740993"]),
        (["0.1", "9223372036854775808"], "text", ["0.1", "9223372036854775808"]),
        (["9223372036854775808", "1"], "text", ["9223372036854775808", "1"]),
        (["3.141592653589793238", "1e5"], "text", ["3.141592653589793238", "1e5"]),
        (["007", "+49301234"], "text", ["007", "+49301234"]),
        (["2024-02-29", "NULL"], "date", ["2024-02-29", None]),
        (["13/02/2024", "01/03/2024"], "date", ["2024-02-13", "2024-03-01"]),
        (["5 Mar 2024", "Tue, 05 March 2024"], "date", ["2024-03-05", "2024-03-05"]),
        (["Mar 5, 2024"], "date", ["2024-03-05"]),
        (["2024-02-29", "2024-02-30"], "text", ["2024-02-29", "2024-02-30"]),
        (["01/02/2024", "03/04/2024"], "text", ["01/02/2024", "03/04/2024"]),
        (["2024-02-29 10:20", "2024-03-01"], "timestamp", ["2024-02-29T10:20:00", "2024-03-01T00:00:00"]),
        (["2024-02-29T10:20:30.123456789+0230"], "timestamp", ["2024-02-29T10:20:30.123456789+02:30"]),
        (["Tue, 05 Mar 2024 10:20:30 GMT"], "timestamp", ["2024-03-05T10:20:30Z"]),
        (["2/13/2024 12:05 AM", "2/14/2024 12:05 pm"], "timestamp", ["2024-02-13T00:05:00", "2024-02-14T12:05:00"]),
        (["20240305", "20240306"], "long", [20240305, 20240306]),
        (["", "NA"], "text", [None, "NA"]),
    ],
)
def test_logical_types(judge: Judge, values: list[str], logical: str, canonical: list[object]) -> None:
    described, returned = column_of(judge, values)
    assert (described["logical_type"], returned) == (logical, canonical)


@pytest.mark.parametrize("odd", ["1", "yes", "truer", "0.5"])
def test_a_late_value_ends_a_boolean_column(judge: Judge, monkeypatch: pytest.MonkeyPatch, odd: str) -> None:
    monkeypatch.setattr(source, "CHUNK_BYTES", 40)
    described, returned = column_of(judge, [*["true"] * 10, odd])
    assert (described["logical_type"], returned[-1]) == ("text", odd)
    assert described["why_not_boolean"] == {"value": odd, "record": 11}


@pytest.mark.parametrize(
    ("values", "refused", "value", "record"),
    [
        (["1", "2", "3.5", "4.5"], "long", "3.5", 3),
        (["0.5", "1", "3.141592653589793238"], "double", "3.141592653589793238", 3),
        (["1", "2", "x"], "long", "x", 3),
        (["true", "NA", "maybe"], "boolean", "maybe", 3),
        (["2024-01-01", "2024-01-02", "soon"], "date", "soon", 3),
        (["2024-01-01", "2024-01-02 10:00", "soon"], "timestamp", "soon", 3),
        (["2024-01-01", "2024-01-02 10:00", "2024-01-03 11:00"], "date", "2024-01-02 10:00", 2),
        (["soon", "2024-01-01", "2024-01-02"], "date", "soon", 1),
    ],
)
def test_the_report_names_what_refused_the_narrower_type(
    judge: Judge, values: list[str], refused: str, value: str, record: int
) -> None:
    described, _ = column_of(judge, values)
    assert described["why_not"] == {"type": refused, "value": value, "record": record}


def test_a_refusal_suggests_what_was_certainly_meant(judge: Judge) -> None:
    described, _ = column_of(judge, ["1.5", "2,75"])
    assert described["why_not"] == {"type": "double", "value": "2,75", "record": 2, "suggestion": "2.75"}


def test_an_unsettled_order_is_noted(judge: Judge) -> None:
    described, _ = column_of(judge, ["01/02/2024", "03/04/2024"])
    assert "day or the month" in described["note"]


def test_range_and_distinct_of_every_type(judge: Judge) -> None:
    for values, low, high, distinct in (
        (["b", "a", "b", ""], "a", "b", 2),
        (["5", "-3", "5"], -3, 5, 2),
        (["02/13/2024", "01/31/2023"], "2023-01-31", "2024-02-13", 2),
        (["3.141592653589793238", "10"], None, None, 2),
    ):
        described, _ = column_of(judge, values)
        assert (described.get("min"), described.get("max"), described["distinct"]) == (low, high, distinct)
        assert described["distinct_exact"] is True


@pytest.mark.parametrize("count", [KEPT - 1, 200_000])
def test_distinct_is_exact_up_to_a_bound_and_then_near(count: int) -> None:
    sketch = DistinctSketch()
    for start in range(0, count, 30_000):
        block = pl.Series([f"v{n}" for n in range(start, min(start + 30_000, count))])
        sketch.add(block)
        sketch.add(block)
    assert sketch.is_exact == (count < KEPT)
    assert sketch.count == (count if sketch.is_exact else pytest.approx(count, rel=0.08))
    assert sketch._kept.len() <= KEPT


@pytest.mark.parametrize(
    ("value", "meant"), [(" 5", "5"), ("1,5", "1.5"), ("-0,25", "-0.25"), ("1,234", None), ("x", None), ("1", None)]
)
def test_a_number_is_suggested_only_when_certain(value: str, meant: str | None) -> None:
    assert suggest_number(value) == meant


@pytest.mark.parametrize(
    ("value", "time_format", "meant"),
    [
        (" 2024-01-01", "iso", "2024-01-01"),
        ("2024/01/05", "iso", "2024-01-05"),
        ("13.02.2024", "iso", "2024-02-13"),
        ("5 Mar 2024 10:00", "iso", "2024-03-05T10:00:00"),
        ("12/31/2024", "dd/MM/yyyy", None),
        ("01/02/2024", "iso", None),
        ("soon", "iso", None),
    ],
)
def test_a_time_is_suggested_only_when_certain(value: str, time_format: str, meant: str | None) -> None:
    assert suggest_times(pl.Series([value]), time_format) == [meant]


SORTS: dict[str, tuple[st.SearchStrategy[str], Callable[[str], Any]]] = {
    "boolean": (st.sampled_from(["true", "False", "TRUE"]), lambda text: text.lower()),
    "long": (st.integers(-(2**63), 2**63 - 1).map(str), int),
    "double": (
        st.floats(allow_nan=False, allow_infinity=False, width=32).map(repr).filter(lambda text: text != "-0.0"),
        float,
    ),
    "decimal": (st.integers(10**19, 10**24).map(lambda n: f"0.{n}1"), str),
    "date": (st.dates().map(date.isoformat), str),
    "timestamp": (
        st.datetimes().map(lambda at: at.replace(tzinfo=UTC).isoformat(timespec="microseconds")),
        datetime.fromisoformat,
    ),
    "text": (st.sampled_from(["x", "ü y", "007", "NA ", "a\u2028b"]), str),
}


def read_back(logical: str, value: Any) -> Any:
    if logical == "timestamp":
        return datetime.fromisoformat(value)
    return value


@settings(max_examples=50, deadline=None, suppress_health_check=BUSY_MACHINE)
@given(data=st.data(), logical=st.sampled_from(sorted(SORTS)), chunk=st.sampled_from([64, source.CHUNK_BYTES]))
def test_every_written_value_comes_back_equal(data: st.DataObject, logical: str, chunk: int) -> None:
    values, meaning = SORTS[logical]
    column = data.draw(st.lists(st.one_of(values, st.just("")), min_size=1, max_size=20).filter(any))
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "CHUNK_BYTES", chunk)
        described, returned = column_of(Judge(Path(folder)), column)
    if logical == "double":
        assert described["logical_type"] in {"double", "decimal", "long"}
    else:
        assert described["logical_type"] == logical
    for text, value in zip(column, returned, strict=True):
        if not text:
            assert value is None
        elif described["logical_type"] == "decimal":
            assert Decimal(value) == Decimal(text)
        else:
            assert read_back(logical, value) == meaning(text)


@pytest.mark.parametrize(
    ("values", "empty"),
    [(["", "NA"], None), (["", ""], True), (["1", ""], None), (["", "x"], None)],
)
def test_a_column_without_a_value_is_told(judge: Judge, values: list[str], empty: bool | None) -> None:  # noqa: FBT001  # a column of the table
    rows = "".join(f"2024-01-0{number},{value},z\n" for number, value in enumerate(values, 1))
    columns = {one.name: one.empty for one in judge(f"ts,x,y\n{rows}".encode()).accepted.columns}
    assert columns == {"x": empty, "y": None}


def test_rejected_rows_do_not_count_for_it(judge: Judge) -> None:
    outcome = judge(b"ts,x,y\n2024-01-01,,z\n2024-01-02,5,z,surplus\n2024-01-03,,z\n")
    assert {one.name: one.empty for one in outcome.accepted.columns} == {"x": True, "y": None}


ODD = {"boolean": "maybe", "long": "x7", "double": "x7", "date": "soon", "timestamp": "soon"}


@settings(max_examples=50, deadline=None, suppress_health_check=BUSY_MACHINE)
@given(
    data=st.data(),
    logical=st.sampled_from(sorted(ODD)),
    before=st.integers(0, 15),
    after=st.integers(0, 15),
    chunk=st.sampled_from([40, source.CHUNK_BYTES]),
)
def test_one_odd_value_is_named_with_its_record(
    data: st.DataObject, logical: str, before: int, after: int, chunk: int
) -> None:
    values = SORTS[logical][0] if logical != "double" else st.integers(0, 99).map(lambda n: f"{n}.25")
    column = data.draw(st.lists(values, min_size=max(1, before + after), max_size=max(1, before + after)))
    column.insert(before, ODD[logical])
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "CHUNK_BYTES", chunk)
        described, returned = column_of(Judge(Path(folder)), column)
    assert (described["logical_type"], returned) == ("text", column)
    assert described["why_not"] == {"type": logical, "value": ODD[logical], "record": before + 1}


@settings(max_examples=50, deadline=None, suppress_health_check=BUSY_MACHINE)
@given(
    days=st.lists(st.dates(date(1990, 1, 1), date(2099, 12, 31)), min_size=1, max_size=12),
    small=st.booleans(),
    chunk=st.sampled_from([32, source.CHUNK_BYTES]),
)
def test_the_order_of_day_and_month_is_settled_by_a_day_above_twelve(
    days: list[date], *, small: bool, chunk: int
) -> None:
    if small:
        days = [day.replace(day=1 + day.day % 12) for day in days]
    text = "d,a\n" + "".join(f"{day:%d/%m/%Y},x\n" for day in days)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "CHUNK_BYTES", chunk)
        outcome = Judge(Path(folder))(text)
        settled = any(day.day > 12 for day in days)
        (candidate,) = outcome.report["timestamp"]["evidence"]
        assert candidate["ambiguous_days"] == sum(day.day <= 12 and day.day != day.month for day in days)
        if not settled:
            assert outcome.code == "timestamp_ambiguous"
            assert candidate["timestamp_format"] == ["dd/MM/yyyy", "MM/dd/yyyy"]
            return
        midnight = datetime(1970, 1, 1)  # noqa: DTZ001 - a date's own midnight
        found = [(midnight + timedelta(milliseconds=row["__time"])).date() for row in outcome.rows]
        assert found == days
