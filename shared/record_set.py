"""Numbers of records as a set of ranges, and as the text that events carry: `3,77,100-101`."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

_RANGE = re.compile(r"^([1-9][0-9]{0,17})(?:-([1-9][0-9]{0,17}))?$")
# What an event may carry of it: some ten thousand records that stand alone. Without the text single records of the
# task cannot be told apart, which only matters to those who would waive a few of that many.
MAX_TEXT_BYTES = 64 * 1024


class RecordSet:
    """A set of record numbers, counted from 1; ranges are ascending, apart from each other, ends included."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, records: Iterable[int] = ()) -> None:
        """Take records in any order; ascending ones cost nothing but the ranges."""
        self._starts, self._ends = array("q"), array("q")
        later = [record for record in records if not self.add(record)]
        if later:
            known = list(self.ranges)
            self._starts, self._ends = array("q"), array("q")
            self._fill(sorted(chain(known, ((record, record) for record in later))))

    @classmethod
    def parse(cls, text: str) -> RecordSet:
        """Read what `str` wrote, or a person: ranges may come in any order, space around them is ignored.

        Raises:
            ValueError: naming the range that is none.
        """
        ranges = []
        for piece in filter(None, (piece.strip() for piece in text.split(","))):
            match = _RANGE.match(piece)
            start, end = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
            if end < start:
                msg = f"{piece[:40]!r} is no record number and no range of them: write 3,77,100-101"
                raise ValueError(msg)
            ranges.append((start, end))
        return cls._of_ranges(sorted(ranges))

    @classmethod
    def _of_ranges(cls, ranges: Iterable[tuple[int, int]]) -> RecordSet:
        made = cls()
        made._fill(ranges)
        return made

    def add(self, record: int) -> bool:
        """Take a record that stands behind all others; False when it does not, and is not taken."""
        return self._append(record, record)

    def add_all(self, records: Sequence[int]) -> None:
        """Take records in ascending order that stand behind all others; consecutive ones cost no more than one."""
        if len(records) and records[-1] - records[0] + 1 == len(records):
            self._append(records[0], records[-1])
            return
        for record in records:
            self._append(record, record)

    def _fill(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Take ranges in ascending order of their starts; they may overlap."""
        for start, end in ranges:
            if not self._append(start, end):
                self._ends[-1] = max(self._ends[-1], end)

    def _append(self, start: int, end: int) -> bool:
        if self._ends and start <= self._ends[-1]:
            return False
        if self._ends and start == self._ends[-1] + 1:
            self._ends[-1] = end
        else:
            self._starts.append(start)
            self._ends.append(end)
        return True

    @property
    def ranges(self) -> Iterator[tuple[int, int]]:
        """First and last record of each range."""
        return zip(self._starts, self._ends, strict=True)

    @property
    def is_long(self) -> bool:
        """Whether its text is certainly more than an event carries."""
        return 2 * len(self._starts) > MAX_TEXT_BYTES

    def __str__(self) -> str:
        return ",".join(str(start) if start == end else f"{start}-{end}" for start, end in self.ranges)

    def __repr__(self) -> str:
        return f"RecordSet({str(self)[:80]!r})"

    def __len__(self) -> int:
        return sum(self._ends) - sum(self._starts) + len(self._starts)

    def __bool__(self) -> bool:
        return bool(self._starts)

    def __contains__(self, record: int) -> bool:
        found = bisect_right(self._starts, record) - 1
        return found >= 0 and record <= self._ends[found]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RecordSet) and (self._starts, self._ends) == (other._starts, other._ends)

    __hash__ = None  # type: ignore[assignment]  # it can grow

    def __or__(self, other: RecordSet) -> RecordSet:
        return self._of_ranges(sorted(chain(self.ranges, other.ranges)))

    def __sub__(self, other: RecordSet) -> RecordSet:
        """The records that are not in `other`."""
        left: list[tuple[int, int]] = []
        taken = list(other.ranges)
        position = 0
        for start, end in self.ranges:
            while position < len(taken) and taken[position][1] < start:
                position += 1
            begin, ahead = start, position
            while ahead < len(taken) and taken[ahead][0] <= end:
                if begin < taken[ahead][0]:
                    left.append((begin, taken[ahead][0] - 1))
                begin = taken[ahead][1] + 1
                ahead += 1
            if begin <= end:
                left.append((begin, end))
        return self._of_ranges(left)


def carried(records: RecordSet) -> str | None:
    """The text of the set, or None where it is longer than an event carries."""
    text = str(records)
    return text if len(text) <= MAX_TEXT_BYTES else None
