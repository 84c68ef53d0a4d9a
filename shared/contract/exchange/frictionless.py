"""Frictionless Table Schema, version 2 (datapackage.org/standard/table-schema)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from shared.contract.column_types import ColumnType
from shared.contract.model import Column, Contract

from .building import Builder, mapping, number, refusal
from .losses import Loss, Losses, note_unsaid, note_unsaid_of_column

LANGUAGE = "Table Schema"
PROFILE = "https://datapackage.org/profiles/2.0/tableschema.json"
_TO: dict[ColumnType, str] = {
    "text": "string",
    "boolean": "boolean",
    "long": "integer",
    "double": "number",
    "decimal": "number",
    "date": "date",
    "timestamp": "datetime",
    "json": "object",
}
# The type, and whether something of the other's meaning is lost.
_FROM: dict[str, tuple[ColumnType, bool]] = {
    "string": ("text", False),
    "boolean": ("boolean", False),
    "integer": ("long", False),
    "number": ("double", False),
    "date": ("date", False),
    "datetime": ("timestamp", False),
    "object": ("json", False),
    "array": ("json", True),
    "geojson": ("json", True),
    "year": ("long", True),
    "any": ("text", True),
    "time": ("text", True),
    "yearmonth": ("text", True),
    "duration": ("text", True),
    "geopoint": ("text", True),
    "list": ("text", True),
}
_CONSTRAINTS = {
    "minimum": "min",
    "maximum": "max",
    "pattern": "pattern",
    "enum": "enum",
    "minLength": "min_length",
    "maxLength": "max_length",
}
_NUMBERS = frozenset({"long", "double", "decimal"})


def exported(contract: Contract) -> tuple[dict[str, Any], tuple[Loss, ...]]:
    """The schema, and what it does not say."""
    losses = Losses()
    note_unsaid(losses, contract, ("description", "keys", "null_markers"), LANGUAGE)
    schema: dict[str, Any] = {"$schema": PROFILE, "name": contract.datasource}
    if contract.description:
        schema["description"] = contract.description
    schema["fields"] = [_field(column, losses) for column in contract.columns]
    if contract.null_markers is not None:
        schema["missingValues"] = ["", *(one for one in contract.null_markers if one)]
        if contract.null_markers and any(column.type == "text" for column in contract.columns):
            losses.add("null_markers", f"in {LANGUAGE} they hold for text, too, where a contract keeps them")
    if contract.keys:
        schema["uniqueKeys"] = [list(key) for key in contract.keys]
    return schema, losses.listed()


def _field(column: Column, losses: Losses) -> dict[str, Any]:
    note_unsaid_of_column(losses, column, ("unique", "description"), LANGUAGE)
    if column.type == "decimal":
        losses.add(
            f"columns.{column.name}.type", f"{LANGUAGE} has one type of number: a decimal comes back as a double"
        )
    constraints: dict[str, Any] = {} if column.nullable else {"required": True}
    if column.unique:
        constraints["unique"] = True
    stated = column.checks.stated()
    for theirs, ours in _CONSTRAINTS.items():
        if ours in stated:
            constraints[theirs] = _plain(stated[ours])
    field: dict[str, Any] = {"name": column.name, "type": _TO[column.type]}
    if column.format is not None:
        field["format"] = "any"
    if column.description:
        field["description"] = column.description
    return {**field, "constraints": constraints} if constraints else field


def _plain(value: Any) -> Any:
    """As JSON: a number with a point as text, which Table Schema allows and which keeps its digits."""
    if isinstance(value, tuple):
        mixed = any(isinstance(one, Decimal) for one in value)
        return [str(one) if mixed else one for one in value]
    return str(value) if isinstance(value, Decimal) else value


def imported(schema: Mapping[str, Any], datasource: str) -> tuple[Contract, tuple[Loss, ...]]:
    """The contract, and what it does not say. Raises `ContractError` where it is no Table Schema."""
    fields = schema.get("fields")
    if not isinstance(fields, list):
        msg = "a Table Schema has a list of fields"
        raise refusal(msg, "fields")
    builder = Builder(LANGUAGE)
    dialects = [_imported_field(mapping(field, f"fields[{place}]"), builder) for place, field in enumerate(fields)]
    _imported_dialect(dialects, builder)
    _imported_missing(schema.get("missingValues"), builder)
    if primary := schema.get("primaryKey"):
        names = [primary] if isinstance(primary, str) else list(primary)
        builder.key(names, "primaryKey")
        builder.needed(names)
    for place, key in enumerate(schema.get("uniqueKeys") or []):
        builder.key(key, f"uniqueKeys[{place}]")
    builder.set(description=schema.get("description"))
    known = ("$schema", "profile", "name", "description", "fields", "missingValues", "primaryKey", "uniqueKeys")
    builder.note_rest(schema, known)
    return builder.contract(datasource), builder.losses.listed()


def _imported_field(field: Mapping[str, Any], builder: Builder) -> tuple[str | None, str | None]:
    """Add a field; how its numbers are written."""
    name, theirs = field.get("name"), str(field.get("type", "string"))
    place = f"columns.{name}"
    kind, is_less = _FROM.get(theirs, ("text", True))
    if is_less:
        builder.losses.add(f"{place}.type", f"{theirs} becomes {kind}")
    if field.get("format", "default") not in {"default", "any"}:
        builder.losses.add(f"{place}.format", f"{field['format']} has no name in a contract: the format is found")
    constraints = mapping(field.get("constraints", {}), f"{place}.constraints")
    checks = {
        ours: (_value(constraints[word], kind), f"constraints.{word}")
        for word, ours in _CONSTRAINTS.items()
        if word in constraints
    }
    known = (*_CONSTRAINTS, "required", "unique")
    builder.note_rest(constraints, known, f"{place}.constraints")
    facts = {"nullable": not constraints.get("required", False), "unique": constraints.get("unique", False)}
    builder.column(name, kind, checks, **facts, description=field.get("description") or field.get("title"))
    known = (
        "name",
        "type",
        "format",
        "constraints",
        "description",
        "title",
        "decimalChar",
        "groupChar",
        "rdfType",
        "example",
    )
    builder.note_rest(field, known, place)
    return field.get("decimalChar"), field.get("groupChar")


def _value(value: Any, kind: ColumnType) -> Any:
    if isinstance(value, list):
        return [_value(one, kind) for one in value]
    return number(value) if kind in _NUMBERS else value


def _imported_dialect(dialects: list[tuple[str | None, str | None]], builder: Builder) -> None:
    """Marks of numbers: a contract has them for the whole file."""
    stated = {pair for pair in dialects if pair != (None, None)}
    if len(stated) > 1:
        builder.losses.add("fields.decimalChar", "differs between fields: a contract has one for the whole file")
    elif stated:
        ((decimal, group),) = stated
        builder.set(dialect={"decimal_mark": decimal, "thousands": group})


def _imported_missing(values: Any, builder: Builder) -> None:
    if values is None:
        return
    markers = [one.get("value") if isinstance(one, dict) else one for one in values]
    builder.set(null_markers=[one for one in markers if one])
    if any(markers):
        builder.losses.add("missingValues", "in text only the empty text is null")
