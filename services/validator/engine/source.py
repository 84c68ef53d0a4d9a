"""A text file as a stream of UTF-8: compression taken off, byte order mark seen, encoding turned into UTF-8."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from .formats import encodings
from .formats.compression import CHUNK_BYTES as _CHUNK_BYTES
from .formats.compression import HEAD_BYTES, Inflated
from .formats.encodings import UTF8, Encoding, check_utf8
from .request import ParseRequest
from .verdict import BadFile, Code

CHUNK_BYTES = _CHUNK_BYTES

__all__ = ["CHUNK_BYTES", "Source", "check_utf8", "with_last"]


class Source:
    """One local file of text. Reading it again gives the same bytes in the same chunks.

    `head` is the first 64 KiB of text without the byte order mark, `head_complete` whether that is all of it;
    `text_offset` is where the text begins (0 or 3). Offsets are those of the text in UTF-8, after decompression and
    decoding; in a file of UTF-8 they are the offsets of the decompressed file. Text that stands as UTF-8 is handed on
    as it is and not checked here. Raises `BadFile` when the file is empty, damaged or not in its encoding.
    """

    def __init__(self, request: ParseRequest) -> None:
        self._bytes = Inflated(request.source_path, request.limits)
        self.compression = self._bytes.compression
        self.encoding = self._find_encoding(request.options.encoding)
        self.bom = bool(self.encoding.mark_bytes)
        self.text_offset = self.encoding.mark_bytes if self.encoding.codec == UTF8 else 0
        self.head_complete = self._bytes.head_complete
        self.head = self._read_head()
        if not self.head:
            raise BadFile(Code.EMPTY, "The file holds no text.")

    def chunks(self, start: int) -> Iterator[bytes]:
        """The text from offset `start` on, in pieces of a few MiB."""
        if self.encoding.codec == UTF8:
            yield from self._bytes.chunks(start, CHUNK_BYTES)
            return
        for chunk in self._decoded():
            if start >= len(chunk):
                start -= len(chunk)
                continue
            yield chunk[start:] if start else chunk
            start = 0

    def _decoded(self) -> Iterator[bytes]:
        begin = self.encoding.mark_bytes
        return encodings.to_utf8(self._bytes.chunks(begin, CHUNK_BYTES), self.encoding.codec, begin)

    def _find_encoding(self, declared: str | None) -> Encoding:
        codec = None if declared is None else encodings.declared_codec(declared)
        if found := encodings.marked(self._bytes.head):
            return found
        if codec is None:
            return Encoding(UTF8, 0, "strict UTF-8")
        if encodings.overrules_utf8(codec, self._bytes.head):
            return Encoding(codec, 0, "declared")
        if encodings.is_utf8(self._bytes.chunks(0)):
            return Encoding(UTF8, 0, "strict UTF-8")
        return Encoding(codec, 0, "declared")

    def _read_head(self) -> bytes:
        if self.encoding.codec == UTF8:
            return self._bytes.head[self.text_offset :]
        head = b""
        for chunk in self._decoded():
            head += chunk
            if len(head) > HEAD_BYTES:
                self.head_complete = False
                return head[:HEAD_BYTES]
        return head


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
