"""How a column writes its numbers: with a decimal comma, with separators between thousands. Told from all its values.

A mark is ruled out by the first value that cannot be read with it: `1,5` rules out that the comma separates thousands,
`1,234.5` that it is the decimal mark. What is left is certain when one mark is left. `1,234` alone rules out neither,
and stays text. Points, spaces and apostrophes between groups of three are also how addresses and identifiers look
(`192.168.100.200`, `552 100 554`): they are read as thousands where the column has decimals, or where that is declared.

A column that groups any number groups all of them: `1.234` beside `1234` is no number with thousands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import polars as pl

from shared.file_options import THOUSANDS

from .infer import is_null

Mark = Literal[".", ","]
MARKS: tuple[Mark, Mark] = (".", ",")
_SEPARATED = r"^-?[0-9][0-9.,' \x{2019}\x{a0}\x{202f}]*$"
_UNGROUPED = r"^-?[0-9]{4}"


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """How numbers are written, and what speaks for it."""

    decimal_mark: Mark
    thousands: str | None
    evidence: str

    def canonical(self, text: pl.Expr) -> pl.Expr:
        """Numbers as Polars reads them; null markers have nothing that this changes."""
        if self.thousands:
            text = text.str.replace_all(self.thousands, "", literal=True)
        return text.str.replace(",", ".", literal=True) if self.decimal_mark == "," else text

    def canonical_of(self, values: pl.Series) -> pl.Series:
        """The same for a column in hand."""
        return values.to_frame("text").select(self.canonical(pl.col("text"))).to_series()


class StyleTally:
    """What one column still can be. `alive` are the decimal marks with which every value so far is a number."""

    def __init__(self, decimal_mark: Mark | None, thousands: str | None) -> None:
        allowed = MARKS if decimal_mark is None else (decimal_mark,)
        self.alive: list[Mark] = [mark for mark in allowed if mark != thousands]
        self._declared_mark = decimal_mark
        self._declared_thousands = thousands
        self._groups: dict[Mark, str | None] = dict.fromkeys(self.alive)
        self._with_decimals: dict[Mark, str] = {}
        self._ungrouped = False
        self._example: str | None = None
        self._pointed = False

    def take_plain(self, values: pl.Series) -> None:
        """Take values that are whole numbers without separators, or null."""
        self._ungrouped = self._ungrouped or bool(values.str.contains(_UNGROUPED).any())

    def add(self, values: pl.Series) -> dict[Mark, pl.Series]:
        """Take a block's values; return them as plain numbers, for each mark with which all of them are numbers."""
        filled = values.filter(~is_null(values))
        if not filled.len():
            return {}
        # The first value alone rules out almost every column of text, at no cost.
        if not filled.head(1).str.contains(_SEPARATED).all() or not filled.str.contains(_SEPARATED).all():
            self.alive = []
            return {}
        self.take_plain(filled)
        separated = filled.filter(filled.str.contains(r"[^0-9-]"))
        if self._example is None and separated.len():
            self._example = str(separated[0])[:80]
        self._pointed = self._pointed or bool(separated.str.contains("[.,]").any())
        seen = [mark for mark in THOUSANDS if separated.str.contains(mark, literal=True).any()]
        self.alive = [mark for mark in self.alive if self._fits(mark, filled, separated, seen)]
        return {mark: NumberStyle(mark, self._groups[mark], "").canonical_of(values) for mark in self.alive}

    def conclude(self, *, comma_elsewhere: bool) -> tuple[NumberStyle | None, str | None]:
        """The style that is certain, or why there is none although all values look like numbers.

        `comma_elsewhere` says that another column of the file has decimal commas.
        """
        if self._example is None or not self.alive:
            return None, None
        if len(self.alive) > 1 and self._pointed:
            return None, self._question(comma_elsewhere=comma_elsewhere)
        mark = self.alive[0]
        group = self._groups[mark]
        if self._needs_decimals(mark, group):
            return None, (
                f"{self._example!r} could be a number with {group!r} between thousands, or no number at all: "
                f"send thousands={group} if it is one"
            )
        return NumberStyle(mark, group, self._evidence(mark)), None

    @property
    def is_decimal_comma(self) -> bool:
        """Whether the decimal comma is certain."""
        return self.alive == [","] and "," in self._with_decimals

    def _fits(self, mark: Mark, filled: pl.Series, separated: pl.Series, seen: list[str]) -> bool:
        groups = {one for one in seen if one != mark} | ({self._groups[mark]} - {None})
        if len(groups) > 1 or (groups and self._declared_thousands not in {None, *groups}):
            return False
        group = groups.pop() if groups else None
        if (group and self._ungrouped) or not filled.str.contains(number_pattern(mark, group)).all():
            return False
        self._groups[mark] = group
        if mark not in self._with_decimals and mark in seen:
            self._with_decimals[mark] = str(separated.filter(separated.str.contains(mark, literal=True))[0])[:80]
        return True

    def _needs_decimals(self, mark: Mark, group: str | None) -> bool:
        declared = self._declared_thousands or (self._declared_mark and group in MARKS)
        return group is not None and group != "," and not declared and mark not in self._with_decimals

    def _question(self, *, comma_elsewhere: bool) -> str:
        elsewhere = ", and another column has decimal commas" if comma_elsewhere else ""
        return (
            f"{self._example!r} could have thousands or decimals, and no value of the column settles which{elsewhere}: "
            "send decimal_mark"
        )

    def _evidence(self, mark: Mark) -> str:
        if self._declared_mark or self._declared_thousands:
            return "declared"
        shown = self._with_decimals.get(mark, self._example)
        return f"detected: every value is a number so, for example {shown!r}, and not every one otherwise"


@lru_cache(maxsize=32)
def number_pattern(mark: Mark, group: str | None) -> str:
    """What a number looks like with this decimal mark and this separator of thousands."""
    whole = "[1-9][0-9]*" if group is None else f"[1-9][0-9]{{0,2}}(?:{re.escape(group)}[0-9]{{3}})*"
    return f"^-?(?:0|{whole})(?:{re.escape(mark)}[0-9]+)?$"
