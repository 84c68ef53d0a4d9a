"""Lines that are not UTF-8: a few of them are bad rows, many are a file in another encoding.

They are bad rows when the file says that it is UTF-8, when more lines have characters that only UTF-8 writes so than
are broken, or when at most one record in twenty is broken. Else the encoding is not what it was taken for.
"""

from __future__ import annotations

from collections.abc import Sequence

from .source import check_utf8
from .verdict import BadFile

_RARE = 20


class EncodingFaults:
    """Counts them over the file. `known` says that the file is UTF-8 by its mark or by declaration."""

    def __init__(self, *, known: bool) -> None:
        self._known = known
        self._first: BadFile | None = None
        self._sound_lines = 0
        self._broken_lines = 0

    def find(self, lines: Sequence[bytes], offset: int) -> frozenset[int]:
        """The positions of the broken ones among lines that are not all ASCII; `offset` is that of the first."""
        broken = []
        position = offset
        for number, line in enumerate(lines):
            if not line.isascii():
                try:
                    check_utf8(line, position)
                    self._sound_lines += 1
                except BadFile as bad:
                    self._first = self._first or bad
                    broken.append(number)
            position += len(line)
        self._broken_lines += len(broken)
        return frozenset(broken)

    def take_sound(self, lines: Sequence[bytes]) -> None:
        """Count lines of a text that is UTF-8 throughout and not all ASCII."""
        if not self._known:
            self._sound_lines += sum(not line.isascii() for line in lines)

    def judge(self, records: int) -> None:
        """Raise the first fault as one of the file, where the broken lines are no exception."""
        if self._first is None:
            return
        believed = self._known or self._broken_lines < self._sound_lines or self._broken_lines * _RARE <= records
        if not believed or self._broken_lines >= records:
            raise self._first
