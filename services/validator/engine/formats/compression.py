"""The bytes of a file with its compression taken off: gzip, zstd, bzip2 or xz, found by content and watched in size."""

from __future__ import annotations

import bz2
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from services.validator.engine.request import MIB, ParseLimits
from services.validator.engine.verdict import BadFile, Code

from . import zstd

CHUNK_BYTES = 4 * MIB
# A file with too many bad rows is noticed after small pieces; as cheap by the byte as large ones down to this size.
FIRST_CHUNK_BYTES = MIB // 4
FIRST_BYTES = 2 * MIB
HEAD_BYTES = 64 * 1024
RATIO_FLOOR_BYTES = 64 * MIB
# What is left of a block behind a member is copied: many small members must not cost much.
_RAW_BYTES = 64 * 1024
_XZ_MEMORY_BYTES = 256 * MIB  # xz -9 needs 65 MiB
_ZSTD_WINDOW_LOG = 27  # 128 MiB, what the zstd program takes without being told

_MAGIC = (
    ("gzip", re.compile(rb"\x1f\x8b")),
    ("zstd", re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")),
    ("bzip2", re.compile(rb"BZh[1-9](?:\x31\x41\x59\x26\x53\x59|\x17\x72\x45\x38\x50\x90)")),
    ("xz", re.compile(rb"\xfd7zXZ\x00")),
)


class _Inflater(Protocol):
    """What bzip2, xz and zstd decompressors have in common, and gzip's is given below."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Gunzip:
    """One gzip member, with the interface of the others."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._member.eof

    @property
    def unused_data(self) -> bytes:
        return self._member.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        piece = self._member.decompress(self._member.unconsumed_tail + data, max_length)
        # A full piece may have left more inside although no input waits.
        self.needs_input = not self._member.unconsumed_tail and len(piece) < max_length
        return piece


def _unxz() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY_BYTES)


def _unzstd() -> zstd.ZstdDecompressor:
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})


_INFLATERS: dict[str, Callable[[], _Inflater]] = {
    "gzip": _Gunzip,
    "zstd": _unzstd,
    "bzip2": bz2.BZ2Decompressor,
    "xz": _unxz,
}


def compression_of(head: bytes) -> str | None:
    """The compression that the first bytes announce: `gzip`, `zstd`, `bzip2`, `xz` or None."""
    return next((name for name, magic in _MAGIC if magic.match(head)), None)


class Inflated:
    """One local file without its compression. Reading it again gives the same bytes in the same chunks.

    `head` is the first 64 KiB, `head_complete` whether that is all. Raises `BadFile`: `empty`, `gzip_damaged`,
    `compression_damaged`, `limit_inflated`, `limit_inflate_ratio`, `limit_memory`.
    """

    def __init__(self, path: Path, limits: ParseLimits) -> None:
        self._path = path
        self._limits = limits
        self._size = path.stat().st_size
        if self._size == 0:
            raise BadFile(Code.EMPTY, "The file is empty (0 bytes).")
        with path.open("rb") as file:
            self.compression = compression_of(file.read(16))
        self.head_complete = True
        self.head = self._read_head()

    def chunks(self, start: int, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
        """The inflated bytes from offset `start` on, in pieces of at most 4 MiB, of 256 KiB in the first 2 MiB."""
        if self.compression is None:
            with self._path.open("rb") as file:
                given = file.seek(start)
                while chunk := file.read(_piece_bytes(given, chunk_bytes)):
                    given += len(chunk)
                    yield chunk
            return
        for chunk in self._inflate(self.compression):
            if start >= len(chunk):
                start -= len(chunk)
                continue
            yield chunk[start:] if start else chunk
            start = 0

    def _read_head(self) -> bytes:
        head = b""
        for chunk in self.chunks(0):
            head += chunk
            if len(head) > HEAD_BYTES:
                self.head_complete = False
                return head[:HEAD_BYTES]
        return head

    def _inflate(self, name: str) -> Iterator[bytes]:
        """Inflate all members; what stands between or after them may only be zero padding."""
        total = 0
        try:
            for chunk in _gathered(_members(self._raw(), _INFLATERS[name])):
                total += len(chunk)
                check_inflated(total, self._size, self._limits)
                yield chunk
        except (zlib.error, EOFError, OSError, lzma.LZMAError, zstd.ZstdError) as error:
            raise _damage(name, total, error) from error

    def _raw(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            while data := file.read(_RAW_BYTES):
                yield data


def check_inflated(total: int, size: int, limits: ParseLimits) -> None:
    """Raise `BadFile` when `total` bytes out of a file of `size` bytes are more than the limits allow."""
    if total > limits.max_inflated_bytes:
        message = f"The file inflates to more than {limits.max_inflated_bytes:,} bytes (setting max_inflated_bytes)."
        raise BadFile(Code.LIMIT_INFLATED, message, limit=limits.max_inflated_bytes, setting="max_inflated_bytes")
    ratio = limits.max_inflate_ratio
    if total > RATIO_FLOOR_BYTES and total > ratio * size:
        message = f"The file inflates to more than {ratio} times its size (setting max_inflate_ratio)."
        raise BadFile(Code.LIMIT_INFLATE_RATIO, message, limit=ratio, setting="max_inflate_ratio")


def _members(raw: Iterator[bytes], make: Callable[[], _Inflater]) -> Iterator[bytes]:
    inflater: _Inflater | None = None
    for block in raw:
        data = block
        while data or (inflater is not None and not inflater.needs_input):
            if inflater is None:  # between members
                data = data.lstrip(b"\x00")
                inflater = make() if data else None
                continue
            if chunk := inflater.decompress(data, CHUNK_BYTES):
                yield chunk
            data = b""
            if inflater.eof:
                data, inflater = inflater.unused_data, None
    if inflater is not None:
        msg = "it ends in the middle of a member"
        raise EOFError(msg)


def _piece_bytes(given: int, chunk_bytes: int) -> int:
    """How large the piece at offset `given` is at most."""
    return min(FIRST_CHUNK_BYTES - given % FIRST_CHUNK_BYTES, chunk_bytes) if given < FIRST_BYTES else chunk_bytes


def _gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Small pieces put together, because readers look again at what they could not use yet."""
    waiting: list[bytes] = []
    size = given = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size < _piece_bytes(given, CHUNK_BYTES // 4):
            continue
        data = b"".join(waiting)
        waiting, size = [], 0
        while data:
            cut = _piece_bytes(given, len(data))
            yield data[:cut]
            given += cut
            data = data[cut:]
    if waiting:
        yield b"".join(waiting)


def _damage(name: str, total: int, error: Exception) -> BadFile:
    text = str(error)
    if "emory" in text:  # "Memory usage limit exceeded", "Frame requires too much memory for decoding"
        message = f"The {name} file asks for more memory than is given: {text}. Compress it with a smaller window."
        return BadFile(Code.LIMIT_MEMORY, message, compression=name)
    code = Code.GZIP_DAMAGED if name == "gzip" else Code.COMPRESSION_DAMAGED
    message = f"The {name} file is damaged after {total:,} inflated bytes: {text}"
    return BadFile(code, message, inflated_bytes=total, compression=name)
