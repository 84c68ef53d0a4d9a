"""What delimited text asks of its cells over all rows beyond their types: number styles, and an empty last column."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from shared.file_options import problem_with_thousands

from .infer import TypeTally
from .number_style import Mark, NumberStyle, StyleTally
from .request import ParseOptions
from .verdict import BadFile, Code, LogicalType

Feed = Callable[[TypeTally, pl.Series], None]
"""Adds a block's values to a tally."""


@dataclass(frozen=True, slots=True)
class CellReading:
    """How a column of plain text is read otherwise: its type, its numbers' style, or why it has none."""

    type: LogicalType
    style: NumberStyle | None = None
    note: str | None = None


class _Numbers:
    """A column whose values may be numbers in some style; `plain` is what it was while they were plain numbers."""

    def __init__(self, options: ParseOptions) -> None:
        self.style = StyleTally(options.decimal_mark, options.thousands)
        self.plain = TypeTally()
        self.tallies: dict[Mark, TypeTally] = {}

    def add(self, values: pl.Series, raw: TypeTally, feed: Feed) -> None:
        if "long" not in raw.refusals or (raw.type is not None and "," not in self.style.alive):
            self.style.take_plain(values)
            self.plain = copy.deepcopy(raw)
            self.tallies.clear()
            return
        for mark, numbers in self.style.add(values).items():
            if mark not in self.tallies:
                self.tallies[mark] = copy.deepcopy(self.plain)
            feed(self.tallies[mark], numbers)

    def type_in(self, mark: Mark) -> LogicalType | None:
        return self.tallies[mark].type if mark in self.tallies else None


class CellSurvey:
    """Takes the blocks of the first pass. In other formats than delimited text it finds nothing."""

    def __init__(self, header: Sequence[str], options: ParseOptions, *, delimited: bool) -> None:
        self._declared = options.decimal_mark
        self._numbers: list[_Numbers | None] = [_Numbers(options) if delimited else None for _ in header]
        blank_end = delimited and len(header) > 1 and not header[-1].strip()
        self._empty_last = len(header) - 1 if blank_end else None

    @property
    def dropped(self) -> int | None:
        """The last column, when it has neither a name nor a value."""
        return self._empty_last

    def add(self, frame: pl.DataFrame, raws: Sequence[TypeTally], feed: Feed) -> None:
        """Take a block's good rows, after `raws` have."""
        for index, numbers in enumerate(self._numbers):
            if numbers is None:
                continue
            numbers.add(frame[f"c{index}"], raws[index], feed)
            if not numbers.style.alive and self._declared != ",":
                self._numbers[index] = None
        if self._empty_last is not None and (frame[f"c{self._empty_last}"] != "").any():
            self._empty_last = None

    def conclude(self, raws: Sequence[TypeTally]) -> dict[int, CellReading]:
        """The columns that are not what they are as plain text, by position."""
        comma = any(numbers is not None and numbers.style.is_decimal_comma for numbers in self._numbers)
        return {
            index: reading
            for index, numbers in enumerate(self._numbers)
            if numbers is not None and (reading := self._reading(numbers, raws[index], comma=comma))
        }

    def _reading(self, numbers: _Numbers, raw: TypeTally, *, comma: bool) -> CellReading | None:
        style, note = numbers.style.conclude(comma_elsewhere=comma)
        if style is not None and (kind := numbers.type_in(style.decimal_mark)):
            return CellReading(kind, style)
        if raw.type in ("double", "decimal") and self._declared == ",":
            return CellReading("text", note="it has decimal points, and decimal_mark=, was sent")
        if raw.type is None or comma:
            return CellReading("text", note=note) if note else None
        return None


def check_marks(options: ParseOptions) -> None:
    """Raise `BadFile` for a character that separates no thousands, or that is to be both."""
    if options.thousands is not None and (fault := problem_with_thousands(options.thousands)):
        raise BadFile(Code.OPTION_INVALID, f"thousands {fault}.", option="thousands")
    if options.thousands is not None and options.thousands == options.decimal_mark:
        message = "decimal_mark and thousands cannot be the same character."
        raise BadFile(Code.OPTION_INVALID, message, option="thousands")
