"""Reader 2 of delimited text: counts records over the raw bytes, to hold reader 1 to account.

It shares the grammar with `records` (written down there), and no code: one regular expression matches a whole record,
and where there is no quote lines are simply found. Nothing is decoded, split into fields or kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_FULL_LINE = re.compile(rb"[^\r\n]+")
_ANY_LINE = re.compile(rb"[^\r\n]*(\r\n|[\r\n])")
_LINE_END = rb"(?:\r\n|[\r\n])"


def count_records(chunks: Iterator[tuple[bytes, bool]], delimiter: bytes, max_record_bytes: int) -> int:
    """The number of records, the header included. `chunks` are pieces of the text, each with whether it is the last."""
    counter = _Counter(delimiter, max_record_bytes)
    total = 0
    rest = b""
    for chunk, last in chunks:
        data = rest + chunk
        if last and not data.endswith((b"\n", b"\r")):
            data += b"\n"
        count, used = counter.count(data, last=last)
        total += count
        rest = data[used:]
    return total


class _Counter:
    def __init__(self, delimiter: bytes, max_record_bytes: int) -> None:
        separator = re.escape(delimiter)
        plain = rb'(?!")(?:(?!' + separator + rb")[^\r\n])*+"
        if len(delimiter) == 1:
            plain = rb'(?!")[^' + separator + rb"\r\n]*+"
        one = rb'(?:"(?:[^"]++|"")*+"|' + plain + rb")"
        self._record = re.compile(rb"(" + one + rb"(?:" + separator + one + rb")*+)" + _LINE_END)
        self._max = max_record_bytes

    def count(self, data: bytes, *, last: bool) -> tuple[int, int]:
        """How many records are complete in `data`, and how many of its bytes they take."""
        count = position = 0
        while (quote := data.find(b'"', position)) >= 0:
            # Lines before the one with the quote are whole records.
            line = max(position, data.rfind(b"\n", position, quote) + 1, data.rfind(b"\r", position, quote) + 1)
            count += _full_lines(data, position, line)
            position = line
            end = min(len(data), position + self._max + 2)
            if (match := self._record.match(data, position, end)) and match.end(1) - position <= self._max:
                count += 1
                position = match.end()
                continue
            if not last and len(data) - position <= self._max + 2:
                return count, position
            # Broken quoting: the first physical line alone is the record.
            if not (stray := _ANY_LINE.match(data, position)):
                return count, position
            count += 1
            position = stray.end()
        end = len(data) if last else max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        if end > position:
            count += _full_lines(data, position, end)
            position = end
        return count, position


def _full_lines(data: bytes, begin: int, end: int) -> int:
    """Lines that are not blank, in whole lines. Where none is blank and no CR stands alone they are as many as LFs."""
    pairs = [b"\n\n"]
    if data.find(b"\r", begin, end) >= 0:
        pairs += [b"\n\r", b"\r\r"]
        if data.count(b"\r", begin, end) != data.count(b"\r\n", begin, end):
            return len(_FULL_LINE.findall(data, begin, end))
    if data.startswith((b"\n", b"\r"), begin, end) or any(data.find(pair, begin, end) >= 0 for pair in pairs):
        return len(_FULL_LINE.findall(data, begin, end))
    return data.count(b"\n", begin, end)
