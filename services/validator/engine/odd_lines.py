"""Lines without quotes that have too many or too few fields."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import overload

from .block import BadRecord, RowError
from .plain import PlainCut
from .verdict import Code


@dataclass(frozen=True, slots=True)
class OddPiece:
    """Odd lines that stand near each other: positions among the records and the lines of a block, and texts.

    `offsets` are in bytes of the block; `width` is how many fields each should have.
    """

    ordinals: Sequence[int]
    numbers: Sequence[int]
    offsets: Sequence[int]
    raws: Sequence[str]
    fields: Sequence[list[str]]
    width: int


class OddLines(Sequence[BadRecord]):
    """The odd lines of a cut that are not blank, as bad records; cut into fields when they are asked for.

    `ordinals` are their positions among the lines that are not blank.
    """

    def __init__(self, cut: PlainCut, delimiter: str, width: int) -> None:
        blank = set(cut.blank)
        self._lines = cut.lines
        self._numbers = [number for number in cut.odd if number not in blank] if blank else cut.odd
        self._delimiter = delimiter
        self._width = width
        self.ordinals = [number - bisect(cut.blank, number) for number in self._numbers] if blank else self._numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> BadRecord: ...
    @overload
    def __getitem__(self, index: slice) -> list[BadRecord]: ...
    def __getitem__(self, index: int | slice) -> BadRecord | list[BadRecord]:
        if isinstance(index, slice):
            return [self._record(at) for at in range(*index.indices(len(self)))]
        return self._record(index)

    def __iter__(self) -> Iterator[BadRecord]:
        return map(self._record, range(len(self)))

    def pieces(self) -> Iterator[OddPiece]:
        """All of them with their places, some at a time."""
        at = 0
        for numbers, lines, offsets in self._lines.pieces(self._numbers):
            raws = [line.decode("utf-8").rstrip("\r\n") for line in lines]
            ordinals = self.ordinals[at : at + len(numbers)]
            at += len(numbers)
            yield OddPiece(ordinals, numbers, offsets, raws, [raw.split(self._delimiter) for raw in raws], self._width)

    def _record(self, at: int) -> BadRecord:
        fields = self._lines[self._numbers[at]].decode("utf-8").rstrip("\r\n").split(self._delimiter)
        return BadRecord(self.ordinals[at], field_count(self._width, len(fields)), fields)


class Without(Sequence[int]):
    """The numbers from 0 to `end` - 1 without some, which are in their order; each is told plus `plus`."""

    def __init__(self, end: int, left_out: Sequence[int], plus: int = 0) -> None:
        self._count = end - len(left_out)
        self._left_out = left_out
        self._plus = plus

    @cached_property
    def _before(self) -> list[int]:
        """How many numbers stay before each that is left out."""
        return [number - position for position, number in enumerate(self._left_out)]

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> list[int]: ...
    def __getitem__(self, index: int | slice) -> int | list[int]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(self._count))]
        if not -self._count <= index < self._count:
            raise IndexError(index)
        at = index % self._count
        return at + bisect(self._before, at) + self._plus

    def __iter__(self) -> Iterator[int]:
        begin = 0
        for number in self._left_out:
            yield from range(begin + self._plus, number + self._plus)
            begin = number + 1
        yield from range(begin + self._plus, self._count + len(self._left_out) + self._plus)


@lru_cache(maxsize=1_000)
def field_count(expected: int, got: int) -> RowError:
    """The error of a record that has more or fewer fields than the header."""
    return RowError(Code.FIELD_COUNT, f"expected {expected} fields, got {got}")
