"""Reader 2 of ORC: the rows that footer and stripes announce, read from the file's last bytes without a library."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from services.validator.engine.verdict import BadFile, Code

from . import zstd

_NONE, _ZLIB, _SNAPPY, _LZ4, _ZSTD = 0, 1, 2, 4, 5
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_FOOTER_BYTES = 64 * 1024 * 1024


def count_rows(path: Path) -> int:
    """The number of rows. Raises `BadFile` (`format_damaged`), also when footer and stripes contradict each other."""
    try:
        rows, in_stripes = _announced(path)
    except (ValueError, IndexError, KeyError, OSError, zlib.error, zstd.ZstdError, pa.ArrowException) as error:
        message = f"The ORC file is damaged: its footer cannot be read ({error})."
        raise BadFile(Code.FORMAT_DAMAGED, message, format="ORC") from error
    if rows != in_stripes:
        message = f"The ORC file is damaged: its footer says {rows:,} rows and its stripes {in_stripes:,}."
        raise BadFile(Code.FORMAT_DAMAGED, message, format="ORC")
    return rows


def _announced(path: Path) -> tuple[int, int]:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(size - 1)
        postscript_size = file.read(1)[0]
        file.seek(size - 1 - postscript_size)
        postscript = dict(_fields(file.read(postscript_size)))
        footer_size, kind, block = (_number(postscript.get(field, 0)) for field in (1, 2, 3))
        if not 0 < footer_size <= min(size, _MAX_FOOTER_BYTES):
            msg = f"a footer of {footer_size:,} bytes"
            raise ValueError(msg)
        file.seek(size - 1 - postscript_size - footer_size)
        footer = list(_fields(b"".join(_inflated(file.read(footer_size), kind, block))))
    stripes = [dict(_fields(value)) for field, value in footer if field == 3 and isinstance(value, bytes)]  # noqa: PLR2004 - the field's number
    return _number(dict(footer).get(6, 0)), sum(_number(stripe.get(5, 0)) for stripe in stripes)


def _number(value: int | bytes) -> int:
    if isinstance(value, bytes):
        msg = "text where a number should be"
        raise ValueError(msg)  # noqa: TRY004 - it is the file's fault, not the caller's
    return value


def _inflated(data: bytes, kind: int, block: int) -> Iterator[bytes]:
    if kind == _NONE:
        yield data
        return
    position = 0
    while position < len(data):
        head = int.from_bytes(data[position : position + 3], "little")
        piece = data[position + 3 : position + 3 + (head >> 1)]
        position += 3 + (head >> 1)
        yield piece if head & 1 else _inflate(piece, kind, min(block, _MAX_FOOTER_BYTES))


def _inflate(piece: bytes, kind: int, largest: int) -> bytes:
    if kind == _ZLIB:
        return zlib.decompressobj(wbits=-15).decompress(piece, largest)
    if kind == _ZSTD:
        return zstd.ZstdDecompressor().decompress(piece, largest)
    if kind == _SNAPPY:
        size, _ = _varint(piece, 0)  # a Snappy block begins with its inflated size
        return bytes(pa.decompress(piece, min(size, largest), codec="snappy", asbytes=True))
    msg = f"the compression {kind} of the footer is not supported"
    raise ValueError(msg)


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a Protocol Buffers message: number and value."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        kind = tag & 7
        value: int | bytes
        if kind == _VARINT:
            value, position = _varint(data, position)
        elif kind in (_BYTES, _FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
            if kind == _BYTES:
                size, position = _varint(data, position)
            value, position = data[position : position + size], position + size
        else:
            msg = f"a field of the unknown kind {kind}"
            raise ValueError(msg)
        yield tag >> 3, value


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        value |= (byte & 127) << shift
        position += 1
        shift += 7
        if byte < 128:  # noqa: PLR2004 - the last byte of a number has its high bit clear
            return value, position
