from __future__ import annotations

from typing import Any

import pytest

from shared.contract import Contract, FileColumn, diff, drift_of, read_contract
from shared.contract.column_types import COLUMN_TYPES
from shared.contract.drift import MEANINGS
from shared.contract.from_report import InferredColumn, InferredTime, datasource_of, inferred_contract
from shared.contract.model import Drift
from shared.contract.widening import is_wider
from shared.contract.yaml_file import write_contract
from tests.unit.contract.contracts import FULL, contract, full

CHANGES = [
    ("datasource: sales", "datasource: sold", "datasource_changed", "datasource", False),
    ("Every sale", "All", "description_changed", "description", False),
    ("Where.", "There.", "description_changed", "columns.country.description", False),
    ("type: double", "type: decimal", "wider_type", "columns.discount.type", False),
    (
        "{name: paid, type: boolean}",
        "{name: paid, type: boolean, nullable: false}",
        "check_tightened",
        "columns.paid.nullable",
        True,
    ),
    ("unique: true, ", "", "check_loosened", "columns.receipt.unique", False),
    ("scale: 2", "scale: 3", "check_loosened", "columns.amount.scale", False),
    ("min: 0.10", "min: 0.20", "check_tightened", "columns.amount.checks.min", True),
    ("min: 0.10", "min: 0.05", "check_loosened", "columns.amount.checks.min", False),
    ("{max: 0.5}", "{max: 0.4}", "check_tightened", "columns.discount.checks.max", True),
    ("{max: 0.5}", "{max: 0.5, min: 0}", "check_tightened", "columns.discount.checks.min", True),
    ("checks: {max: 0.5}", "checks: {}", "check_loosened", "columns.discount.checks.max", False),
    ("NO, SE, DK", "NO, SE", "check_tightened", "columns.country.checks.enum", True),
    ("NO, SE, DK", "NO, SE, DK, DE", "check_loosened", "columns.country.checks.enum", False),
    ('"[A-Z]{2}"', '"[A-Z][A-Z]"', "check_changed", "columns.country.checks.pattern", True),
    ("max_length: 2", "max_length: 3", "check_loosened", "columns.country.checks.max_length", False),
    ("zone: Europe/Berlin", "zone: Europe/Oslo", "reading_changed", "columns.sold_at.zone", True),
    ("role: metric, ", "", "role_changed", "columns.amount.role", False),
    ("  - {name: basket, type: json}\n", "", "missing_column", "columns.basket", False),
    ("amount > 0\n", "amount > 1\n", "rule_changed", "rules.paid_has_amount", True),
    ("  - {name: due_later, expression: due >= date(sold_at)}\n", "", "rule_removed", "rules.due_later", False),
    ("What is paid has an amount.", "Pay!", "description_changed", "rules.paid_has_amount", False),
    (", [country, due]", "", "key_removed", "keys", False),
    (", [country, due]", ", [country, due], [paid, due]", "key_added", "keys", True),
    ('["-", NA]', '["-", NA, x]', "reading_changed", "null_markers", False),
    ('["-", NA]', '["-"]', "reading_changed", "null_markers", True),
    ('delimiter: ";"', 'delimiter: "|"', "reading_changed", "dialect.delimiter", True),
    ("max_rejected_rows: 100", "max_rejected_rows: 99", "limit_tightened", "limits.max_rejected_rows", True),
    ("max_rejected_ratio: 0.01", "max_rejected_ratio: null", "limit_loosened", "limits.max_rejected_ratio", False),
    ("new_column: ignore", "new_column: reject", "drift_changed", "drift.new_column", True),
    ("duplicates: load", "duplicates: reject", "loading_changed", "loading.duplicates", False),
    ("size: 0.25", "size: 0.5", "loading_changed", "loading.transforms", False),
]


@pytest.mark.parametrize(
    ("old", "new", "kind", "field", "breaks"), CHANGES, ids=[f"{one[3]} {one[2]}" for one in CHANGES]
)
def test_each_change_is_told(old: str, new: str, kind: str, field: str, breaks: bool) -> None:  # noqa: FBT001
    (change,) = diff(full(), read_contract(FULL.replace(old, new, 1)))
    assert (change.kind, change.field, change.breaks) == (kind, field, breaks)
    assert change.sentence


def test_a_contract_does_not_differ_from_itself() -> None:
    assert diff(full(), full()) == ()


def columned(*kinds: tuple[str, str], **parts: Any) -> Contract:
    return contract(*({"name": name, "type": kind} for name, kind in kinds), **parts)


def test_columns_come_go_and_move() -> None:
    old, new = columned(("a", "long"), ("b", "text")), columned(("b", "text"), ("c", "long"), ("a", "date"))
    assert [(one.kind, one.field, one.breaks) for one in diff(old, new)] == [
        ("type_changed", "columns.a.type", True),
        ("new_column", "columns.c", True),
        ("order_changed", "columns", False),
    ]
    assert [one.kind for one in diff(columned(("a", "text")), columned(("a", "long")))] == ["narrower_type"]


def drifted(contract: Contract, **file: Any) -> list[tuple[str, str, str, str]]:
    found = drift_of(contract, [FileColumn(name, kind) for name, kind in file.items()])
    return [(one.kind, one.column, one.decision, one.rule) for one in found]


def test_each_kind_of_drift_has_the_contracts_decision() -> None:
    one = columned(("a", "long"), ("b", "double"), ("c", "text"))
    assert drifted(one, a="double", b="long", new="text") == [
        ("wider_type", "a", "reject", "wider-type"),
        ("narrower_type", "b", "ignore", "narrower-type"),
        ("missing_column", "c", "reject", "missing-label"),
        ("new_column", "new", "evolve", "extra-label"),
    ]
    assert drifted(one, a="long", b="double", c="text") == []


def test_a_column_of_nulls_and_a_time_in_seconds_are_no_drift() -> None:
    assert drifted(columned(("a", "timestamp"), ("b", "long")), a="long", b=None) == []


def test_values_of_another_kind_are_beyond_the_type() -> None:
    assert drifted(columned(("a", "boolean")), a="date")[0][0] == "wider_type"


def test_a_missing_column_that_may_not_be_null_rejects_whatever_is_ignored() -> None:
    columns: list[dict[str, Any]] = [
        {"name": "a", "type": "long", "nullable": False},
        {"name": "b", "type": "long"},
    ]
    one = contract(*columns, drift={"missing_column": "ignore"})
    assert [(name, decision) for _, name, decision, _ in drifted(one)] == [("a", "reject"), ("b", "ignore")]


def test_a_column_to_ignore_does_not_drift() -> None:
    one = contract({"name": "a", "type": "long", "role": "ignore"}, {"name": "b", "type": "long"})
    assert drifted(one, a="text", b="long") == []
    assert drifted(one, b="long") == []


def test_every_decision_has_a_meaning() -> None:
    assert MEANINGS.keys() == Drift.model_fields.keys()
    assert all(one.keys() == {"evolve", "ignore", "reject"} for one in MEANINGS.values())


def test_wider_is_an_order() -> None:
    for a in COLUMN_TYPES:
        assert not is_wider(a, a)
        for b in COLUMN_TYPES:
            assert not (is_wider(a, b) and is_wider(b, a))
            assert all(is_wider(a, c) for c in COLUMN_TYPES if is_wider(a, b) and is_wider(b, c))


def test_an_inferred_contract_says_why_and_fits_its_file() -> None:
    columns = [
        InferredColumn("n", "text", 0, ("No number: record 7 has 'x'.",)),
        InferredColumn("d", "date", 3, (), "dmy"),
        InferredColumn("__time", "text"),
    ]
    time = InferredTime("at", "iso", "UTC", ("every value names its zone",))
    dialect = {"delimiter": ";", "encoding": None}
    one, comments = inferred_contract("d", columns, time, file="f.csv", rows=10, dialect=dialect)
    text = write_contract(one, comments)
    assert read_contract(text) == one
    assert text.startswith("# Inferred from f.csv: ")
    assert "  # The time of the rows.\n  # every value names its zone\n  - name: at\n    type: timestamp\n" in text
    assert "  # No number: record 7 has 'x'.\n  # No row is without it.\n  - name: \"n\"\n    type: text\n" in text
    assert "  # 3 of 10 rows have none.\n  - name: d\n    type: date\n    format: dmy\n" in text
    assert 'dialect: {delimiter: ";"}' in text
    file = [FileColumn("at", "timestamp"), FileColumn("n", "text"), FileColumn("d", "date")]
    assert drift_of(one, file) == ()


def test_a_contract_without_a_time_asks_for_one() -> None:
    one, comments = inferred_contract(
        "d", [InferredColumn("n", "long")], None, file="f", possible_times=["n as epoch_s"]
    )
    assert "give it `role: time`.\n# Possible: n as epoch_s\ncolumns:" in write_contract(one, comments)


@pytest.mark.parametrize(
    ("file", "name"), [("a/Sales 2026.csv.gz", "Sales_2026"), ("..", "datasource"), ("ä.csv", "datasource")]
)
def test_a_file_names_a_datasource(file: str, name: str) -> None:
    assert datasource_of(file) == name
