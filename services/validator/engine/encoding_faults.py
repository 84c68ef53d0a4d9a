"""Lines that are not UTF-8: a few of them are bad rows, many are a file in another encoding.

They are bad rows when the file says that it is UTF-8, when more lines have characters that only UTF-8 writes so than
are broken, or when at most one record in twenty is broken. Else the encoding is not what it was taken for.
"""

from __future__ import annotations

from collections.abc import Sequence

from .source import check_utf8
from .verdict import BadFile

_RARE = 20
NO_LINES: frozenset[int] = frozenset()


class EncodingFaults:
    """Counts them over the file. `known` says that the file is UTF-8 by its mark or by declaration."""

    def __init__(self, *, known: bool) -> None:
        self._known = known
        self._first: BadFile | None = None
        self._sound_lines = 0
        self._broken_records = 0

    def find(self, text: bytes, lines: Sequence[bytes], offset: int) -> frozenset[int]:
        """The positions of the lines of `text`, which begins at `offset`, that are not UTF-8."""
        if text.isascii():
            return NO_LINES
        try:
            check_utf8(text, offset)
        except BadFile as bad:
            self._first = self._first or bad
            return frozenset(number for number, line in enumerate(lines) if not _is_utf8(line))
        return NO_LINES

    def count(self, lines: Sequence[bytes], broken: frozenset[int], records: int) -> None:
        """Count lines that are done with, and how many records of them are broken."""
        self._broken_records += records
        if not self._known:
            self._sound_lines += sum(not line.isascii() for n, line in enumerate(lines) if n not in broken)

    def judge(self, records: int) -> None:
        """Raise the first fault as one of the file, where the broken records are no exception."""
        if self._first is None:
            return
        rare = self._broken_records * _RARE <= records
        believed = self._known or rare or self._broken_records < self._sound_lines
        if not believed or self._broken_records >= records:
            raise self._first


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
