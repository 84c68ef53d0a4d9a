"""JSON Schema (draft 2020-12) of one row as an object, as NDJSON has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.contract.column_types import ColumnType
from shared.contract.model import Column, Contract

from .building import Builder, anywhere, mapping, refusal
from .losses import Loss, Losses, note_unsaid, note_unsaid_of_column

LANGUAGE = "JSON Schema"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
_TO: dict[ColumnType, dict[str, Any]] = {
    "text": {"type": "string"},
    "boolean": {"type": "boolean"},
    "long": {"type": "integer"},
    "double": {"type": "number"},
    "decimal": {"type": "number"},
    "date": {"type": "string", "format": "date"},
    "timestamp": {"type": "string", "format": "date-time"},
    "json": {},
}
_FROM: dict[str, ColumnType] = {
    "string": "text",
    "boolean": "boolean",
    "integer": "long",
    "number": "double",
    "array": "json",
    "object": "json",
}
_FORMATS: dict[str, ColumnType] = {"date": "date", "date-time": "timestamp"}
_WORDS = {"minimum": "min", "maximum": "max", "minLength": "min_length", "maxLength": "max_length"}
_ANNOTATIONS = ("title", "examples", "default", "$comment", "deprecated", "readOnly", "writeOnly")
_DEEPEST_REFERENCE = 10


def exported(contract: Contract) -> tuple[dict[str, Any], tuple[Loss, ...]]:
    """The schema, and what it does not say."""
    losses = Losses()
    note_unsaid(losses, contract, ("description",), LANGUAGE)
    schema: dict[str, Any] = {"$schema": DRAFT, "title": contract.datasource, "type": "object"}
    if contract.description:
        schema["description"] = contract.description
    schema["properties"] = {column.name: _property(column, losses) for column in contract.columns}
    schema["required"] = [column.name for column in contract.columns if not column.nullable]
    if contract.drift.new_column == "reject":
        schema["additionalProperties"] = False
    return schema, losses.listed()


def _property(column: Column, losses: Losses) -> dict[str, Any]:
    note_unsaid_of_column(losses, column, ("description",), LANGUAGE)
    if column.type == "decimal":
        losses.add(
            f"columns.{column.name}.type", f"{LANGUAGE} has one type of number: a decimal comes back as a double"
        )
    said = dict(_TO[column.type])
    if column.type == "json":
        if not column.nullable:
            said = {"not": {"type": "null"}}
    elif column.nullable:
        said["type"] = [said["type"], "null"]
    if column.description:
        said["description"] = column.description
    for check, value in column.checks.stated().items():
        if check in {"min", "max"} and column.type in {"date", "timestamp"}:
            losses.add(f"columns.{column.name}.checks.{check}", f"{LANGUAGE} has no range of times")
        elif check == "enum":
            said["enum"] = [*value, None] if column.nullable else list(value)
        elif check == "pattern":
            said["pattern"] = f"^(?:{value})$"
        else:
            said[next(word for word, ours in _WORDS.items() if ours == check)] = value
    return said


def imported(schema: Mapping[str, Any], datasource: str) -> tuple[Contract, tuple[Loss, ...]]:
    """The contract, and what it does not say. Raises `ContractError` where it is no schema of an object."""
    builder = Builder(LANGUAGE)
    row = _resolved(schema, schema)
    if row.get("type") == "array" and isinstance(row.get("items"), dict):
        row = _resolved(row["items"], schema)
    if not isinstance(row.get("properties"), dict):
        msg = "a JSON Schema of a row has properties, one for each column"
        raise refusal(msg, "properties")
    required = row.get("required", [])
    for name, said in row["properties"].items():
        _imported_property(str(name), said, schema, builder, is_required=name in required)
    if row.get("additionalProperties") is False:
        builder.set(drift={"new_column": "reject"})
    elif "additionalProperties" in row and row["additionalProperties"] is not True:
        builder.losses.add("additionalProperties", "a contract has nothing for it")
    builder.set(description=row.get("description"))
    known = (
        "$schema",
        "$id",
        "$defs",
        "definitions",
        "type",
        "properties",
        "required",
        "additionalProperties",
        "items",
    )
    builder.note_rest({**schema, **row}, (*known, *_ANNOTATIONS, "description", "$ref"))
    return builder.contract(datasource), builder.losses.listed()


def _imported_property(name: str, said: Any, root: Mapping[str, Any], builder: Builder, *, is_required: bool) -> None:
    place = f"columns.{name}"
    if isinstance(said, bool):
        said = {}
    said, may_be_null = _without_null(_resolved(mapping(said, place), root), root)
    kind = _kind(said, place, builder)
    checks: dict[str, Any] = {
        ours: (said[word], word) for word, ours in _WORDS.items() if word in said and kind not in {"date", "timestamp"}
    }
    if kind == "long":
        checks |= {
            ours: (said[word] + step, word)
            for word, ours, step in (("exclusiveMinimum", "min", 1), ("exclusiveMaximum", "max", -1))
            if isinstance(said.get(word), int) and not isinstance(said[word], bool)
        }
    values = said.get("enum", [said["const"]] if "const" in said else None)
    if values is not None:
        checks["enum"] = ([one for one in values if one is not None], "enum" if "enum" in said else "const")
    if isinstance(said.get("pattern"), str):
        checks["pattern"] = (anywhere(said["pattern"]), "pattern")
    words = {word for _, word in checks.values()}
    builder.note_rest(said, ("type", "format", "description", *_ANNOTATIONS, *words), place)
    builder.column(name, kind, checks, nullable=not is_required or may_be_null, description=said.get("description"))


def _kind(said: Mapping[str, Any], place: str, builder: Builder) -> ColumnType:
    types = said.get("type")
    if isinstance(types, list):
        if set(types) == {"integer", "number"}:
            return "double"
        if len(types) != 1:
            builder.losses.add(f"{place}.type", f"{' or '.join(map(str, types))} becomes json")
            return "json"
        types = types[0]
    if types is None:
        values = said.get("enum", [said["const"]] if "const" in said else [])
        return "text" if values and all(isinstance(one, str | None) for one in values) else "json"
    kind = _FROM.get(str(types), "json")
    if kind == "json" and said.keys() & {"properties", "items"}:
        builder.losses.add(f"{place}.{types}", "what is in it is not looked at")
    wanted = said.get("format")
    if kind == "text" and wanted in _FORMATS:
        return _FORMATS[wanted]
    if wanted is not None:
        builder.losses.add(f"{place}.format", f"{wanted} is not looked at")
    return kind


def _without_null(said: dict[str, Any], root: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """The schema without null, and whether a value may be null."""
    for word in ("anyOf", "oneOf"):
        choices = said.get(word)
        if isinstance(choices, list):
            rest = [one for one in choices if one != {"type": "null"}]
            if len(rest) == 1 and len(choices) > 1 and isinstance(rest[0], dict):
                others = {key: value for key, value in said.items() if key != word}
                return {**others, **_resolved(rest[0], root)}, True
    if said.get("not") == {"type": "null"}:
        return {key: value for key, value in said.items() if key != "not"}, False
    types = said.get("type")
    if isinstance(types, list) and "null" in types:
        rest = [one for one in types if one != "null"]
        return {**said, "type": rest[0] if len(rest) == 1 else rest}, True
    return said, types is None or types == "null"


def _resolved(said: Any, root: Mapping[str, Any]) -> dict[str, Any]:
    """The schema that a reference within the document means."""
    for _ in range(_DEEPEST_REFERENCE):
        found = mapping(said, "$ref")
        if "$ref" not in found:
            return found
        said, reference = dict(root), str(found["$ref"])
        for step in reference.removeprefix("#").strip("/").split("/"):
            if not reference.startswith("#") or not isinstance(said, dict) or (step and step not in said):
                msg = f"{reference[:80]!r} is nothing in this document"
                raise refusal(msg, "$ref")
            said = said[step] if step else said
    msg = f"references lead on for more than {_DEEPEST_REFERENCE} steps"
    raise refusal(msg, "$ref")
