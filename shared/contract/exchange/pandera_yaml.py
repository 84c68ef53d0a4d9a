"""Pandera's own YAML (`DataFrameSchema.to_yaml`, pandera 0.35), written for Polars and read of any frame library.

Pandera writes checks as a list with `options.check_name`, as a mapping by name, or as fields of the column: all are
read. Its `from_yaml` turns the bounds of times into naive ones, so those are not written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from shared.contract.column_types import ColumnType
from shared.contract.model import Column, Contract

from .building import ANY_TEXT, Builder, anywhere, mapping, refusal
from .losses import Loss, Losses, note_unsaid, note_unsaid_of_column
from .pandera_types import TypeFound, dtype_name, type_of

LANGUAGE = "Pandera YAML"
_COLUMN_FIELDS = frozenset({"dtype", "nullable", "unique", "description", "title", "name", "checks", "coerce"})
_DEFAULTS = {"required": True, "regex": False, "default": None, "report_duplicates": "all", "drop_invalid_rows": False}
_SCHEMA_FIELDS = frozenset({"schema_type", "version", "api", "dataframe_library", "columns", "name", "title"})
_SCHEMA_DEFAULTS = {
    "checks": None,
    "index": None,
    "multiindex": None,
    "dtype": None,
    "ordered": False,
    "report_duplicates": "all",
    "unique_column_names": False,
    "add_missing_columns": False,
    "drop_invalid_rows": False,
}
_OPTIONS = {"ignore_na": True, "raise_warning": False, "check_name": None, "n_failure_cases": None, "error": None}


def exported(contract: Contract) -> tuple[dict[str, Any], tuple[Loss, ...]]:
    """The schema as plain values, and what it does not say."""
    losses = Losses()
    note_unsaid(losses, contract, ("description", "keys"), LANGUAGE)
    schema: dict[str, Any] = {
        "schema_type": "polars_dataframe",
        "api": "polars",
        "columns": {column.name: _column(column, losses) for column in contract.columns},
        "strict": contract.drift.new_column == "reject",
        "name": contract.datasource,
        "description": contract.description,
    }
    if contract.keys:
        schema["unique"] = [list(key) for key in contract.keys]
        losses.add("keys", f"{LANGUAGE} compares nulls, too, and counts the first row of a key among the bad")
    return schema, losses.listed()


def _column(column: Column, losses: Losses) -> dict[str, Any]:
    place = f"columns.{column.name}"
    note_unsaid_of_column(losses, column, ("unique", "description", "scale"), LANGUAGE)
    if column.type == "json":
        losses.add(f"{place}.type", f"{LANGUAGE} has text for it")
    if column.unique:
        losses.add(
            f"{place}.unique", f"{LANGUAGE} compares nulls, too, and counts the first row of a value among the bad"
        )
    return {
        "dtype": dtype_name(column),
        "nullable": column.nullable,
        "unique": column.unique,
        "description": column.description,
        "checks": list(_checks(column, losses)) or None,
    }


def _checks(column: Column, losses: Losses) -> Iterator[dict[str, Any]]:
    stated = column.checks.stated()
    for name in ("min", "max", "enum"):
        if name in stated and column.type == "timestamp":
            losses.add(f"columns.{column.name}.checks.{name}", f"{LANGUAGE} reads times without their zone")
            del stated[name]
        elif name in stated and column.type == "decimal":
            losses.add(f"columns.{column.name}.checks.{name}", f"{LANGUAGE} has it as a double")
    for name, check in (("min", "greater_than_or_equal_to"), ("max", "less_than_or_equal_to")):
        if name in stated:
            yield _check(check, value=_plain(column.value_of(stated[name])))
    if "enum" in stated:
        yield _check("isin", value=[_plain(column.value_of(one)) for one in stated["enum"]])
    if "pattern" in stated and _is_python(stated["pattern"]):
        yield _check("str_contains", value=f"^(?:{stated['pattern']})$")
    elif "pattern" in stated:
        losses.add(
            f"columns.{column.name}.checks.pattern", "Pandera has Python compile it, in whose dialect it is none"
        )
    lengths = {"min_value": stated.get("min_length"), "max_value": stated.get("max_length")}
    if lengths != {"min_value": None, "max_value": None}:
        yield _check("str_length", **lengths)


def _is_python(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def _check(name: str, **values: Any) -> dict[str, Any]:
    return {**values, "options": {"check_name": name}}


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def imported(schema: Mapping[str, Any], datasource: str) -> tuple[Contract, tuple[Loss, ...]]:
    """The contract, and what it does not say. Raises `ContractError` where it is no schema of Pandera."""
    if not isinstance(schema.get("columns"), dict):
        msg = "Pandera's YAML has columns, by their names"
        raise refusal(msg, "columns")
    builder = Builder(LANGUAGE)
    for name, said in schema["columns"].items():
        _imported_column(name, mapping(said or {}, f"columns.{name}"), builder)
    for place, check in enumerate(_listed(schema.get("checks"))):
        builder.losses.add(f"checks[{place}]", f"{_name(check)} of whole frames has no place in a contract")
    unique = schema.get("unique") or []
    for key in [unique] if unique and all(isinstance(one, str) for one in unique) else unique:
        builder.key(key, "unique")
    if strict := schema.get("strict"):
        builder.set(drift={"new_column": "ignore" if strict == "filter" else "reject"})
    builder.set(description=schema.get("description"))
    left = {name: value for name, value in schema.items() if not _is_default(name, value, _SCHEMA_DEFAULTS)}
    builder.note_rest(left, {*_SCHEMA_FIELDS, "checks", "unique", "strict", "description", "coerce"})
    return builder.contract(datasource), builder.losses.listed()


def _imported_column(name: str, said: dict[str, Any], builder: Builder) -> None:
    place = f"columns.{name}"
    if said.get("regex"):
        builder.losses.add(place, "is left out: its name is a pattern, and a contract names every column")
        return
    found = type_of(said.get("dtype"))
    if found.is_less:
        builder.losses.add(f"{place}.dtype", f"{said.get('dtype')} becomes {found.kind}")
    flat = [key for key in said if key in _READERS]
    checks: dict[str, tuple[Any, str]] = {}
    for check in (*_listed(said.get("checks")), *_listed({key: said[key] for key in flat})):
        _imported_check(check, found, checks, place, builder)
    left = {key: value for key, value in said.items() if not _is_default(key, value, _DEFAULTS)}
    builder.note_rest(left, {*_COLUMN_FIELDS, *flat}, place)
    facts: dict[str, Any] = {"scale": found.scale} if found.scale is not None else {}
    facts |= {"nullable": bool(said.get("nullable", False)), "unique": bool(said.get("unique", False))}
    builder.column(name, found.kind, checks, **facts, description=said.get("description") or said.get("title"))


def _is_default(name: str, value: Any, defaults: Mapping[str, Any]) -> bool:
    return name in defaults and value in (defaults[name], None)


def _listed(checks: Any) -> list[dict[str, Any]]:
    """Checks in the form of a list, whichever they are written in."""
    if isinstance(checks, dict):
        given = {name: value if isinstance(value, dict) else {"value": value} for name, value in checks.items()}
        checks = [
            {
                **{key: one for key, one in value.items() if key not in {*_OPTIONS, "options"}},
                "options": {
                    **{key: one for key, one in value.items() if key in _OPTIONS},
                    **mapping(value.get("options", {}), "options"),
                    "check_name": name,
                },
            }
            for name, value in given.items()
        ]
    return [mapping(check, "checks") for check in checks or []]


def _name(check: Mapping[str, Any]) -> str:
    return str(mapping(check.get("options", {}), "checks.options").get("check_name"))


def _imported_check(
    check: dict[str, Any], found: TypeFound, checks: dict[str, tuple[Any, str]], place: str, builder: Builder
) -> None:
    name, options = _name(check), check.get("options", {})
    field = f"checks.{name}"
    if options.get("raise_warning"):
        builder.losses.add(f"{place}.{field}", "is left out: a contract rejects, and does not warn")
        return
    values = {key: value for key, value in check.items() if key != "options"}
    given = next(iter(values.values()), None) if len(values) == 1 else None
    read = _READERS[name](given, values, found.kind) if name in _READERS else {}
    if not read:
        builder.losses.add(f"{place}.{field}", "is left out: a contract has no such check")
    for ours, value in read.items():
        if ours in checks:
            builder.losses.add(f"{place}.{field}", f"is left out: {ours} is said before")
        else:
            checks[ours] = (value, field)


Read = Callable[[Any, dict[str, Any], ColumnType], dict[str, Any]]


def _range(_: Any, values: dict[str, Any], kind: ColumnType) -> dict[str, Any]:
    low, high = values.get("min_value"), values.get("max_value")
    if not (values.get("include_min", True) and values.get("include_max", True)):
        if kind != "long":
            return {}
        low = None if low is None else low + (not values.get("include_min", True))
        high = None if high is None else high - (not values.get("include_max", True))
    return {"min": low, "max": high}


def _length(given: Any, values: dict[str, Any], _: ColumnType) -> dict[str, Any]:
    exact = values.get("exact_value")
    low, high = (exact, exact) if exact is not None else (values.get("min_value"), values.get("max_value"))
    if "value" in values:
        low = high = given
    return {name: one for name, one in (("min_length", low), ("max_length", high)) if one is not None}


def _starts(given: Any, *_: Any) -> dict[str, Any]:
    """`str_matches` looks at the beginning of the text only, unless the pattern says more."""
    text = str(given).removeprefix("^")
    ends = text.endswith("$") and not text.endswith("\\$") and "|" not in text
    return {"pattern": text[:-1] if ends else f"(?:{text}){ANY_TEXT}"}


_READERS: dict[str, Read] = {
    "greater_than_or_equal_to": lambda given, *_: {"min": given},
    "ge": lambda given, *_: {"min": given},
    "less_than_or_equal_to": lambda given, *_: {"max": given},
    "le": lambda given, *_: {"max": given},
    "greater_than": lambda given, _, kind: {"min": given + 1} if kind == "long" and isinstance(given, int) else {},
    "less_than": lambda given, _, kind: {"max": given - 1} if kind == "long" and isinstance(given, int) else {},
    "in_range": _range,
    "isin": lambda given, *_: {"enum": given},
    "equal_to": lambda given, *_: {"enum": [given]},
    "str_length": _length,
    "str_matches": _starts,
    "str_contains": lambda given, *_: {"pattern": anywhere(str(given))},
    "str_startswith": lambda given, *_: {"pattern": re.escape(str(given)) + ANY_TEXT},
    "str_endswith": lambda given, *_: {"pattern": ANY_TEXT + re.escape(str(given))},
}
