"""Checks of rows in Polars, the same schema in Pandera, and an oracle in plain Python for both."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pandera.errors
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contract import Contract
from shared.contract.compiled import compile_contract
from shared.contract.pandera_schema import pandera_schema
from shared.contract.polars_checks import row_checks
from shared.contract.rule_names import MEANINGS
from tests.unit.contract.contracts import contract, contracts, frame, frames_of, full


def failing(contract: Contract, rows: pl.DataFrame) -> dict[tuple[str, str | None, str], list[int]]:
    """The rows, from 0, that break each check."""
    compiled = compile_contract(contract)
    failures = compiled.failures(rows)
    return {
        (check.rule, check.column, check.constraint): bad
        for check, column in zip(compiled.checks, failures, strict=True)
        if (bad := column.arg_true().to_list())
    }


@pytest.mark.parametrize(
    ("kind", "checks", "values", "bad"),
    [
        ("long", {"min": 2}, [1, 2, None, 3], [0]),
        ("long", {"max": 2}, [1, 2, None, 3], [3]),
        ("double", {"min": Decimal("0.1")}, [0.1, 0.09, None], [1]),
        ("decimal", {"min": Decimal("0.1")}, [Decimal("0.10"), Decimal("0.0999999999"), None], [1]),
        ("decimal", {"enum": [Decimal("0.1"), 3]}, [Decimal("0.10"), Decimal(3), Decimal(4), None], [2]),
        ("date", {"max": "2026-01-31"}, [date(2026, 1, 31), date(2026, 2, 1), None], [1]),
        ("timestamp", {"min": "2026-01-31"}, [datetime(2026, 1, 30, 23, 59, tzinfo=UTC), None], [0]),
        ("text", {"enum": ["NO", "SE"]}, ["NO", "no", "", None], [1, 2]),
        ("text", {"pattern": "[0-9]{2}"}, ["12", "123", "12\n", "", None], [1, 2, 3]),
        ("text", {"pattern": "a|bc"}, ["a", "bc", "ac", "ab"], [2, 3]),
        ("text", {"min_length": 2, "max_length": 3}, ["é", "éé", "😀😀😀", "abcd", None], [0, 3]),
        ("date", {"enum": ["2026-01-01"]}, [date(2026, 1, 1), date(2026, 1, 2)], [1]),
    ],
)
def test_a_check_fails_in_its_rows_only(kind: str, checks: dict[str, Any], values: list[Any], bad: list[int]) -> None:
    one = contract({"name": "a", "type": kind, "checks": checks})
    assert sorted(row for rows in failing(one, frame(one, a=values)).values() for row in rows) == bad


def test_a_null_is_the_fault_of_nullable_alone() -> None:
    column = {"name": "a", "type": "long", "nullable": False, "checks": {"min": 1, "enum": [1]}}
    one = contract(column)
    assert failing(one, frame(one, a=[None, 1])) == {("constraint-error", "a", "nullable"): [0]}


def test_a_rule_that_is_null_rejects_nothing() -> None:
    columns = [{"name": name, "type": "long"} for name in "ab"]
    one = contract(*columns, rules=[{"name": "r", "expression": "a < b"}])
    assert failing(one, frame(one, a=[1, 2, None], b=[2, 1, 1])) == {("row-constraint", None, "r"): [1]}


def test_messages_name_the_column_what_was_expected_and_the_value() -> None:
    said = {check.constraint: check.message("x" * 200) for check in row_checks(full()) if check.column == "country"}
    assert said["enum"].startswith("`country` must be one of NO, SE, DK, and is xxx")
    assert len(said["enum"]) < 140
    assert said["pattern"].startswith("`country` must match [A-Z]{2}, and is ")
    rules = [check.message(None) for check in row_checks(full()) if check.column is None]
    assert rules == ["What is paid has an amount.", "the rule due_later must hold: due >= date(sold_at)"]
    nullable = next(check for check in row_checks(full()) if check.constraint == "nullable")
    assert nullable.message(None) == "`sold_at` must have a value"


def test_a_check_says_which_columns_it_reads() -> None:
    assert {check.constraint: check.columns for check in row_checks(full())}["due_later"] == ("due", "sold_at")


def test_a_column_to_ignore_has_no_checks_and_is_not_expected() -> None:
    column = {"name": "a", "type": "long", "role": "ignore", "nullable": False, "unique": True}
    compiled = compile_contract(contract(column, {"name": "b", "type": "text"}))
    assert ([one.name for one in compiled.expected], compiled.checks, compiled.keys) == (["b"], (), ())


def test_every_rule_name_has_a_meaning() -> None:
    assert {check.rule for check in row_checks(full())} | {"type-error"} <= MEANINGS.keys()


def test_what_is_expected_is_ready_for_a_reader() -> None:
    expected = {one.name: one for one in compile_contract(full()).expected}
    assert expected["sold_at"].dtype == pl.Datetime("ms", "UTC")
    assert (expected["sold_at"].format, expected["sold_at"].zone, expected["sold_at"].is_time) == (
        "iso",
        "Europe/Berlin",
        True,
    )
    assert (expected["amount"].dtype, expected["amount"].scale) == (pl.Decimal(38, 2), 2)


def by_pandera(contract: Contract, rows: pl.DataFrame) -> set[tuple[str, int]]:
    """The rows that plain Pandera names, each with its column, or the row as a whole."""
    try:
        pandera_schema(contract).validate(rows, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        named = errors.failure_cases.select("column", "schema_context", "index").iter_rows()
        return {(column if context == "Column" else "", index) for column, context, index in named}
    return set()


def duplicated(rows: pl.DataFrame, key: tuple[str, ...]) -> Iterator[int]:
    """By the values themselves, in plain Python."""
    seen = set()
    for number, values in enumerate(rows.select(key).iter_rows()):
        if None not in values:
            if values in seen:
                yield number
            seen.add(values)


def by_us(contract: Contract, rows: pl.DataFrame) -> set[tuple[str, int]]:
    found = {(column or "", row) for (_, column, _), bad in failing(contract, rows).items() for row in bad}
    keys = compile_contract(contract).keys
    return found | {("", row) for key in keys for row in duplicated(rows, key.columns)}


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_pandera_fails_in_the_same_rows(data: st.DataObject) -> None:
    one = data.draw(contracts())
    rows = data.draw(frames_of(one))
    assert by_pandera(one, rows) == by_us(one, rows)


def test_the_full_example_is_a_schema_for_pandera() -> None:
    good: dict[str, list[Any]] = {
        "sold_at": [datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)],
        "country": ["NO", "SE"],
        "amount": [Decimal("0.10"), Decimal(5)],
        "receipt": [1, 2],
        "paid": [True, None],
    }
    rows = frame(full(), **good)
    assert pandera_schema(full()).validate(rows, lazy=True).equals(rows)
    assert by_pandera(full(), frame(full(), **{**good, "receipt": [1, 1]})) == {("", 1)}
