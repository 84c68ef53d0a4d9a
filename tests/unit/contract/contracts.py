"""Contracts for tests, by hand and at random, with frames for them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import strategies as st

from shared.contract import Contract, frames, read_contract
from shared.contract.column_types import ColumnType

FULL = """\
format_version: 1
datasource: sales
description: Every sale.
columns:
  - name: sold_at
    type: timestamp
    role: time
    nullable: false
    format: iso
    zone: Europe/Berlin
    checks: {min: 2020-01-01, max: "2030-01-01T00:00:00Z"}
  - name: country
    type: text
    description: Where.
    checks: {enum: [NO, SE, DK], pattern: "[A-Z]{2}", min_length: 2, max_length: 2}
  - {name: amount, type: decimal, scale: 2, role: metric, checks: {min: 0.10}}
  - {name: receipt, type: long, nullable: false, unique: true, checks: {min: 1, max: 9000000000}}
  - {name: discount, type: double, checks: {max: 0.5}}
  - {name: due, type: date, checks: {min: 2020-01-01}}
  - {name: paid, type: boolean}
  - {name: basket, type: json}
  - {name: note, type: text, role: ignore}
rules:
  - name: paid_has_amount
    expression: not paid or amount > 0
    message: What is paid has an amount.
  - {name: due_later, expression: due >= date(sold_at)}
keys: [[sold_at, country], [country, due]]
null_markers: ["-", NA]
dialect: {delimiter: ";", encoding: cp1252, decimal_mark: ",", thousands: "."}
limits: {max_rejected_rows: 100, max_rejected_ratio: 0.01}
drift: {new_column: ignore, missing_column: evolve, wider_type: evolve, narrower_type: reject}
loading:
  mode: replace
  replace: touched
  segment_granularity: month
  query_granularity: day
  partitioning: {type: range, columns: [country], rows_per_segment: 3000000}
  rollup: true
  metrics:
    - {name: sales, type: count}
    - {name: highest, type: max, column: discount}
    - {name: receipts, type: hll, column: receipt}
  dimensions:
    - name: country
    - {name: due, type: string}
  leave_out: [paid]
  transforms:
    - {name: land, type: lower, column: country}
    - {name: step, type: bucket, column: discount, size: 0.25}
    - {name: both, type: concat, columns: [country, due], separator: "/"}
    - {name: source, type: constant, value: 7}
  duplicates: load
"""


def full() -> Contract:
    return read_contract(FULL)


def contract(*columns: dict[str, Any], **parts: Any) -> Contract:
    return Contract.model_validate({"format_version": 1, "datasource": "d", "columns": columns, **parts})


def frame(contract: Contract, **values: list[Any]) -> pl.DataFrame:
    """A typed frame of some of the columns, null in all others."""
    rows = max(map(len, values.values()))
    return pl.DataFrame(
        [
            frames.series(values.get(column.name, [None] * rows), column.type, column.scale).alias(column.name)
            for column in contract.columns
        ]
    )


WORDS = st.text("ab-Zß ", max_size=4)
MOMENTS = st.integers(0, 4 * 365 * 86_400_000).map(
    lambda ms: datetime(2023, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
# Few values, so that keys meet and bounds are hit.
VALUES: dict[ColumnType, st.SearchStrategy[Any]] = {
    "text": WORDS,
    "boolean": st.booleans(),
    "long": st.integers(-3, 3) | st.sampled_from([-(2**63), 2**63 - 1]),
    "double": st.sampled_from([0.0, -0.0, 0.5, -1.5, 2.0, 1e300]),
    "decimal": st.integers(-300, 300).map(lambda cents: Decimal(cents) / 100),
    "date": st.integers(0, 5).map(lambda days: date(2024, 2, 27) + timedelta(days=days)),
    "timestamp": MOMENTS | st.sampled_from([datetime(2024, 1, 1, tzinfo=UTC)]),
    "json": st.sampled_from(["{}", "[1]", '{"a": null}']),
}


def as_written(value: Any) -> Any:
    """A value as a contract has it."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return Decimal(repr(value)) if isinstance(value, float) else value


@st.composite
def columns(draw: st.DrawFn, name: str) -> dict[str, Any]:
    kind = draw(st.sampled_from(tuple(VALUES)))
    checks: dict[str, Any] = {}
    if kind in {"long", "double", "decimal", "date", "timestamp"} and draw(st.booleans()):
        low, high = sorted([draw(VALUES[kind]), draw(VALUES[kind])])
        checks |= {"min": as_written(low), "max": as_written(high)}
    if kind not in {"boolean", "json"} and draw(st.booleans()):
        members = {as_written(one): None for one in draw(st.lists(VALUES[kind], min_size=1, max_size=4, unique=True))}
        checks["enum"] = list(members)
    if kind == "text" and draw(st.booleans()):
        checks |= {"min_length": 1, "max_length": 3, "pattern": draw(st.sampled_from(["a.*", "[ab]+|Z", "(?i)A"]))}
    unique = kind != "json" and draw(st.booleans())
    scale = {"scale": 2} if kind == "decimal" else {}
    return {"name": name, "type": kind, "nullable": draw(st.booleans()), "unique": unique, "checks": checks, **scale}


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    """Contracts with columns a, b and c, a rule and a key."""
    parts = [draw(columns(name)) for name in "abc"]
    longs = [part["name"] for part in parts if part["type"] == "long"]
    rules = [{"name": "r", "expression": f"{longs[0]} + 1 > 0 or {longs[-1]} is null"}] if longs else []
    named = [part["name"] for part in parts if part["type"] != "json"]
    keys = [named] if len(named) > 1 and draw(st.booleans()) else []
    return contract(*parts, rules=rules, keys=keys)


@st.composite
def frames_of(draw: st.DrawFn, contract: Contract) -> pl.DataFrame:
    rows = draw(st.integers(1, 12))
    values = {
        column.name: draw(st.lists(st.none() | VALUES[column.type], min_size=rows, max_size=rows))
        for column in contract.columns
    }
    return frame(contract, **values)
