"""The lines of a text with their ends, which are found when one is asked for."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import overload

_PIECE_BYTES = 64 * 1024


class Lines(Sequence[bytes]):
    """Lines end with LF, CRLF or CR. `count` is how many there are, where that is known without looking.

    One line of a text without CR is found by counting the lines before it, at a quarter of the price of cutting all.
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
        if b"\r" in text:
            return begins, numbers
        while (reach := begins[-1] + _PIECE_BYTES) < len(text) and (end := text.find(b"\n", reach)) >= 0:
            numbers.append(numbers[-1] + text.count(b"\n", begins[-1], end + 1))
            begins.append(end + 1)
        return begins, numbers

    def _find(self, number: int) -> tuple[bytes, int]:
        """A line, and where it begins."""
        begins, numbers = self._index
        piece = bisect(numbers, number) - 1
        if piece not in self._pieces:
            end = begins[piece + 1] if piece + 1 < len(begins) else len(self._text)
            lines = self._text[begins[piece] : end].splitlines(keepends=True)
            self._pieces[piece] = lines, list(accumulate(map(len, lines), initial=begins[piece]))
        lines, offsets = self._pieces[piece]
        return lines[number - numbers[piece]], offsets[number - numbers[piece]]

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
