"""The file as a stream of text bytes: gzip taken off, byte order mark seen, size and ratio watched."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from itertools import pairwise

from .request import MIB, ParseRequest
from .verdict import BadFile, Code

CHUNK_BYTES = 4 * MIB
HEAD_BYTES = 64 * 1024
UTF8_BOM = b"\xef\xbb\xbf"
_GZIP_MAGIC = b"\x1f\x8b"
_RATIO_FLOOR_BYTES = 64 * MIB
_NUL_SHARE = 0.3

# UTF-32 before UTF-16: the mark of UTF-32 LE begins with that of UTF-16 LE.
_WIDE_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32 LE"),
    (b"\x00\x00\xfe\xff", "UTF-32 BE"),
    (b"\xff\xfe", "UTF-16 LE"),
    (b"\xfe\xff", "UTF-16 BE"),
)
_MAGIC = (
    (b"PAR1", "a Parquet file"),
    (b"PK\x03\x04", "a zip archive or an Excel workbook (.xlsx)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)"),
    (b"ORC", "an ORC file"),
    (b"Obj\x01", "an Avro file"),
    (b"ARROW1", "an Arrow file"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"%PDF-", "a PDF document"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (_GZIP_MAGIC, "a gzip file inside a gzip file"),
    (b"\x89PNG", "a PNG image"),
)
_JSON = re.compile(rb'\s*(?:\{\s*["}]|\[\s*[\[{])')
_MARKUP = re.compile(rb"\s*<(?:\?xml|!doctype|html)", re.IGNORECASE)


class Source:
    """One local file. Reading it again gives the same bytes in the same chunks.

    `head` is the first 64 KiB of text without the byte order mark, `head_complete` whether that is all of it;
    `text_offset` is where the text begins (0 or 3).
    Offsets are those of the decompressed file. Raises `BadFile` when the file is empty, damaged or no UTF-8 text.
    """

    def __init__(self, request: ParseRequest) -> None:
        self._path = request.source_path
        self._limits = request.limits
        self._size = self._path.stat().st_size
        if self._size == 0:
            raise BadFile(Code.EMPTY, "The file is empty (0 bytes).")
        with self._path.open("rb") as file:
            self.compressed = file.read(2) == _GZIP_MAGIC
        self.head_complete = True
        head = self._read_head()
        self.bom = head.startswith(UTF8_BOM)
        self.text_offset = len(UTF8_BOM) if self.bom else 0
        self.head = head[self.text_offset :]
        if not self.head:
            raise BadFile(Code.EMPTY, "The file holds no text.")
        _refuse_binary(self.head)

    def chunks(self, start: int) -> Iterator[bytes]:
        """The decompressed bytes from offset `start` on, in pieces of at most 4 MiB."""
        if not self.compressed:
            with self._path.open("rb") as file:
                file.seek(start)
                while chunk := file.read(CHUNK_BYTES):
                    yield chunk
            return
        for chunk in self._inflated():
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

    def _inflated(self) -> Iterator[bytes]:
        """Inflate all members; what stands between or after them may only be zero padding."""
        total = 0
        try:
            for chunk in _gunzip(self._raw()):
                total += len(chunk)
                self._check_size(total)
                yield chunk
        except (zlib.error, EOFError) as error:
            message = f"The gzip file is damaged after {total:,} inflated bytes: {error}"
            raise BadFile(Code.GZIP_DAMAGED, message, inflated_bytes=total) from error

    def _raw(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            while data := file.read(MIB):
                yield data

    def _check_size(self, total: int) -> None:
        limit = self._limits.max_inflated_bytes
        if total > limit:
            message = f"The file inflates to more than {limit:,} bytes (setting max_inflated_bytes)."
            raise BadFile(Code.LIMIT_INFLATED, message, limit=limit, setting="max_inflated_bytes")
        ratio = self._limits.max_inflate_ratio
        if total > _RATIO_FLOOR_BYTES and total > ratio * self._size:
            message = f"The file inflates to more than {ratio} times its size (setting max_inflate_ratio)."
            raise BadFile(Code.LIMIT_INFLATE_RATIO, message, limit=ratio, setting="max_inflate_ratio")


def _gunzip(raw: Iterator[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(wbits=31)
    begun = False
    for block in raw:
        data = block
        while data:
            if not begun:  # between members
                data = data.lstrip(b"\x00")
                begun = bool(data)
                continue
            if chunk := inflater.decompress(data, CHUNK_BYTES):
                yield chunk
            data = inflater.unconsumed_tail
            if inflater.eof:
                data = inflater.unused_data
                inflater, begun = zlib.decompressobj(wbits=31), False
    while begun and (chunk := inflater.decompress(inflater.unconsumed_tail, CHUNK_BYTES)):
        yield chunk
    if begun and not inflater.eof:
        msg = "it ends in the middle of a member"
        raise EOFError(msg)


def _refuse_binary(head: bytes) -> None:
    for mark, name in _WIDE_MARKS:
        if head.startswith(mark):
            raise BadFile(Code.ENCODING, f"The file is {name} text; save it as UTF-8.", encoding=name, byte_offset=0)
    for magic, name in _MAGIC:
        if head.startswith(magic):
            raise BadFile(Code.NOT_DELIMITED, f"The file is no delimited text: it looks like {name}.", looks_like=name)
    if _JSON.match(head):
        raise BadFile(Code.NOT_DELIMITED, "The file is no delimited text: it looks like JSON.", looks_like="JSON")
    if _MARKUP.match(head):
        raise BadFile(Code.NOT_DELIMITED, "The file is no delimited text: it looks like XML or HTML.", looks_like="XML")
    if b"\x00" in head:
        _refuse_nul(head)


def _refuse_nul(head: bytes) -> None:
    """Text in two-byte units has a zero in most of one half of its bytes; anything else with zeros is binary."""
    for start, name in ((1, "UTF-16 LE"), (0, "UTF-16 BE")):
        half = head[start::2]
        if half.count(0) > _NUL_SHARE * len(half) and head[1 - start :: 2].count(0) == 0:
            message = f"The file looks like {name} text without a byte order mark; save it as UTF-8."
            raise BadFile(Code.ENCODING, message, encoding=name, byte_offset=head.index(0))
    offset = head.index(0)
    message = f"The file is no delimited text: it has a zero byte at offset {offset}."
    raise BadFile(Code.NOT_DELIMITED, message, looks_like="binary data", byte_offset=offset)


def check_utf8(data: bytes, offset: int) -> None:
    """Raise `BadFile` when `data`, which begins at `offset` of the file, is not strict UTF-8."""
    if data.isascii():
        return
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        at = offset + error.start
        byte = data[error.start]
        message = (
            f"The file is not UTF-8: byte 0x{byte:02X} at offset {at:,} fits no character. "
            "It may be in a single-byte encoding such as Windows-1252; save it as UTF-8."
        )
        context = data[max(0, error.start - 20) : error.start + 20].decode("utf-8", "backslashreplace")
        raise BadFile(Code.ENCODING, message, byte_offset=at, byte=f"0x{byte:02X}", context=context) from error


def with_last(chunks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each chunk with whether it is the last; a stream of nothing gives one empty last chunk."""

    def padded() -> Iterator[bytes | None]:
        empty = True
        for chunk in chunks:
            empty = False
            yield chunk
        if empty:
            yield b""
        yield None

    for chunk, following in pairwise(padded()):
        if chunk is not None:
            yield chunk, following is None
