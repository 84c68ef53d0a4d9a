"""Reads a multipart form as it arrives, in pieces of any size, holding nothing but the piece in hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_MAX_HEADERS = 16
_MAX_HEADER_BYTES = 8192
_PLAIN_ENCODINGS = frozenset({"7bit", "8bit", "binary"})


class NotMultipartError(ValueError):
    """The content type is not multipart/form-data with a boundary."""


class MalformedFormError(ValueError):
    """The bytes are not the form that the content type announces."""


@dataclass(frozen=True)
class PartBegun:
    """A field begins. `filename` is None when the part does not call itself a file."""

    name: str
    filename: str | None


@dataclass(frozen=True)
class PartData:
    """The next bytes of the part."""

    data: bytes


@dataclass(frozen=True)
class PartEnded:
    """The part is whole."""


Piece = PartBegun | PartData | PartEnded


def boundary_of(content_type: str) -> bytes:
    """The boundary that a Content-Type names.

    Raises:
        NotMultipartError: saying what was expected.
    """
    media_type, parameters = parse_options_header(content_type)
    if media_type != b"multipart/form-data":
        msg = f"the Content-Type is {content_type[:100]!r}" if content_type else "there is no Content-Type"
        raise NotMultipartError(msg)
    boundary = parameters.get(b"boundary", b"")
    if not boundary:
        msg = "the Content-Type names no boundary"
        raise NotMultipartError(msg)
    return boundary


class FormReader:
    """Turns chunks of a body into the pieces of its parts.

    `complete` becomes true with the closing boundary. The parser is silent when it never comes, so whoever reads a
    body to its end has to look.
    """

    def __init__(self, boundary: bytes) -> None:
        self.complete = False
        self._pieces: list[Piece] = []
        self._headers: dict[bytes, bytes] = {}
        self._name = b""
        self._value = b""
        callbacks: MultipartCallbacks = {
            "on_part_begin": self._part_begins,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_ends,
            "on_headers_finished": self._headers_end,
            "on_part_data": self._data,
            "on_part_end": self._part_ends,
            "on_end": self._form_ends,
        }
        try:
            self._parser = MultipartParser(
                boundary, callbacks, max_header_count=_MAX_HEADERS, max_header_size=_MAX_HEADER_BYTES
            )
        except FormParserError as error:
            raise MalformedFormError(str(error)) from error

    def feed(self, chunk: bytes) -> list[Piece]:
        """Read the next bytes of the body; what follows the closing boundary is ignored.

        Raises:
            MalformedFormError: saying what was wrong; the reader is of no more use.
        """
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise MalformedFormError(str(error)) from error
        pieces, self._pieces = self._pieces, []
        return pieces

    def _part_begins(self) -> None:
        self._headers = {}

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_ends(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _headers_end(self) -> None:
        _, parameters = parse_options_header(self._headers.get(b"content-disposition", b"").decode("latin-1"))
        name = parameters.get(b"name")
        if name is None:
            msg = "a part has no Content-Disposition with a name"
            raise MalformedFormError(msg)
        encoding = self._headers.get(b"content-transfer-encoding", b"binary").decode("latin-1").strip().lower()
        if encoding not in _PLAIN_ENCODINGS:
            msg = f"a part comes with Content-Transfer-Encoding {encoding[:40]!r}; send the bytes as they are"
            raise MalformedFormError(msg)
        filename = parameters.get(b"filename")
        self._pieces.append(PartBegun(_text(name), None if filename is None else _text(filename)))

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._pieces.append(PartData(data[start:end]))

    def _part_ends(self) -> None:
        self._pieces.append(PartEnded())

    def _form_ends(self) -> None:
        self.complete = True


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")
