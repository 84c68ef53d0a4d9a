"""The lines of a text with their ends, which are found when one is asked for."""

from __future__ import annotations

from bisect import bisect, bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import overload

_PIECE_BYTES = 64 * 1024


class Lines(Sequence[bytes]):
    """Lines end with LF, CRLF or CR. `count` is how many there are, where that is known without looking.

    One line is found by counting the lines before it, at a quarter of the price of cutting all.
    """

    def __init__(self, text: bytes, count: int | None = None) -> None:
        self._text = text
        self._count = count
        self._pieces: dict[int, tuple[list[bytes], list[int]]] = {}

    def offset(self, number: int) -> int:
        """Where a line begins in the text."""
        return self._find(number)[1]

    @cached_property
    def _lines(self) -> list[bytes]:
        return self._text.splitlines(keepends=True)

    @cached_property
    def _index(self) -> tuple[list[int], list[int]]:
        """Where each piece of some whole lines begins, in bytes and in lines."""
        begins, numbers, text = [0], [0], self._text
        returns = b"\r" in text
        while (reach := begins[-1] + _PIECE_BYTES) < len(text) and (end := text.find(b"\n", reach)) >= 0:
            begin, end = begins[-1], end + 1
            count = text.count(b"\n", begin, end)
            if returns:
                count += text.count(b"\r", begin, end) - text.count(b"\r\n", begin, end)
            numbers.append(numbers[-1] + count)
            begins.append(end)
        return begins, numbers

    def pieces(self, wanted: Sequence[int]) -> Iterator[tuple[list[int], list[bytes], list[int]]]:
        """The `wanted` lines, in their order, some at a time: their numbers, the lines, and where they begin."""
        numbers = self._index[1]
        at = 0
        while at < len(wanted):
            piece = bisect(numbers, wanted[at]) - 1
            behind = len(wanted) if piece + 1 == len(numbers) else bisect_left(wanted, numbers[piece + 1], at)
            lines, offsets = self._cut(piece)
            here, first = list(wanted[at:behind]), numbers[piece]
            yield here, [lines[number - first] for number in here], [offsets[number - first] for number in here]
            at = behind

    def _find(self, number: int) -> tuple[bytes, int]:
        """A line, and where it begins."""
        piece = bisect(self._index[1], number) - 1
        if piece not in self._pieces:
            self._pieces[piece] = self._cut(piece)
        (lines, offsets), first = self._pieces[piece], self._index[1][piece]
        return lines[number - first], offsets[number - first]

    def _cut(self, piece: int) -> tuple[list[bytes], list[int]]:
        begins = self._index[0]
        end = begins[piece + 1] if piece + 1 < len(begins) else len(self._text)
        lines = self._text[begins[piece] : end].splitlines(keepends=True)
        return lines, list(accumulate(map(len, lines), initial=begins[piece]))

    def __len__(self) -> int:
        return len(self._lines) if self._count is None else self._count

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._lines)

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        return self._lines[index] if isinstance(index, slice) else self._find(index)[0]
