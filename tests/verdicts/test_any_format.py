"""For any table in any format: accepted rows are what was written, broken rows are rejected, and none else.

A few examples each; `test_at_length.py` draws many.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.verdicts import writing
from tests.verdicts.judging import Judge

EPOCH = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
NAMES = ["when", "n", "x", "text"]
# What XML and a workbook keep as it is: no control characters, no carriage return, no formula, no escape of its own.
LETTERS = list("aZ09 ,;|\"'\\\n\tü東😀.-{}[]<&")
TEXT = st.one_of(st.text(st.sampled_from(LETTERS), max_size=6), st.sampled_from(["NA", "007", "null", "1e3", "true"]))


class Row(NamedTuple):
    """A row; `seconds` is None in a row that is broken."""

    seconds: int | None
    n: int | None
    x: float | None
    text: str | None

    @property
    def when(self) -> dt.datetime | None:
        return None if self.seconds is None else EPOCH + dt.timedelta(seconds=self.seconds)


ROWS = st.builds(
    Row,
    st.one_of(st.integers(0, 10**8), st.none()),
    st.one_of(st.integers(-(2**63), 2**63 - 1), st.none()),
    st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.none()),
    st.one_of(TEXT, st.none()),
)


def cells(row: Row) -> list[str]:
    number = "" if row.x is None else repr(row.x)
    return [row.when.isoformat() if row.when else "", "" if row.n is None else str(row.n), number, row.text or ""]


def delimited(rows: list[Row]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([NAMES, *map(cells, rows)])
    return out.getvalue().encode()


def records(rows: list[Row]) -> list[str]:
    return [
        json.dumps({"when": row.when and row.when.isoformat(), "n": row.n, "x": row.x, "text": row.text})
        for row in rows
    ]


def table(rows: list[Row]) -> pa.Table:
    return pa.table(
        {
            "when": pa.array([row.when for row in rows], pa.timestamp("ms", "UTC")),
            "n": pa.array([row.n for row in rows], pa.int64()),
            "x": pa.array([row.x for row in rows], pa.float64()),
            "text": pa.array([row.text for row in rows], pa.string()),
        }
    )


def orc(rows: list[Row]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return writing.orc(table(rows), Path(folder))


def workbook(rows: list[Row]) -> bytes:
    body = [[row.when and row.when.replace(tzinfo=None), row.n, row.x, row.text or None] for row in rows]
    return writing.xlsx([NAMES, *body])


def in_a_workbook(row: Row) -> Row:
    """Numbers that the workbook's writer keeps: 16 digits, and a point only where there is a fraction."""
    n = None if row.n is None else row.n % 2**53
    return row._replace(n=n, x=None if row.x is None or abs(row.x) >= 1e15 else float(f"{row.x:.15g}"))


FORMATS: dict[str, Callable[[list[Row]], bytes]] = {
    "delimited": delimited,
    "utf-16": lambda rows: delimited(rows).decode().encode("utf-16"),
    "ndjson": lambda rows: "\n".join(records(rows)).encode(),
    "json": lambda rows: f"[{', '.join(records(rows))}]".encode(),
    "parquet": lambda rows: writing.parquet(table(rows), row_group_size=2),
    "orc": orc,
    "avro": lambda rows: writing.avro(table(rows), codec="deflate", sync_interval=1),
    "xlsx": workbook,
    "zip": lambda rows: writing.zipped({"a.csv": delimited(rows[:1]), "b.csv": delimited(rows[1:])}),
    "tar": lambda rows: writing.tarred({"a": delimited(rows[:1]), "b": delimited(rows[1:])}, "w:xz"),
}


def what_is_written_is_accepted(name: str, drawn: list[Row]) -> None:
    # A first row with a time, and a word that makes the last column text in formats without types.
    rows = [Row(1, 2, 0.5, "word"), *drawn, Row(2, None, None, "word")]
    if name == "xlsx":
        rows = [row for row in map(in_a_workbook, rows) if any(value is not None and value != "" for value in row)]
    with tempfile.TemporaryDirectory() as folder:
        outcome = Judge(Path(folder))(FORMATS[name](rows), timestamp_column="when", max_rejected_ratio=1)
        good = [row for row in rows if row.when]
        assert len(rows) == outcome.accepted.rows_read == outcome.accepted.second_count
        expected: list[dict[str, Any]] = [
            {
                "__time": int((row.when or EPOCH).timestamp() * 1000),
                "n": row.n,
                "x": row.x,
                "text": row.text or None,
                "ingest_task_id": outcome.rows[0]["ingest_task_id"],
            }
            for row in good
        ]
        assert outcome.rows == expected
        broken = [number for number, row in enumerate(rows, start=1) if not row.when]
        assert [rejected["record"] for rejected in outcome.rejects] == broken
        assert set(outcome.error_codes) <= {"timestamp_missing"}


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=6, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])
@given(drawn=st.lists(ROWS, max_size=6))
def test_what_is_written_is_what_is_accepted(name: str, drawn: list[Row]) -> None:
    what_is_written_is_accepted(name, drawn)
