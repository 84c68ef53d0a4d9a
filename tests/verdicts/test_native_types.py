"""Formats with types of their own: they mean the same as text does, keep every digit, and are counted the same."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.verdicts import writing
from tests.verdicts.judging import Judge, Outcome

AT = pa.timestamp("ms", "UTC")
NOON = dt.datetime(2024, 1, 2, 12, tzinfo=dt.UTC)
BIG, SMALL = "12345678901234567890.12", "0.25"
DAYS = [dt.date(2024, 2, 29), None, dt.date(2023, 12, 31), dt.date(2024, 2, 29)]
SEEN = [dt.datetime(2024, 2, 29, 10, 20, 30, 250_000), None, dt.datetime(2023, 12, 31, 23, 59, 59, 500_000)]  # noqa: DTZ001 - no zone
TABLE: dict[str, list[Any]] = {
    "when": [NOON] * 4,
    "flag": [True, False, None, True],
    "price": [Decimal(BIG), Decimal(SMALL), None, Decimal(BIG)],
    "day": DAYS,
    "seen": [*SEEN, SEEN[0]],
}
MEANINGS = {"flag": "boolean", "price": "decimal", "day": "date", "seen": "timestamp"}
ROWS: list[dict[str, str | None]] = [
    {"flag": "true", "price": BIG, "day": "2024-02-29", "seen": "2024-02-29T10:20:30.250"},
    {"flag": "false", "price": SMALL, "day": None, "seen": None},
    {"flag": None, "price": None, "day": "2023-12-31", "seen": "2023-12-31T23:59:59.500"},
    {"flag": "true", "price": BIG, "day": "2024-02-29", "seen": "2024-02-29T10:20:30.250"},
]


def arrow() -> pa.Table:
    kinds = {
        "when": AT,
        "flag": pa.bool_(),
        "price": pa.decimal128(30, 2),
        "day": pa.date32(),
        "seen": pa.timestamp("ms"),
    }
    return pa.table({name: pa.array(values, kinds[name]) for name, values in TABLE.items()})


def avro(_: Path) -> bytes:
    kinds: dict[str, Any] = {
        "when": {"type": "long", "logicalType": "timestamp-millis"},
        "flag": "boolean",
        "price": {"type": "bytes", "logicalType": "decimal", "precision": 30, "scale": 2},
        "day": {"type": "int", "logicalType": "date"},
        "seen": {"type": "long", "logicalType": "local-timestamp-millis"},
    }
    fields = [{"name": name, "type": ["null", kind]} for name, kind in kinds.items()]
    return writing.avro_of(fields, arrow().to_pylist())


def records() -> list[str]:
    """JSON has booleans and decimals; a date is a string there."""
    return [
        json.dumps({"when": "2024-01-02T12:00:00Z", **{name: row[name] for name in ("day", "seen")}})[:-1]
        + f', "flag": {row["flag"] or "null"}, "price": {row["price"] or "null"}}}'
        for row in ROWS
    ]


FORMATS: dict[str, Callable[[Path], bytes]] = {
    "delimited": lambda _: (
        "when,flag,price,day,seen\n"
        + "".join(
            ",".join(["2024-01-02T12:00:00Z", *(str(value or "NA") for value in row.values())]) + "\n" for row in ROWS
        )
    ).encode(),
    "parquet": lambda _: writing.parquet(arrow()),
    "orc": lambda folder: writing.orc(arrow(), folder),
    "avro": avro,
    "ndjson": lambda _: "\n".join(records()).encode(),
    "json": lambda _: f"[{','.join(records())}]".encode(),
    "zip": lambda _: writing.zipped({"a.parquet": writing.parquet(arrow())}),
}


def judged(judge: Judge, data: bytes) -> Outcome:
    return judge(data, timestamp_column="when")


@pytest.mark.parametrize("name", FORMATS)
def test_every_type_is_found_kept_and_counted(judge: Judge, name: str, tmp_path: Path) -> None:
    outcome = judged(judge, FORMATS[name](tmp_path))
    assert outcome.meanings == MEANINGS
    assert set(outcome.types.values()) == {"string"}
    assert [{key: trimmed(row[key]) for key in MEANINGS} for row in outcome.rows] == ROWS
    figures = {
        column["name"]: (column["nulls"], column["distinct"], trimmed(column.get("min")), trimmed(column.get("max")))
        for column in outcome.report["columns"]
    }
    assert figures == {
        "flag": (1, 2, "false", "true"),
        "price": (1, 2, None, None),
        "day": (1, 2, "2023-12-31", "2024-02-29"),
        "seen": (1, 2, "2023-12-31T23:59:59.500", "2024-02-29T10:20:30.250"),
    }


def trimmed(value: str | None) -> str | None:
    """ORC keeps nanoseconds, whatever it was given."""
    return value[:-6] if value and value.endswith("000000") else value


def test_a_workbook_has_booleans_dates_and_times(judge: Judge) -> None:
    midnight = dt.datetime(2024, 2, 29)  # noqa: DTZ001 - a workbook knows no zone
    rows: list[list[Any]] = [
        ["when", "flag", "day", "seen"],
        [midnight, True, midnight, SEEN[0]],
        [midnight, "NA", None, midnight],
    ]
    outcome = judged(judge, writing.xlsx(rows, C="yyyy-mm-dd", D="yyyy-mm-dd hh:mm:ss"))
    assert outcome.meanings == {"flag": "boolean", "day": "date", "seen": "timestamp"}
    assert [(row["flag"], row["day"], row["seen"]) for row in outcome.rows] == [
        ("true", "2024-02-29", "2024-02-29T10:20:30.250000"),
        (None, None, "2024-02-29T00:00:00"),
    ]
    assert [column["nulls"] for column in outcome.report["columns"]] == [1, 1, 0]


@pytest.mark.parametrize(
    ("array", "meaning", "expected"),
    [
        (pa.array([Decimal("1.50"), Decimal("-0.25")]), "double", [1.5, -0.25]),
        (pa.array([Decimal(7), None], pa.decimal128(38, 0)), "long", [7, None]),
        (pa.array([Decimal(10**30)], pa.decimal128(38, 0)), "decimal", [str(10**30)]),
        (pa.array([Decimal("1.0000000001E-8")], pa.decimal128(30, 20)), "double", [1.0000000001e-08]),
        (pa.array([Decimal("1.234567890123456789E-8")]), "decimal", ["0.00000001234567890123456789"]),
        (pa.array([None], pa.decimal128(10, 2)), "decimal", [None]),
        (pa.array([None], pa.bool_()), "boolean", [None]),
        (pa.array([None], pa.date32()), "date", [None]),
        (pa.array([None], pa.timestamp("us")), "timestamp", [None]),
        (pa.array([dt.date(2024, 1, 2)], pa.date64()), "date", ["2024-01-02"]),
        (pa.array([NOON], pa.timestamp("s", "Europe/Berlin")), "timestamp", ["2024-01-02T12:00:00.000Z"]),
        (pa.array([2**62], pa.int64()).cast(pa.timestamp("us")), "text", None),
        (pa.array(["2024-01-02", "true"]), "text", ["2024-01-02", "true"]),
        (pa.array(["2024-01-02"]), "text", ["2024-01-02"]),
        (pa.array(["true", "NA"]), "text", ["true", "NA"]),
        (pa.array(["1", "2"]), "text", ["1", "2"]),
        (pa.array([[True]]), "text", ["[true]"]),
    ],
)
def test_a_declared_type_is_held_against_the_values(
    judge: Judge, array: pa.Array, meaning: str, expected: list[Any] | None
) -> None:
    content = pa.table({"when": pa.array([NOON] * len(array), AT), "value": array})
    outcome = judged(judge, writing.parquet(content))
    assert outcome.meanings["value"] == meaning
    assert expected is None or [row["value"] for row in outcome.rows] == expected


@pytest.mark.parametrize(
    ("values", "meaning", "expected"),
    [
        (["true", "null", "false"], "boolean", ["true", None, "false"]),
        (["true", '"false"'], "text", ["true", "false"]),
        (['"true"', '"false"'], "text", ["true", "false"]),
        (["true", "1"], "text", ["true", "1"]),
        (['"2024-01-02"', "null"], "date", ["2024-01-02", None]),
        (['"13/02/2024"', '"NA"'], "date", ["2024-02-13", None]),
        (['"2024-01-02 10:00Z"'], "timestamp", ["2024-01-02T10:00:00Z"]),
        (['"2024-01-02"', "20240102"], "text", ["2024-01-02", "20240102"]),
        (['"2024-01-02"', "{}"], "text", ["2024-01-02", "{}"]),
        (["{}", '"2024-01-02"'], "text", ["{}", "2024-01-02"]),
        (['"NA"', '""'], "text", ["NA", None]),
        (["0.12345678901234567", "1"], "decimal", ["0.12345678901234567", "1"]),
    ],
)
def test_a_json_string_may_be_a_date_and_never_a_number(
    judge: Judge, values: list[str], meaning: str, expected: list[Any]
) -> None:
    outcome = judged(judge, "\n".join(f'{{"when": "2024-01-01", "value": {value}}}' for value in values).encode())
    assert (outcome.meanings["value"], [row["value"] for row in outcome.rows]) == (meaning, expected)


def test_declared_text_says_so_in_the_report(judge: Judge) -> None:
    content = pa.table({"when": pa.array([NOON] * 2, AT), "value": ["1", "2"], "other": ["1", "x"]})
    value, other = judged(judge, writing.parquet(content)).report["columns"]
    assert value["why_not_long"] == "the file says that it is text"
    assert other["why_not_long"] == {"value": "x", "record": 2}
    assert "why_not" not in value
    assert "why_not" not in other


def test_members_that_disagree_are_judged_by_their_values(judge: Judge) -> None:
    first = pa.table({"when": pa.array([NOON], AT), "value": pa.array([dt.date(2024, 1, 2)])})
    second = pa.table({"when": pa.array([NOON], AT), "value": pa.array([NOON], AT)})
    data = writing.zipped({"a": writing.parquet(first), "b": writing.parquet(second)})
    outcome = judged(judge, data)
    assert outcome.meanings == {"value": "timestamp"}
    assert [row["value"] for row in outcome.rows] == ["2024-01-02T00:00:00", "2024-01-02T12:00:00.000Z"]
