"""From the bytes of a text to UTF-8: by byte order mark, as strict UTF-8, or as declared. Never by a guess."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

from services.validator.engine.verdict import BadFile, Code
from shared.file_options import codec_of, problem_with_encoding

UTF8 = "utf-8"
UTF8_BOM = codecs.BOM_UTF8
# UTF-32 before UTF-16: the mark of UTF-32 LE begins with that of UTF-16 LE.
_WIDE_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SEVEN_BIT = ("iso2022", "hz", "utf-7")
_ASCII = "".join(map(chr, range(32, 127)))
_CONTEXT_BYTES = 20


@dataclass(frozen=True, slots=True)
class Encoding:
    """A Python codec, how many bytes of byte order mark stand before the text, and how it was found."""

    codec: str
    mark_bytes: int
    evidence: str


def marked(head: bytes) -> Encoding | None:
    """The encoding that a byte order mark announces."""
    for mark, codec in (*_WIDE_MARKS, (UTF8_BOM, UTF8)):
        if head.startswith(mark):
            return Encoding(codec, len(mark), "byte order mark")
    return None


def declared_codec(name: str) -> str:
    """The codec's own name. Raises `BadFile` (`option_invalid`) when Python knows no such encoding of text."""
    codec = codec_of(name)
    if codec is None:
        raise BadFile(Code.OPTION_INVALID, f"encoding {problem_with_encoding(name)}.", option="encoding")
    return codec


def overrules_utf8(codec: str, head: bytes) -> bool:
    """Whether text that is valid UTF-8 is still read as declared.

    Text in UTF-16 or in a seven-bit code such as ISO-2022-JP is valid UTF-8 by its bytes, and means something else.
    """
    if codec.startswith(_SEVEN_BIT):
        return True
    return b"\x00" in head and _ASCII.encode(codec) != _ASCII.encode()


def is_utf8(chunks: Iterator[bytes]) -> bool:
    """Whether a whole stream is strict UTF-8."""
    decoder = codecs.getincrementaldecoder(UTF8)()
    pending = False
    try:
        for chunk in chunks:
            if pending or not chunk.isascii():
                decoder.decode(chunk)
                pending = bool(decoder.getstate()[0])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def to_utf8(chunks: Iterator[bytes], codec: str, offset: int) -> Iterator[bytes]:
    """A stream decoded and written as UTF-8; `offset` is where it begins in the file.

    Raises `BadFile` (`encoding`) with the offset of the byte, in the file as it was before decoding.
    """
    decoder = codecs.getincrementaldecoder(codec)()
    consumed = offset
    for chunk in _then_nothing(chunks):
        pending = decoder.getstate()[0]
        try:
            text = decoder.decode(chunk, final=not chunk)
            encoded = text.encode()
        except UnicodeDecodeError as error:
            raise _damaged(codec, consumed - len(pending) + error.start, error.reason) from error
        except UnicodeError as error:
            raise _damaged(codec, consumed, str(error)) from error
        consumed += len(chunk)
        if encoded:
            yield encoded


def check_utf8(data: bytes, offset: int) -> None:
    """Raise `BadFile` when `data`, which begins at `offset` of the text, is not strict UTF-8."""
    if data.isascii():
        return
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        at = offset + error.start
        byte = data[error.start]
        message = (
            f"The file is not UTF-8: byte 0x{byte:02X} at offset {at:,} fits no character. "
            "If it is in a single-byte encoding such as Windows-1252, send encoding=cp1252; else save it as UTF-8."
        )
        start, end = max(0, error.start - _CONTEXT_BYTES), error.start + _CONTEXT_BYTES
        context = data[start:end].decode("utf-8", "backslashreplace")
        raise BadFile(Code.ENCODING, message, byte_offset=at, byte=f"0x{byte:02X}", context=context) from error


def _then_nothing(chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield from filter(None, chunks)
    yield b""


def _damaged(codec: str, at: int, reason: str) -> BadFile:
    message = f"The file cannot be read as {codec}: {reason}, at byte offset {at:,}. Send the right encoding."
    return BadFile(Code.ENCODING, message, byte_offset=at, encoding=codec)
