"""The way in: a file is recognised by its content and handed to the reader of its format."""

from __future__ import annotations

from pydantic import JsonValue

from services.validator.engine.block import RecordReader
from services.validator.engine.records import DelimitedReader
from services.validator.engine.request import Format, ParseRequest

from .compression import Inflated
from .detection import Found, detect
from .json_array import JsonReader
from .json_lines import NdjsonReader
from .scratch import Scratch

_TEXT: tuple[Format, ...] = ("delimited", "ndjson", "json")


class Opened:
    """A recognised file: its reader, and what the report says about both."""

    def __init__(self, reader: RecordReader, found: Found) -> None:
        self.reader = reader
        self._found = found

    def describe(self) -> dict[str, JsonValue]:
        """What the reader says, and where name or declaration disagreed with the content."""
        described = {**self.reader.describe(), "compression": self._found.compression}
        return {**described, "disagreement": self._found.disagreement}


def open_file(request: ParseRequest, scratch: Scratch) -> Opened:
    """Recognise the file of the request and open it. Raises `BadFile`."""
    found = detect(request)
    if found.compression is not None and found.format not in _TEXT:
        inflated = Inflated(request.source_path, request.limits)
        request = request.model_copy(update={"source_path": scratch.keep(inflated.chunks(0))})
    return Opened(_open(found.format, request), found)


def _open(name: Format, request: ParseRequest) -> RecordReader:
    """The reader of a format. Each library is loaded only for a file that needs it."""
    match name:
        case "ndjson":
            return NdjsonReader(request)
        case "json":
            return JsonReader(request)
        case "parquet":
            from .parquet import ParquetReader  # noqa: PLC0415

            return ParquetReader(request)
        case "orc":
            from .orc import OrcReader  # noqa: PLC0415

            return OrcReader(request)
        case "avro":
            from .avro import AvroReader  # noqa: PLC0415

            return AvroReader(request)
        case _:
            return DelimitedReader(request)
