"""Reader 1 of a JSON array of objects, or of a single object: element by element, never the whole text.

An element that is well-formed JSON and no record (no object, a key twice, too deep) is a bad record. Where the text is
no JSON the end of the record is unknown, and the file is refused with the byte where certainty ended.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from services.validator.engine.block import BadRecord, Block, PieceBlock, RowError
from services.validator.engine.request import ParseRequest
from services.validator.engine.source import Source, check_utf8, with_last

from .json_columns import KeyCollector, frame_of
from .json_cutter import Cutter, Elements
from .json_recount import count_elements


class JsonReader:
    """One JSON text. The columns are found by reading the file once before anything else is done with it."""

    def __init__(self, request: ParseRequest) -> None:
        self._longest = request.limits.max_record_bytes
        self._source = Source(request)
        keys = KeyCollector(request.limits.max_columns)
        for elements in self._elements():
            for record, names in elements.records:
                keys.add(record, names)
        self.header, self.types = keys.columns()

    def describe(self) -> dict[str, JsonValue]:
        """Format, encoding, compression."""
        return {
            "format": "json",
            "encoding": self._source.encoding.codec,
            "encoding_evidence": self._source.encoding.evidence,
            "byte_order_mark": self._source.bom,
            "compression": self._source.compression,
        }

    def count_again(self) -> int:
        """Reader 2: elements by their brackets."""
        return count_elements(self._source.chunks(self._source.text_offset))

    def blocks(self) -> Iterator[Block]:
        """The elements, in blocks of about 4 MiB."""
        first = 1
        for elements in self._elements():
            good, rows, bad = [], [], []
            for ordinal, (found, _) in enumerate(elements.records):
                if isinstance(found, RowError):
                    bad.append(BadRecord(ordinal, found, []))
                else:
                    good.append(ordinal)
                    rows.append(found)
            numbers = range(len(elements.records))
            frame = frame_of(rows, self.header)
            place = (first, elements.line, elements.offset, elements.pieces)
            yield PieceBlock(*place, numbers, numbers, good, frame, bad, 0, leads=elements.leads)
            first += len(numbers)

    def _elements(self) -> Iterator[Elements]:
        cutter = Cutter(self._source.text_offset, self._longest)
        data = b""
        for chunk, last in with_last(self._source.chunks(self._source.text_offset)):
            data += chunk
            end = len(data) if last else _whole_characters(data)
            check_utf8(data[:end], cutter.offset)
            found, rest = cutter.take(data[:end].decode("utf-8"), last=last)
            data = rest.encode() + data[end:]
            if found.pieces:
                yield found


def _whole_characters(data: bytes) -> int:
    """Where the last character ends that is whole."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:  # noqa: PLR2004 - the first byte of a character of two to four
            needed = 2 + (byte >= 0xE0) + (byte >= 0xF0)  # noqa: PLR2004 - three and four
            return len(data) if back >= needed else len(data) - back
    return len(data)
