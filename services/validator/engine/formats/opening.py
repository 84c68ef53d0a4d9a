"""The way in: a file is recognised by its content and handed to the reader of its format."""

from __future__ import annotations

from functools import partial

from pydantic import JsonValue

from services.validator.engine.block import RecordReader
from services.validator.engine.records import DelimitedReader
from services.validator.engine.request import ParseRequest
from services.validator.engine.verdict import BadFile, Code
from shared.file_options import Format

from .compression import Inflated
from .corrected_rows import CorrectedRowsReader, holds_corrected_rows
from .detection import detect, disagreement
from .json_array import JsonReader
from .json_lines import NdjsonReader
from .numbered_rows import NumberedRowsReader, holds_numbered_rows, options_for
from .scratch import Scratch

_TEXT: tuple[Format, ...] = ("delimited", "ndjson", "json")


class Opened:
    """A recognised file: its reader, and what the report says about both."""

    def __init__(self, reader: RecordReader, compression: str | None, said: str | None) -> None:
        self.reader = reader
        self._known: dict[str, JsonValue] = {"compression": compression, "disagreement": said}

    def describe(self) -> dict[str, JsonValue]:
        """What the reader says, and where name or declaration disagreed with the content."""
        return {**self.reader.describe(), **self._known}


def open_file(request: ParseRequest, scratch: Scratch) -> Opened:
    """Recognise the file of the request and open it. Raises `BadFile`."""
    inner, found, compression = _recognise(request, scratch)
    declared = request.options.format
    reader: RecordReader
    if found in ("zip", "tar"):
        from .archive import ArchiveReader  # noqa: PLC0415

        reader = archive = ArchiveReader(inner, found, scratch, partial(_open_member, scratch=scratch))
        declared = None if declared == archive.format else declared
    else:
        if request.correction is not None and found == "delimited":
            head = Inflated(inner.source_path, inner.limits).head
            inner = inner.model_copy(update={"options": options_for(head, inner.options)})
        reader = _open(found, inner)
    if request.correction is not None:
        if holds_corrected_rows(reader, request.correction):
            reader = CorrectedRowsReader(inner, request.correction)
        elif holds_numbered_rows(reader, request.correction):
            reader = NumberedRowsReader(reader, request.correction)
    return Opened(reader, compression, disagreement(request.original_filename, declared, found, compression))


def _open_member(request: ParseRequest, *, scratch: Scratch) -> tuple[RecordReader, Format]:
    inner, found, _ = _recognise(request, scratch)
    if found in ("zip", "tar"):
        raise BadFile(Code.ARCHIVE_MEMBER, "it is an archive within an archive; unpack it.")
    return _open(found, inner), found


def _recognise(request: ParseRequest, scratch: Scratch) -> tuple[ParseRequest, Format, str | None]:
    """The request with a file that can be opened, its format, and the compression that was taken off."""
    found = detect(request)
    name = found.format
    if found.compression is not None and name not in _TEXT:
        inflated = Inflated(request.source_path, request.limits)
        request = request.model_copy(update={"source_path": scratch.keep(inflated.chunks(0))})
    if name == "zip":
        from .zip_checks import zip_format  # noqa: PLC0415

        name = zip_format(request.source_path, request.limits)
    return request, name, found.compression


def _open(name: Format, request: ParseRequest) -> RecordReader:
    match name:
        case "ndjson":
            return NdjsonReader(request)
        case "json":
            return JsonReader(request)
        case "parquet" | "orc" | "avro" | "xlsx":
            return _open_typed(name, request)
        case _:
            return DelimitedReader(request)


def _open_typed(name: Format, request: ParseRequest) -> RecordReader:
    """Each library is loaded only for a file that needs it."""
    if name == "parquet":
        from .parquet import ParquetReader  # noqa: PLC0415

        return ParquetReader(request)
    if name == "orc":
        from .orc import OrcReader  # noqa: PLC0415

        return OrcReader(request)
    if name == "avro":
        from .avro import AvroReader  # noqa: PLC0415

        return AvroReader(request)
    from .xlsx import XlsxReader  # noqa: PLC0415

    return XlsxReader(request)
