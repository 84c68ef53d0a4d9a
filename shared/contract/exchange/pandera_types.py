"""The types of Pandera's YAML, in the spellings of Polars, pandas and numpy."""

from __future__ import annotations

import re
from typing import NamedTuple

from shared.contract.column_types import DECIMAL_DIGITS, DEFAULT_SCALE, ColumnType
from shared.contract.model import Column

_TO: dict[ColumnType, str] = {
    "text": "String",
    "boolean": "Boolean",
    "long": "Int64",
    "double": "Float64",
    "date": "Date",
    "timestamp": "Datetime(time_unit='ms', time_zone='UTC')",
    "json": "String",
}
_FROM: tuple[tuple[str, ColumnType, bool], ...] = (
    # what the name begins with, the type, and whether it says less
    (r"u?int", "long", False),
    (r"float|double", "double", False),
    (r"decimal", "decimal", False),
    (r"bool", "boolean", False),
    (r"str|utf8", "text", False),
    (r"datetime|timestamp", "timestamp", False),
    (r"date", "date", False),
    (r"list|array|struct", "json", True),
)


class TypeFound(NamedTuple):
    """The type of a column; `scale` is that of a decimal, `is_less` whether something is lost."""

    kind: ColumnType
    scale: int | None = None
    is_less: bool = False


def dtype_name(column: Column) -> str:
    """The type as Pandera's YAML for Polars names it."""
    if column.type == "decimal":
        return f"Decimal(precision={DECIMAL_DIGITS}, scale={DEFAULT_SCALE if column.scale is None else column.scale})"
    return _TO[column.type]


def type_of(dtype: object) -> TypeFound:
    """The type that a name means; text, and less, for those that a contract has not."""
    name = str(dtype).strip().lower()
    for beginning, kind, is_less in _FROM:
        if re.match(beginning, name):
            scale = re.search(r"scale=(\d+)", name) if kind == "decimal" else None
            return TypeFound(kind, int(scale[1]) if scale else None, is_less)
    return TypeFound("text", is_less=True)
