"""Typed columns of Arrow to text cells, exactly, and the type that each column insists on.

Times become ISO 8601 (with `Z` where the type has a zone), decimals and integers keep every digit, nested values become
JSON text, null the empty text. Bytes have to be UTF-8.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from services.validator.engine.block import DeclaredType, RowError, TableBlock, table_block
from services.validator.engine.verdict import BadFile, Code


def declared_type(kind: pa.DataType) -> DeclaredType | None:
    """`text` for text and nested values, and the type of the others that is sure; else its values decide."""
    kind = _plain(kind)
    if _is_text(kind) or pa.types.is_nested(kind):
        return "text"
    if pa.types.is_integer(kind) and not pa.types.is_uint64(kind):
        return "long"
    tests: tuple[tuple[Callable[[pa.DataType], bool], DeclaredType], ...] = (
        (pa.types.is_boolean, "boolean"),
        (pa.types.is_floating, "double"),
        (pa.types.is_decimal, "decimal"),
        (pa.types.is_date, "date"),
        (pa.types.is_timestamp, "timestamp"),
    )
    return next((declared for test, declared in tests if test(kind)), None)


def block_of(columns: Sequence[pa.Array], header: Sequence[str], first_record: int, max_value_bytes: int) -> TableBlock:
    """Columns of equal length as a block. A row with bytes that are no UTF-8 is bad.

    Raises `BadFile` (`limit_record`) for a value of more than `max_value_bytes`.
    """
    errors: dict[int, RowError] = {}
    texts = []
    for index, (column, name) in enumerate(zip(columns, header, strict=True)):
        text = _text(column, name, errors)
        longest = pc.max(pc.binary_length(text)).as_py() or 0
        if longest > max_value_bytes:
            message = f"A value of column {name[:80]!r} has {longest:,} bytes (setting max_record_bytes)."
            raise BadFile(Code.LIMIT_RECORD, message, limit=max_value_bytes, setting="max_record_bytes")
        texts.append(pl.Series(f"c{index}", pl.from_arrow(text), pl.String))
    return table_block(pl.DataFrame(texts), header, first_record, errors)


def _plain(kind: pa.DataType) -> pa.DataType:
    while isinstance(kind, pa.BaseExtensionType) or pa.types.is_dictionary(kind):
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind.storage_type
    return kind


def _is_text(kind: pa.DataType) -> bool:
    tests = (
        *(pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_binary),
        *(pa.types.is_large_binary, pa.types.is_binary_view, pa.types.is_fixed_size_binary),
    )
    return any(test(kind) for test in tests)


def _text(column: pa.Array, name: str, errors: dict[int, RowError]) -> pa.Array:
    """A column as Arrow strings without nulls."""
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    kind = _plain(column.type)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if _is_text(kind):
        return _checked(column.cast(pa.large_binary()), name, errors).fill_null("")
    if pa.types.is_nested(kind):
        values = [None if value is None else _json(value) for value in column.to_pylist(maps_as_pydicts=None)]
        return pa.array(values, pa.large_string()).fill_null("")
    return _scalar_text(column, kind).cast(pa.large_string()).fill_null("")


def _scalar_text(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_floating(kind):
        numbers = pl.Series(pl.from_arrow(column.cast(pa.float64()))).cast(pl.String)
        return numbers.to_arrow()
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        # The numbers are UTC whatever zone the type names; Arrow writes UTC with a Z.
        return column.cast(pa.int64()).cast(pa.timestamp(kind.unit, "UTC")).cast(pa.string())
    if pa.types.is_decimal(kind):
        return _decimal_text(column)
    if pa.types.is_duration(kind) or kind == pa.month_day_nano_interval():
        return column.cast(pa.int64()) if pa.types.is_duration(kind) else pa.array(map(str, column.to_pylist()))
    return column.cast(pa.string())


def _decimal_text(column: pa.Array) -> pa.Array:
    """Decimals as they are written by hand: Arrow writes small ones with an exponent."""
    text = column.cast(pa.string())
    if not pc.any(pc.match_substring(text, "E")).as_py():
        return text
    return pa.array([None if value is None else f"{value:f}" for value in column.to_pylist()], pa.string())


def _checked(column: pa.Array, name: str, errors: dict[int, RowError]) -> pa.Array:
    """Bytes as text. The library does not check that what is called text is UTF-8."""
    try:
        return column.cast(pa.large_string())
    except pa.ArrowInvalid:
        texts: list[str | None] = []
        for row, value in enumerate(column.to_pylist()):
            try:
                texts.append(None if value is None else value.decode())
            except UnicodeDecodeError:
                texts.append(value.decode("utf-8", "backslashreplace"))
                errors.setdefault(row, RowError(Code.ENCODING, "its bytes are no UTF-8 text", name))
        return pa.array(texts, pa.large_string())


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_json_leaf)


def _json_leaf(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, datetime | Decimal):
        return value.isoformat() if isinstance(value, datetime) else str(value)
    return str(value)
