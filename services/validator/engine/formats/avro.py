"""Reader 1 of Avro: block by block, inflated here within bounds and decoded with fastavro."""

from __future__ import annotations

import bz2
import io
import json
import lzma
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import fastavro
import pyarrow as pa
from pydantic import JsonValue

from services.validator.engine.block import Block
from services.validator.engine.header import check_width
from services.validator.engine.request import MIB, ParseRequest
from services.validator.engine.verdict import BadFile, Code

from . import zstd
from .arrow_faults import faults_of
from .arrow_text import block_of
from .avro_recount import count_rows
from .avro_schema import fields_of
from .compression import check_inflated

_MAX_BLOCK_BYTES = 64 * MIB
_SPARE_RECORDS = 65_536  # records of a block that may have no byte at all
_BATCH_ROWS = 65_536
_VARINT_BYTES = 10
_ERRORS = (ValueError, EOFError, KeyError, IndexError, TypeError, AttributeError, OverflowError, struct.error)
_INFLATE_ERRORS = (zlib.error, lzma.LZMAError, zstd.ZstdError, RecursionError, StopIteration, ArithmeticError)


class AvroReader:
    """An Avro container of records. Nested fields stay one column, as JSON text."""

    def __init__(self, request: ParseRequest) -> None:
        self._path = request.source_path
        self._limits = request.limits
        self._size = self._path.stat().st_size
        with faults_of("Avro", *_ERRORS, *_INFLATE_ERRORS), self._path.open("rb") as file:
            reader = fastavro.reader(file)
            self._body_offset = file.tell()
            self._sync: bytes = reader._header["sync"]  # noqa: SLF001 - it has no public name
            self._codec = str(reader.codec)
            schema = json.loads(reader.metadata["avro.schema"])
            fields = fields_of(schema)
            self._schema: Any = fastavro.parse_schema(schema)
        if not fields:
            raise BadFile(Code.HEADER_INVALID, "The Avro file holds no records with fields, so there is no column.")
        self._fields = fields
        self.header = [field.name for field in fields]
        self.types = [field.declares for field in fields]
        check_width(len(self.header), max_columns=self._limits.max_columns)

    def describe(self) -> dict[str, JsonValue]:
        """Format and the codec of its blocks."""
        return {"format": "avro", "codec": self._codec}

    def count_again(self) -> int:
        """Reader 2: the records that the blocks announce."""
        return count_rows(self._path)

    def blocks(self) -> Iterator[Block]:
        """The records, at most 65,536 at a time."""
        first = 1
        for records in self._batches():
            columns = [field.column([record[field.name] for record in records]) for field in self._fields]
            block = block_of(columns, self.header, first, self._limits.max_record_bytes)
            first += block.records
            yield block

    def _batches(self) -> Iterator[list[dict[str, Any]]]:
        waiting: list[dict[str, Any]] = []
        size = 0
        with faults_of("Avro", *_ERRORS, *_INFLATE_ERRORS):
            for count, data in self._inflated():
                stream = io.BytesIO(data)
                for _ in range(count):
                    record: Any = fastavro.schemaless_reader(stream, self._schema, None)
                    waiting.append(record)
                    if len(waiting) >= _BATCH_ROWS:
                        yield waiting
                        waiting = []
                if stream.tell() != len(data):
                    msg = f"a block holds more than the {count:,} records that it announces"
                    raise ValueError(msg)
                size += len(data)
                if size >= _MAX_BLOCK_BYTES // 4:
                    yield waiting
                    waiting, size = [], 0
        if waiting:
            yield waiting

    def _inflated(self) -> Iterator[tuple[int, bytes]]:
        """Each block's number of records and its bytes."""
        total = 0
        with self._path.open("rb") as file:
            file.seek(self._body_offset)
            while head := file.read(1):
                count, size = _long(head, file), _long(b"", file)
                if not 0 <= size <= min(self._size, _MAX_BLOCK_BYTES):
                    msg = f"a block claims {size:,} bytes"
                    raise ValueError(msg)
                data = _inflate(self._codec, file.read(size))
                if not 0 <= count <= len(data) + _SPARE_RECORDS:
                    msg = f"a block of {len(data):,} bytes claims {count:,} records"
                    raise ValueError(msg)
                if file.read(len(self._sync)) != self._sync:
                    msg = "a block does not end with the file's mark"
                    raise ValueError(msg)
                total += len(data)
                check_inflated(total, self._size, self._limits)
                yield count, data


def _long(begun: bytes, file: io.BufferedReader) -> int:
    data = begun or file.read(1)
    while data and data[-1] & 128 and len(data) < _VARINT_BYTES:
        data += file.read(1) or b"\x00"
    value = sum((byte & 127) << (7 * position) for position, byte in enumerate(data))
    return (value >> 1) ^ -(value & 1)


def _inflate(codec: str, data: bytes) -> bytes:
    limit = _MAX_BLOCK_BYTES + 1
    if codec == "null":
        return data
    if codec == "snappy":
        sized = _snappy_bytes(data)
        inflated = bytes(pa.decompress(data[:-4], sized, codec="snappy", asbytes=True)) if sized < limit else b""
        too_large = sized >= limit
    else:
        makers: dict[str, Any] = {
            "deflate": lambda: zlib.decompressobj(wbits=-15),
            "bzip2": bz2.BZ2Decompressor,
            "xz": lzma.LZMADecompressor,
            "zstandard": zstd.ZstdDecompressor,
        }
        if codec not in makers:
            raise BadFile(Code.FORMAT_UNSUPPORTED, f"The Avro codec {codec[:40]!r} is not supported.", format="Avro")
        inflater = makers[codec]()
        inflated = inflater.decompress(data, limit)
        too_large = len(inflated) >= limit
        if not too_large and not inflater.eof:
            msg = "a block is cut"
            raise EOFError(msg)
    if too_large:
        message = f"A block of the Avro file inflates to more than {_MAX_BLOCK_BYTES:,} bytes."
        raise BadFile(Code.LIMIT_INFLATED, message, limit=_MAX_BLOCK_BYTES)
    return inflated


def _snappy_bytes(data: bytes) -> int:
    """The inflated size, which stands at the beginning."""
    value = 0
    for position, byte in enumerate(data[:_VARINT_BYTES]):
        value |= (byte & 127) << (7 * position)
        if not byte & 128:
            return value
    msg = "a Snappy block has no size"
    raise ValueError(msg)
