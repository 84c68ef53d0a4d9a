"""The way in: a file is recognised by its content and handed to the reader of its format."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import JsonValue

from services.validator.engine.block import RecordReader
from services.validator.engine.records import DelimitedReader
from services.validator.engine.request import Format, ParseRequest

from .detection import Found, detect
from .json_array import JsonReader
from .json_lines import NdjsonReader


class Opened:
    """A recognised file: its reader, and what the report says about both."""

    def __init__(self, reader: RecordReader, found: Found) -> None:
        self.reader = reader
        self._found = found

    def describe(self) -> dict[str, JsonValue]:
        """What the reader says, and where name or declaration disagreed with the content."""
        described = {"compression": self._found.compression, **self.reader.describe()}
        return {**described, "disagreement": self._found.disagreement}


_READERS: dict[Format, Callable[[ParseRequest], RecordReader]] = {
    "delimited": DelimitedReader,
    "ndjson": NdjsonReader,
    "json": JsonReader,
}


def open_file(request: ParseRequest) -> Opened:
    """Recognise the file of the request and open it. Raises `BadFile`."""
    found = detect(request)
    return Opened(_open(found.format, request), found)


def _open(name: Format, request: ParseRequest) -> RecordReader:
    return _READERS[name](request)
