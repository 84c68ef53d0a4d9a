"""Reader 2 of delimited text: counts records over the raw bytes, to hold reader 1 to account.

It shares the grammar with `cutting` (written down there), and no code: one regular expression matches a record that
ends with its line, another a whole record, and where there is no quote lines are simply found. Nothing is decoded,
split into fields or kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FULL_LINE = re.compile(rb"[^\r\n]+")
_ANY_LINE = re.compile(rb"[^\r\n]*(\r\n|[\r\n])")
# Faster than `find` on two bytes.
_LF_LF, _LF_CR = re.compile(rb"\n\n"), re.compile(rb"\n\r")
_LINE_END = rb"(?:\r\n|[\r\n])"


@dataclass(slots=True)
class Count:
    """What is in a text: records with the header, lines that are blank, lines that are comments."""

    records: int = 0
    blank_lines: int = 0
    comment_lines: int = 0


def count_records(
    chunks: Iterator[tuple[bytes, bool]],
    delimiter: bytes,
    longest: int,
    *,
    skip_lines: int = 0,
    comment: bytes | None = None,
    escape: bytes | None = None,
    quote: bytes = b'"',
) -> Count:
    """Count the text in `chunks`, pieces of it each with whether it is the last.

    `longest` is how many bytes a record may take over several lines. The first `skip_lines` lines are no records.
    `quote` is one byte, or none.
    """
    counter = _Counter(delimiter, longest, skip_lines, comment, escape, quote)
    rest = b""
    for chunk, last in chunks:
        data = rest + chunk
        if last and data and data[-1:] not in b"\r\n":
            data += b"\n"
        rest = data[counter.take(data, last=last) :]
    return counter.count


class _Counter:
    def __init__(
        self,
        delimiter: bytes,
        longest: int,
        skip_lines: int,
        comment: bytes | None,
        escape: bytes | None,
        quote: bytes,
    ) -> None:
        self.count = Count()
        self._skip_lines = skip_lines
        self._comment = comment
        self._max = longest
        self._quote = quote
        separator = re.escape(delimiter)
        other = rb"(?:(?!" + separator + rb")[^\r\n])*+"
        if len(delimiter) == 1:
            other = rb"[^" + separator + rb"\r\n]*+"
        mark = re.escape(quote or b'"')
        marks = mark if escape is None else mark + re.escape(escape)
        escaped = b"" if escape is None else rb"|" + re.escape(escape) + rb"[" + marks + rb"]?+"
        text = rb"++|" + mark * 2 + escaped + rb")*+" + mark
        quoted = mark + rb"(?:[^" + marks + rb"]" + text
        in_line = mark + rb"(?:[^\r\n" + marks + rb"]" + text + other
        plain = rb"|(?!" + mark + rb")" + other + rb")"
        one = rb"(?:" + quoted + plain
        closed = rb"(?:" + in_line + plain
        self._record = re.compile(rb"(" + one + rb"(?:" + separator + one + rb")*+)" + _LINE_END)
        self._closed_line = re.compile(closed + rb"(?:" + separator + closed + rb")*+" + _LINE_END)
        self._own_line = None if comment is None else re.compile(rb"(?<![^\r\n])" + re.escape(comment) + rb"[^\r\n]*")

    def take(self, data: bytes, *, last: bool) -> int:
        """Count what is complete in `data`, and say how many of its bytes that takes."""
        # A CR at the very end may be half of a CRLF.
        known = len(data) if last or not data.endswith(b"\r") else len(data) - 1
        end = max(data.rfind(b"\n", 0, known), data.rfind(b"\r", 0, known)) + 1
        position = self._skip(data, end)
        while self._quote and (quote := data.find(self._quote, position, end)) >= 0:
            # Lines before the one with the quote are whole records.
            line = max(position, data.rfind(b"\n", position, quote) + 1, data.rfind(b"\r", position, quote) + 1)
            self._take_lines(data, position, line)
            position = line
            taken = self._take_record(data, position, end, last=last)
            if taken == position:
                return position
            position = taken
        self._take_lines(data, position, end)
        return end

    def _take_record(self, data: bytes, position: int, end: int, *, last: bool) -> int:
        """Count the record or comment that begins in the line at `position`; return the place behind it."""
        if self._comment is not None and data.startswith(self._comment, position):
            self.count.comment_lines += 1
            return self._behind_line(data, position)
        if found := self._closed_line.match(data, position, end):
            self.count.records += 1
            return found.end()
        reach = min(end, position + self._max + 2)
        if (found := self._record.match(data, position, reach)) and found.end(1) - position <= self._max:
            self.count.records += 1
            return found.end()
        if not last and len(data) - position <= self._max + 2:
            return position
        self.count.records += 1  # a quote that nothing closes: reader 1 has refused the file
        return self._behind_line(data, position)

    def _take_lines(self, data: bytes, begin: int, end: int) -> None:
        """Count lines without a quote."""
        if begin >= end:
            return
        if (plain := self._count_plain(data, begin, end)) is not None:
            self.count.records += plain
            return
        full = len(_FULL_LINE.findall(data, begin, end))
        ends = data.count(b"\n", begin, end)
        if data.find(b"\r", begin, end) >= 0:
            ends += data.count(b"\r", begin, end) - data.count(b"\r\n", begin, end)
        comments = len(self._own_line.findall(data, begin, end)) if self._own_line else 0
        self.count.records += full - comments
        self.count.comment_lines += comments
        self.count.blank_lines += ends - full

    def _count_plain(self, data: bytes, begin: int, end: int) -> int | None:
        """The lines, when all have one kind of end, and none is blank or could be a comment: the most files, fast."""
        if self._comment is not None and data.find(self._comment, begin, end) >= 0:
            return None
        ends = data.count(b"\n", begin, end)
        blank, start = _LF_LF, b"\n"
        if data.find(b"\r", begin, end) >= 0:
            if not ends == data.count(b"\r", begin, end) == data.count(b"\r\n", begin, end):
                return None
            blank, start = _LF_CR, b"\r"
        if data.startswith(start, begin) or blank.search(data, begin, end):
            return None
        return ends

    def _skip(self, data: bytes, end: int) -> int:
        position = 0
        while self._skip_lines and position < end:
            behind = self._behind_line(data, position)
            self.count.blank_lines += data[position:behind] in {b"\n", b"\r", b"\r\n"}
            self._skip_lines -= 1
            position = behind
        return position

    def _behind_line(self, data: bytes, position: int) -> int:
        found = _ANY_LINE.match(data, position)
        return len(data) if found is None else found.end()
