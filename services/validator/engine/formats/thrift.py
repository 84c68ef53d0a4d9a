"""Just enough of Thrift's compact protocol to walk through Parquet's headers."""

from __future__ import annotations

from typing import BinaryIO

Value = int | bytes | bool | list["Value"] | dict[int, "Value"]

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_LONG_LIST = 15
_MAX_DEPTH = 32
_MAX_VARINT_BYTES = 10
_LARGEST = 1 << 26


class ThriftError(ValueError):
    """The bytes are no Thrift structure."""


def read_struct(file: BinaryIO, depth: int = 0) -> dict[int, Value]:
    """A structure by its field numbers. Raises `ThriftError`."""
    if depth > _MAX_DEPTH:
        msg = "a structure is nested too deep"
        raise ThriftError(msg)
    fields: dict[int, Value] = {}
    number = 0
    while head := _byte(file):
        number = number + (head >> 4) if head >> 4 else _zigzag(file)
        kind = head & 15
        fields[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else _value(file, kind, depth)
    return fields


def _value(file: BinaryIO, kind: int, depth: int) -> Value:
    if kind in (_TRUE, _FALSE, _BYTE):
        return _byte(file)
    if kind in (_I16, _I32, _I64):
        return _zigzag(file)
    if kind == _DOUBLE:
        return _bytes(file, 8)
    if kind == _BINARY:
        return _bytes(file, _varint(file))
    if kind in (_LIST, _SET):
        head = _byte(file)
        size = head >> 4 if head >> 4 != _LONG_LIST else _varint(file)
        return [_value(file, head & 15, depth + 1) for _ in range(_bounded(size))]
    if kind == _STRUCT:
        return read_struct(file, depth + 1)
    msg = f"a field has the unknown type {kind}"
    raise ThriftError(msg)


def _byte(file: BinaryIO) -> int:
    return _bytes(file, 1)[0]


def _bytes(file: BinaryIO, size: int) -> bytes:
    data = file.read(_bounded(size))
    if len(data) != size:
        msg = "a structure is cut"
        raise ThriftError(msg)
    return data


def _bounded(size: int) -> int:
    if size > _LARGEST:
        msg = f"a field claims {size:,} entries"
        raise ThriftError(msg)
    return size


def _varint(file: BinaryIO) -> int:
    value = 0
    for position in range(_MAX_VARINT_BYTES):
        byte = _byte(file)
        value |= (byte & 127) << (7 * position)
        if byte < 128:  # noqa: PLR2004 - the last byte of a number has its high bit clear
            return value
    msg = "a number is too long"
    raise ThriftError(msg)


def _zigzag(file: BinaryIO) -> int:
    value = _varint(file)
    return (value >> 1) ^ -(value & 1)
