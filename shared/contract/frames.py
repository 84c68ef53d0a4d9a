"""How a column of a contract stands in a typed Polars frame."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Any

import polars as pl

from .column_types import DECIMAL_DIGITS, DEFAULT_SCALE, ColumnType

_DTYPES: dict[ColumnType, pl.DataType] = {
    "text": pl.String(),
    "boolean": pl.Boolean(),
    "long": pl.Int64(),
    "double": pl.Float64(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("ms", "UTC"),
    "json": pl.String(),
}


def dtype_of(kind: ColumnType, scale: int | None = None) -> pl.DataType:
    """The Polars type; timestamps are instants in UTC, json is its text, and `scale` is that of a decimal."""
    if kind == "decimal":
        return pl.Decimal(DECIMAL_DIGITS, DEFAULT_SCALE if scale is None else scale)
    return _DTYPES[kind]


def literal(value: Any, kind: ColumnType, scale: int | None = None) -> pl.Expr:
    """A value, or null, as a Polars literal of that type."""
    return pl.lit(series([value], kind, scale)).first() if kind == "decimal" else pl.lit(value, dtype=dtype_of(kind))


def series(values: list[Any], kind: ColumnType, scale: int | None = None) -> pl.Series:
    """Values as a Polars series of that type."""
    dtype = dtype_of(kind, scale)
    if isinstance(dtype, pl.Decimal):
        context, unit = Context(prec=DECIMAL_DIGITS + 1), Decimal(1).scaleb(-dtype.scale)
        values = [None if value is None else value.quantize(unit, context=context) for value in values]
    return pl.Series(values, dtype=dtype)
