"""The columns of an Avro schema: for each field how its values become an Arrow column."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa

from services.validator.engine.block import DeclaredType

from .arrow_text import declared_type

Schema = Any  # a schema is JSON: text, a list or an object

_KINDS: dict[str, pa.DataType] = {
    "null": pa.null(),
    "boolean": pa.bool_(),
    "int": pa.int64(),
    "long": pa.int64(),
    "float": pa.float64(),
    "double": pa.float64(),
    "string": pa.large_string(),
    "enum": pa.large_string(),
    "bytes": pa.large_binary(),
    "fixed": pa.large_binary(),
}
_LOGICAL: dict[str, tuple[pa.DataType, tuple[str, ...]]] = {
    "date": (pa.date32(), ("int",)),
    "time-millis": (pa.time32("ms"), ("int",)),
    "time-micros": (pa.time64("us"), ("long",)),
    **{
        f"timestamp-{name}s": (pa.timestamp(unit, "UTC"), ("long",))
        for name, unit in (("milli", "ms"), ("micro", "us"), ("nano", "ns"))
    },
    **{
        f"local-timestamp-{name}s": (pa.timestamp(unit), ("long",))
        for name, unit in (("milli", "ms"), ("micro", "us"), ("nano", "ns"))
    },
}
_DECIMAL = "decimal"


@dataclass(frozen=True, slots=True)
class Field:
    """A column. `kind` is None where values are turned into text one by one; `scale` is that of a decimal."""

    name: str
    kind: pa.DataType | None
    declares: DeclaredType | None
    scale: int | None = None

    def column(self, values: Sequence[object]) -> pa.Array:
        """The values of some records as an Arrow column."""
        if self.scale is not None:
            digits = [None if value is None else _decimal_text(value, self.scale) for value in values]
            return pa.array(digits, pa.large_string())
        if self.kind is None:
            return pa.array([_text(value) for value in values], pa.large_string())
        return pa.array(values, self.kind)


def fields_of(schema: Schema) -> list[Field] | None:
    """The columns of a record schema, None when the schema is no record. Logical types are taken off its fields."""
    if not isinstance(schema, dict) or schema.get("type") not in ("record", "error"):
        return None
    return [_field(field) for field in schema["fields"]]


def _field(field: dict[str, Any]) -> Field:
    branches = field["type"] if isinstance(field["type"], list) else [field["type"]]
    real = [branch for branch in branches if branch != "null"]
    if len(real) == 1:
        return _single(field["name"], real[0])
    names = {branch if isinstance(branch, str) else branch.get("type") for branch in real}
    only_scalars = names <= {"boolean", "int", "long", "float", "double"}
    return Field(field["name"], None, None if only_scalars else "text")


def _single(name: str, branch: Schema) -> Field:
    if isinstance(branch, str):
        kind = _KINDS.get(branch)
        return Field(name, kind, declared_type(kind) if kind is not None else "text")
    base, logical = branch.get("type"), branch.get("logicalType")
    if logical == _DECIMAL and base in ("bytes", "fixed"):
        del branch["logicalType"]
        return Field(name, None, "decimal", scale=int(branch.get("scale", 0)))
    if logical in _LOGICAL and base in _LOGICAL[logical][1]:
        del branch["logicalType"]
        kind = _LOGICAL[logical][0]
        return Field(name, kind, declared_type(kind))
    if logical == "uuid":
        return Field(name, None, "text")
    kind = _KINDS.get(base) if isinstance(base, str) else None
    return Field(name, kind, declared_type(kind) if kind is not None else "text")


def _decimal_text(value: object, scale: int) -> str:
    if not isinstance(value, bytes):
        return str(value)
    return f"{Decimal(int.from_bytes(value, 'big', signed=True)).scaleb(-scale):f}"


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_leaf)
    return str(value)


def _leaf(value: object) -> object:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
