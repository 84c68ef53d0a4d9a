"""Contracts of other languages; what is exported is held against the languages' own schemas and readers."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pandera.errors
import pandera.polars as pa
import polars as pl
import pytest
import yaml
from hypothesis import given, settings

from shared.contract import Contract, ContractError, frames
from shared.contract.exchange import LANGUAGES, Language, export_text, import_text
from shared.contract.exchange.building import anywhere, unwrapped
from tests.unit.contract.contracts import contract, contracts, full

PROFILE = json.loads((Path(__file__).parents[2] / "contracts/tableschema/2.0.json").read_text())


def exported(one: Contract, language: Language) -> tuple[Any, list[str]]:
    text, losses = export_text(one, language)
    return yaml.safe_load(text), [loss.field for loss in losses]


def imported(tree: Any, language: Language | None = None) -> tuple[Contract, list[str]]:
    one, losses = import_text(json.dumps(tree, default=str).encode(), language, None, fallback="d")
    return one, [loss.field for loss in losses]


# What each language says nothing of, of the full example.
LOST = {
    "frictionless": {
        "rules.paid_has_amount", "rules.due_later", "dialect", "limits", "drift", "loading", "null_markers",
        "columns.sold_at.role", "columns.sold_at.format", "columns.sold_at.zone", "columns.amount.role",
        "columns.amount.scale", "columns.amount.type", "columns.note.role",
    },
    "json-schema": {
        "rules.paid_has_amount", "rules.due_later", "dialect", "limits", "drift", "loading", "null_markers", "keys",
        "columns.sold_at.role", "columns.sold_at.format", "columns.sold_at.zone", "columns.sold_at.checks.min",
        "columns.sold_at.checks.max", "columns.amount.role", "columns.amount.scale", "columns.amount.type",
        "columns.receipt.unique", "columns.due.checks.min", "columns.note.role",
    },
    "pandera": {
        "rules.paid_has_amount", "rules.due_later", "dialect", "limits", "drift", "loading", "null_markers", "keys",
        "columns.sold_at.role", "columns.sold_at.format", "columns.sold_at.zone", "columns.sold_at.checks.min",
        "columns.sold_at.checks.max", "columns.amount.role", "columns.amount.checks.min", "columns.receipt.unique",
        "columns.basket.type", "columns.note.role",
    },
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_lost_is_listed_and_nothing_else(language: Language) -> None:
    _, lost = exported(full(), language)
    assert set(lost) == LOST[language]
    assert len(lost) == len(set(lost))


def kept(one: Contract, lost: set[str]) -> dict[str, Any]:
    """The contract as plain values, without what was lost."""
    tree = one.model_dump(exclude_defaults=True)
    for name in [*tree]:
        if name in lost or any(field.startswith(f"{name}.") for field in lost if name == "rules"):
            del tree[name]
    for column in tree["columns"]:
        place = f"columns.{column['name']}"
        for fact in [*column]:
            if f"{place}.{fact}" in lost and fact != "type":
                del column[fact]
        if f"{place}.type" in lost:
            column["type"] = {"decimal": "double", "json": "text"}[column["type"]]
        checks = column.get("checks", {})
        for check in [*checks]:
            if f"{place}.checks.{check}" in lost and column["type"] != "decimal":
                del checks[check]
        if not checks:
            column.pop("checks", None)
    return tree


def compared(tree: dict[str, Any]) -> dict[str, Any]:
    """Numbers by their value: 0.1 may be a decimal here and a double there."""
    return json.loads(json.dumps(tree, default=float, sort_keys=True))  # type: ignore[no-any-return]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_lost_comes_back(language: Language) -> None:
    text, losses = export_text(full(), language)
    back, _ = import_text(text.encode(), None, None)
    lost = {loss.field for loss in losses} - ({"keys", "columns.receipt.unique"} if language == "pandera" else set())
    lost -= {"null_markers"} if language == "frictionless" else set()
    if language == "json-schema":
        lost |= {"keys"}
    assert compared(kept(back, set())) == compared(kept(full(), lost))


@settings(max_examples=25, deadline=None)
@given(contracts())
def test_any_contract_comes_back_but_for_what_is_lost(one: Contract) -> None:
    for language in LANGUAGES:
        text, losses = export_text(one, language)
        back, _ = import_text(text.encode(), language, None)
        said_differently = {"keys", *(f"columns.{name}.unique" for name in "abc")} if language == "pandera" else set()
        lost = {loss.field for loss in losses} - said_differently
        assert compared(kept(back, set())) == compared(kept(one, lost)), language


@settings(max_examples=25)
@given(contracts())
def test_a_table_schema_is_one_by_its_profile(one: Contract) -> None:
    jsonschema.Draft7Validator(PROFILE).validate(json.loads(export_text(one, "frictionless")[0]))


def test_the_profile_refuses_what_is_no_table_schema() -> None:
    schema = json.loads(export_text(full(), "frictionless")[0])
    schema["fields"][0]["type"] = "timestamp"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(PROFILE).validate(schema)


def test_a_json_schema_judges_rows_as_the_contract_does() -> None:
    schema = json.loads(export_text(full(), "json-schema")[0])
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    good = {"sold_at": "2026-01-01T00:00:00Z", "country": "NO", "amount": 0.1, "receipt": 1, "paid": None}
    assert validator.is_valid(good)
    for bad in (
        {"country": "NOR"},
        {"country": "DE"},
        {"amount": 0.09},
        {"receipt": None},
        {"receipt": 0},
        {"paid": 1},
    ):
        assert not validator.is_valid({**good, **bad}), bad


@pytest.fixture
def pandas_for_pandera(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pandera's reader imports pandas, for the bounds of datetimes, which are not written: an empty module will do."""
    monkeypatch.setitem(sys.modules, "pandas", ModuleType("pandas"))


@pytest.mark.usefixtures("pandas_for_pandera")
def test_panderas_own_reader_reads_the_export() -> None:
    one = contract(
        {"name": "n", "type": "long", "nullable": False, "unique": True, "checks": {"min": 1, "max": 3}},
        {"name": "t", "type": "text", "checks": {"pattern": "[ab]+", "max_length": 2, "enum": ["a", "ab", "no"]}},
        {"name": "d", "type": "date", "checks": {"min": "2026-01-01"}},
        {"name": "m", "type": "decimal", "scale": 2},
        {"name": "at", "type": "timestamp"},
        keys=[["t", "d"]],
    )
    schema = pa.DataFrameSchema.from_yaml(export_text(one, "pandera")[0])
    columns = {column.name: frames.dtype_of(column.type, column.scale) for column in one.columns}
    good = {"n": [1, 2], "t": ["a", "ab"], "d": [date(2026, 1, 1), None], "m": [None, None], "at": [None, None]}
    assert schema.validate(pl.DataFrame(good, columns), lazy=True).height == 2
    bad = {**good, "n": [0, 0], "t": ["b", "abc"], "d": [date(2025, 1, 1), None]}
    with pytest.raises(pandera.errors.SchemaErrors) as raised:
        schema.validate(pl.DataFrame(bad, columns), lazy=True)
    failed = {(row["column"], row["check"].split("(")[0]) for row in raised.value.failure_cases.to_dicts()}
    assert failed == {
        ("n", "greater_than_or_equal_to"),
        ("n", "field_uniqueness"),
        ("t", "isin"),
        ("t", "str_length"),
        ("t", "str_contains"),
        ("d", "greater_than_or_equal_to"),
    }


def test_a_table_schema_is_imported_with_its_losses() -> None:
    schema = {
        "name": "stations",
        "missingValues": ["", "NA"],
        "primaryKey": ["id"],
        "uniqueKeys": [["id", "when"], ["nowhere"]],
        "foreignKeys": [{}],
        "fields": [
            {"name": "id", "type": "string", "format": "uuid", "constraints": {"pattern": "(?=a)b"}},
            {"name": "when", "type": "date", "format": "%d/%m/%Y", "constraints": {"required": True}},
            {
                "name": "n",
                "type": "number",
                "decimalChar": ",",
                "constraints": {"minimum": "0.5", "exclusiveMaximum": 3},
            },
            {"name": "t", "type": "time"},
            {"name": "b", "type": "boolean", "trueValues": ["yes"]},
            {"name": "n", "type": "string"},
        ],
    }
    one, lost = imported(schema)
    assert one.datasource == "stations"
    assert [(column.name, column.type, column.nullable, column.unique) for column in one.columns] == [
        ("id", "text", False, True),
        ("when", "date", False, False),
        ("n", "double", True, False),
        ("t", "text", True, False),
        ("b", "boolean", True, False),
    ]
    assert (one.dialect.decimal_mark, one.null_markers, one.keys) == (",", ("NA",), (("id", "when"),))
    assert str(one.columns[2].checks.min) == "0.5"
    assert set(lost) == {
        "columns.id.format",
        "columns.id.constraints.pattern",
        "columns.when.format",
        "columns.n.constraints.exclusiveMaximum",
        "columns.t.type",
        "columns.b.trueValues",
        "columns.n",
        "missingValues",
        "uniqueKeys[1]",
        "foreignKeys",
    }


def test_a_json_schema_is_imported_with_its_losses() -> None:
    schema = {
        "title": "orders",
        "$defs": {"money": {"type": "number", "minimum": 0}},
        "type": "object",
        "required": ["id", "money"],
        "additionalProperties": False,
        "minProperties": 1,
        "properties": {
            "id": {"type": "integer", "exclusiveMinimum": 0},
            "money": {"$ref": "#/$defs/money"},
            "maybe": {"anyOf": [{"type": "string", "pattern": "^a"}, {"type": "null"}]},
            "state": {"enum": ["open", "done", None]},
            "on": {"type": ["string", "null"], "format": "date"},
            "mail": {"type": "string", "format": "email"},
            "many": {"type": ["string", "integer"]},
            "lines": {"type": "array", "items": {"type": "object"}},
            "x": {"type": "number", "multipleOf": 2, "exclusiveMaximum": 2},
            "any": True,
        },
    }
    one, lost = imported(schema)
    assert {column.name: (column.type, column.nullable) for column in one.columns} == {
        "id": ("long", False),
        "money": ("double", False),
        "maybe": ("text", True),
        "state": ("text", True),
        "on": ("date", True),
        "mail": ("text", True),
        "many": ("json", True),
        "lines": ("json", True),
        "x": ("double", True),
        "any": ("json", True),
    }
    checks = {column.name: column.checks.stated() for column in one.columns if column.checks.stated()}
    assert checks["id"] == {"min": 1}
    assert checks["maybe"] == {"pattern": "(?:a)(?s:.*)"}
    assert checks["state"] == {"enum": ("open", "done")}
    assert (one.datasource, one.drift.new_column) == ("orders", "reject")
    assert set(lost) == {
        "minProperties",
        "columns.mail.format",
        "columns.many.type",
        "columns.lines.array",
        "columns.lines.items",
        "columns.x.multipleOf",
        "columns.x.exclusiveMaximum",
    }


PANDERA = """
schema_type: dataframe
version: 0.35.0
columns:
  a:
    dtype: int64
    greater_than: 0
    in_range: {min_value: 1, max_value: 5, include_max: false}
  b:
    dtype: object
    nullable: true
    required: false
    checks:
      str_startswith: "x.y"
      str_length: {min_value: 1, max_value: null}
  c:
    dtype: datetime64[ns]
    nullable: true
    checks:
    - value: 2020-01-01 00:00:00
      options: {check_name: greater_than_or_equal_to, raise_warning: true}
    - options: {check_name: my_own}
  d:
    dtype: Decimal(precision=38, scale=3)
    default: 1
  "^e.*": {dtype: float64, regex: true}
  f: {dtype: category, isin: [p, q]}
checks:
- options: {check_name: wide}
index:
- {dtype: int64}
strict: filter
unique: [a, b]
ordered: true
"""


def test_pandera_yaml_of_pandas_is_imported_with_its_losses() -> None:
    one, losses = import_text(PANDERA.encode(), None, "d")
    assert [(column.name, column.type, column.nullable, column.scale) for column in one.columns] == [
        ("a", "long", False, None),
        ("b", "text", True, None),
        ("c", "timestamp", True, None),
        ("d", "decimal", False, 3),
        ("f", "text", False, None),
    ]
    assert one.columns[0].checks.stated() == {"min": 1, "max": 4}
    assert one.columns[1].checks.stated() == {"pattern": r"x\.y(?s:.*)", "min_length": 1}
    assert one.columns[4].checks.stated() == {"enum": ("p", "q")}
    assert (one.keys, one.drift.new_column) == ((("a", "b"),), "ignore")
    assert {loss.field for loss in losses} == {
        "columns.a.checks.in_range",
        "columns.b.dtype",
        "columns.b.required",
        "columns.c.checks.greater_than_or_equal_to",
        "columns.c.checks.my_own",
        "columns.d.default",
        "columns.^e.*",
        "columns.f.dtype",
        "checks[0]",
        "index",
        "ordered",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1", "the language is not clear: say one of frictionless, json-schema, pandera"),
        ("[1]", "the text must be a mapping of names to values"),
        ('{"fields": [', "line 2, column 1: this is no YAML"),
        ('{"fields": [3]}', "fields[0]: must be a mapping of names to values"),
        ('{"fields": []}', "the Table Schema says no column that a contract can have"),
        ('{"properties": {}}', "the JSON Schema says no column that a contract can have"),
        ('{"$ref": "#/x"}', "$ref: '#/x' is nothing in this document"),
        ('{"$ref": "#"}', "$ref: references lead on for more than 10 steps"),
        ('{"columns": {"a": {"checks": [1]}}}', "checks: must be a mapping of names to values"),
    ],
)
def test_what_cannot_be_imported_is_a_clear_error(text: str, expected: str) -> None:
    with pytest.raises(ContractError) as raised:
        import_text(text.encode(), None, "d")
    assert str(raised.value).startswith(expected)


@pytest.mark.parametrize(
    ("pattern", "whole"),
    [
        ("^a$", "a"),
        ("^(?:a|b)$", "a|b"),
        ("^(?:a)|(?:b)$", "(?s:.*)(?:^(?:a)|(?:b)$)(?s:.*)"),
        ("a", "(?s:.*)(?:a)(?s:.*)"),
        ("^a", "(?:a)(?s:.*)"),
        (r"a\$", r"(?s:.*)(?:a\$)(?s:.*)"),
    ],
)
def test_a_pattern_that_is_looked_for_becomes_one_for_the_whole_text(pattern: str, whole: str) -> None:
    assert anywhere(pattern) == whole


@pytest.mark.parametrize(
    ("pattern", "inner"), [("(?:[)(]+)", "[)(]+"), (r"(?:\()", r"\("), ("(?:a)(?:b)", "(?:a)(?:b)")]
)
def test_parentheses_are_taken_off_only_where_they_belong_together(pattern: str, inner: str) -> None:
    assert unwrapped(pattern) == inner
