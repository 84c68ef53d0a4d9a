from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from shared.contract import Contract, read_contract
from shared.contract.column_types import CHECKS_OF, COLUMN_TYPES, value_of
from shared.contract.model import Limits
from tests.unit.contract.contracts import FULL, contract, full

SAMPLE_CHECKS: dict[str, Any] = {
    "min": 1,
    "max": 1,
    "enum": [1],
    "pattern": "a",
    "min_length": 1,
    "max_length": 1,
}


def fault(*columns: dict[str, Any], **parts: Any) -> str:
    with pytest.raises(ValidationError) as raised:
        contract(*columns, **parts)
    details = raised.value.errors()[0]
    path = (*details["loc"], *details.get("ctx", {}).get("path", ()))
    return f"{'.'.join(map(str, path))}: {details['msg']}"


def test_a_contract_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        full().datasource = "other"  # type: ignore[misc]


def test_defaults_are_the_documented_ones() -> None:
    plain = contract({"name": "a", "type": "text"})
    (column,) = plain.columns
    assert (column.nullable, column.unique, column.role) == (True, False, "dimension")
    assert (plain.limits.max_rejected_rows, plain.limits.max_rejected_ratio) == (None, 0.05)
    assert plain.drift.model_dump() == {
        "new_column": "evolve",
        "missing_column": "reject",
        "wider_type": "reject",
        "narrower_type": "ignore",
    }


@pytest.mark.parametrize("check", CHECKS_OF)
@pytest.mark.parametrize("kind", COLUMN_TYPES)
def test_a_check_is_for_its_types(check: str, kind: str) -> None:
    if kind in CHECKS_OF[check]:
        value = {"text": "a", "date": "2026-01-01", "timestamp": "2026-01-01"}.get(kind, 1)
        sample = SAMPLE_CHECKS[check] if "length" in check or check == "pattern" else value
        checks = {check: [sample] if check == "enum" else sample}
        assert contract({"name": "a", "type": kind, "checks": checks}).columns[0].checks.stated()
    else:
        said = fault({"name": "a", "type": kind, "checks": {check: SAMPLE_CHECKS[check]}})
        assert said.startswith(f"columns.0.checks.{check}: is for a column of type ")
        assert said.endswith(f"this one is {kind}")


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ({"checks": {"min": "x"}, "type": "long"}, "columns.0.checks.min: must be a number, not 'x'"),
        ({"checks": {"min": Decimal("1.5")}, "type": "long"}, "columns.0.checks.min: must be a whole number, not 1.5"),
        ({"checks": {"max": 2**63}, "type": "long"}, "columns.0.checks.max: must be between "),
        (
            {"checks": {"max": Decimal("1e400")}, "type": "double"},
            "columns.0.checks.max: must be in the range of a double",
        ),
        ({"checks": {"max": Decimal("NaN")}, "type": "double"}, "columns.0.checks.max"),
        (
            {"checks": {"min": Decimal("0.123")}, "type": "decimal", "scale": 2},
            "columns.0.checks.min: must have at most 2 d",
        ),
        ({"checks": {"min": 10**30}, "type": "decimal"}, "columns.0.checks.min: must have at most 28 digits before"),
        ({"checks": {"min": "2026-02-30"}, "type": "date"}, "columns.0.checks.min: must be a day of the calendar"),
        ({"checks": {"min": "30.1.2026"}, "type": "date"}, "columns.0.checks.min: must be a date such as"),
        (
            {"checks": {"min": "2026-01-01T25:00"}, "type": "timestamp"},
            "columns.0.checks.min: must be a time of the cal",
        ),
        ({"checks": {"min": 3, "max": 2}, "type": "long"}, "columns.0.checks.max: must be at least min, 3, and is 2"),
        ({"checks": {"enum": [1, "a"]}, "type": "text"}, "columns.0.checks.enum.0: must be text: put it in quotes"),
        ({"checks": {"enum": ["a", "a"]}}, "columns.0.checks.enum.1: is in the list before: a"),
        ({"checks": {"enum": []}}, "columns.0.checks.enum: Tuple should have at least 1 item"),
        ({"checks": {"min_length": 3, "max_length": 2}}, "columns.0.checks.max_length: must be at least min_length, 3"),
        (
            {"checks": {"pattern": "(?=a)"}},
            "columns.0.checks.pattern: is no regular expression of the Rust dialect: look-",
        ),
        (
            {"checks": {"pattern": "a)|(b"}},
            "columns.0.checks.pattern: is no regular expression of the Rust dialect: unop",
        ),
        (
            {"checks": {"pattern": "(?x)a#"}},
            "columns.0.checks.pattern: is no regular expression of the Rust dialect: unc",
        ),
        ({"name": "__time"}, "columns.0.name: is a column that every loaded row gets anyway"),
        ({"scale": 2}, "columns.0.scale: is for a column of type decimal"),
        ({"zone": "UTC", "type": "date"}, "columns.0.zone: is for a column of type timestamp"),
        ({"zone": "Berlin", "type": "timestamp"}, "columns.0.zone: must be the IANA name of a zone"),
        ({"zone": "../etc", "type": "timestamp"}, "columns.0.zone: must be the IANA name of a zone"),
        ({"role": "time"}, "columns.0.role: time must be a date or a timestamp"),
        ({"role": "metric"}, "columns.0.role: metric must be a number"),
        ({"unique": True, "type": "json"}, "columns.0.unique: cannot be said of a json column"),
        ({"type": "money"}, "columns.0.type: Input should be 'text', 'boolean'"),
        ({"colour": "red"}, "columns.0.colour: Extra inputs are not permitted"),
    ],
)
def test_a_bad_column_is_refused_at_its_field(column: dict[str, Any], expected: str) -> None:
    assert fault({"name": "a", "type": "text", **column}).startswith(expected)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"datasource": "a/b"}, "datasource: may not contain a slash"),
        ({"format_version": 2}, "format_version: Input should be 1"),
        ({"columns": []}, "columns: Tuple should have at least 1 item"),
        ({"columns": [{"name": "a", "type": "text"}] * 2}, "columns.1.name: is taken"),
        (
            {"rules": [{"name": "r", "expression": "a"}]},
            "rules.0.expression: character 1: a rule must be true or false",
        ),
        ({"rules": [{"name": "r", "expression": "a = 'x'"}] * 2}, "rules.1.name: is taken"),
        ({"keys": [["a", "b"]]}, "keys.0.1: must be a column of the contract, not 'b'"),
        ({"keys": [["a", "a"]]}, "keys.0.1: must be a column that is not json and not named twice"),
        ({"keys": [["a", "t"], ["t", "a"]]}, "keys: has the same key twice"),
        ({"dialect": {"delimiter": "ab"}}, "dialect.delimiter: must be one character"),
        ({"dialect": {"encoding": "klingon"}}, "dialect.encoding: 'klingon' is unknown"),
        ({"dialect": {"format": "doc"}}, "dialect.format: 'doc' is unknown"),
        ({"dialect": {"quote": "x"}}, "dialect.quote: 'x' must be one ASCII sign"),
        (
            {"dialect": {"quote": "", "escape": "^"}},
            "dialect.escape: takes the meaning from a quote, and there is none",
        ),
        ({"dialect": {"quote": "^", "escape": "^"}}, "dialect.escape: must differ from quote"),
        ({"dialect": {"delimiter": "'", "quote": "'"}}, "dialect.quote: must differ from delimiter"),
        ({"dialect": {"thousands": "."}}, "dialect.thousands: must differ from decimal_mark"),
        ({"limits": {"max_rejected_ratio": 2}}, "limits.max_rejected_ratio: Input should be less than or equal to 1"),
        ({"drift": {"new_column": "drop"}}, "drift.new_column: Input should be 'evolve', 'ignore' or 'reject'"),
    ],
)
def test_a_bad_part_is_refused_at_its_field(parts: dict[str, Any], expected: str) -> None:
    columns = [{"name": "a", "type": "text"}, {"name": "t", "type": "timestamp", "role": "time"}]
    given = {"format_version": 1, "datasource": "d", "columns": columns, **parts}
    with pytest.raises(ValidationError) as raised:
        Contract.model_validate(given)
    details = raised.value.errors()[0]
    path = (*details["loc"], *details.get("ctx", {}).get("path", ()))
    assert f"{'.'.join(map(str, path))}: {details['msg']}".startswith(expected)


def test_one_column_is_the_time() -> None:
    times = [{"name": name, "type": "timestamp", "role": "time"} for name in "ab"]
    assert fault(*times).startswith("columns.1.role: time is the role of one column only")


@pytest.mark.parametrize(
    ("limits", "rejected", "kept"),
    [
        ({}, 5, True),
        ({}, 6, False),
        ({"max_rejected_rows": 3}, 4, False),
        ({"max_rejected_ratio": None}, 100, True),
        ({"max_rejected_ratio": None, "max_rejected_rows": 99}, 100, False),
        ({"max_rejected_ratio": 0}, 0, True),
    ],
)
def test_limits_hold_each_by_itself(limits: dict[str, Any], rejected: int, kept: bool) -> None:  # noqa: FBT001
    assert Limits(**limits).are_kept(rejected, 100) is kept


def test_a_bound_of_a_timestamp_is_an_instant() -> None:
    assert value_of("timestamp", "2026-01-01T01:00+01:00") == value_of("timestamp", "2026-01-01")


def test_the_full_example_has_every_field() -> None:
    said = read_contract(FULL).model_dump(exclude_defaults=True)
    assert said.keys() == Contract.model_fields.keys()
