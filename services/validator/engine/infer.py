"""The narrowest type that holds every value of a column, over all rows: boolean, long, double, decimal, else text.

- boolean: `true` or `false` in any case. `yes` and `no` stay text: a file in which only `NO` occurs may mean Norway,
  and a column must not be `false` in one load and `no` in the next.
- long: a whole number in 64 bits, written without leading zeros, `+` or `-0`.
- double: a decimal or an exponent, finite, of which a double keeps every digit: up to 15 significant digits always, 16
  or 17 when the double, written with 17 digits or as short as can be, is the same number: `48.053808600000004` is how R
  and C print a double. Whole numbers join a double column while they are exact
  in a double, up to 2^53.
- decimal: written without an exponent, of any number of digits; whole numbers join within 64 bits. It is kept as text.
- The null markers count as null in all of these, and in dates. In text only the empty string is: Namibia stays `NA`.

Dates and timestamps are told by `timescore`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import polars as pl

NULL_MARKERS = ("", "NA", "N/A", "n/a", "null", "NULL", r"\N", "-", "NaN", "nan", "None")
_LONGEST_MARKER = max(map(len, NULL_MARKERS))
_EXACT_IN_DOUBLE = 2**53
_ALWAYS_KEPT_DIGITS = 15
_MAX_DIGITS = 17
_SHOWN_CHARS = 200

_LONG = r"^(?:0|-?[1-9][0-9]{0,18})$"
_DECIMAL = r"^-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)$"
_DOUBLE = r"^-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?$"
_BOOLEAN = r"^(?i:true|false)$"
# At most 15 digits: what matches needs no look at its value.
_SURE_LONG = r"^(?:0|-?[1-9][0-9]{0,14})$"
_SURE_DOUBLE = r"^-?(?:0|[1-9][0-9]{0,6})(?:\.[0-9]{0,8})?$"

CellType = Literal["boolean", "long", "double", "decimal"]
NUMBER_TYPES: tuple[CellType, ...] = ("long", "double", "decimal")
RecordOf = Callable[[int], int]


@dataclass(frozen=True, slots=True)
class Refusal:
    """The first value that is not of a type, and the data record it stands in."""

    value: str
    record: int


def is_null(values: pl.Series) -> pl.Series:
    """Which values of a boolean, number or time column count as null."""
    lengths = values.str.len_bytes()
    shortest = lengths.min()
    if isinstance(shortest, int) and shortest > _LONGEST_MARKER:
        return lengths < 0
    return values.is_in(list(NULL_MARKERS))


def fits(values: pl.Series, cell_type: CellType) -> pl.Series:
    """Which values stand in a column of the type without a loss; nulls do in any."""
    return is_null(values) | _TESTS[cell_type](values).fill_null(value=False)


def is_number(value: str) -> bool:
    """Whether one value would be a long or a double."""
    values = pl.Series([value])
    return bool((_longs(values) | _doubles(values)).any())


def first_refusal(values: pl.Series, fits: pl.Series, rows: pl.Series, record_of: RecordOf) -> Refusal | None:
    """The first of `values` that does not fit; `rows` are their positions in the block."""
    refused = (~fits).arg_true()
    if not refused.len():
        return None
    return Refusal(str(values[refused[0]])[:_SHOWN_CHARS], record_of(int(rows[refused[0]])))


class TypeTally:
    """What one column still can be.

    `refusals` has the types that it cannot be, with the first value that refused each; `supported` those that some
    value was seen to be of.
    """

    def __init__(self) -> None:
        self.refusals: dict[CellType, Refusal] = {}
        self.supported: set[CellType] = set()

    @property
    def has_numbers(self) -> bool:
        """Whether some value is of a number type."""
        return not self.supported.isdisjoint(NUMBER_TYPES)

    @property
    def is_text(self) -> bool:
        """Whether no later value can make it a boolean or number column."""
        return len(self.refusals) == len(NUMBER_TYPES) + 1

    @property
    def type(self) -> CellType | None:
        """The type by what was seen so far; None when it is another, or nothing but nulls was seen."""
        if "boolean" in self.supported and "boolean" not in self.refusals:
            return "boolean"
        if not self.has_numbers:
            return None
        return next((kind for kind in NUMBER_TYPES if kind not in self.refusals), None)

    @property
    def sure_pattern(self) -> str:
        """A cheap test: what matches is of every number type that is still open, or else a boolean."""
        if "long" not in self.refusals:
            return _SURE_LONG
        return _BOOLEAN if all(kind in self.refusals for kind in NUMBER_TYPES) else _SURE_DOUBLE

    @property
    def _sure_type(self) -> CellType:
        if "long" not in self.refusals:
            return "long"
        return next((kind for kind in NUMBER_TYPES if kind not in self.refusals), "boolean")

    def add(self, values: pl.Series, sure: pl.Series, record_of: RecordOf) -> bool:
        """Take a block's values, with those known to match `sure_pattern`.

        `record_of` gives the record number of a row of the block. True when all values are plain numbers or null.
        """
        by_number = self.sure_pattern != _BOOLEAN
        some_sure = bool(sure.any())
        if some_sure:
            self.supported.add(self._sure_type)
        rows = (~sure).arg_true()
        odd = values.gather(rows)
        keep = ~is_null(odd)
        odd, rows = odd.filter(keep), rows.filter(keep)
        if by_number and some_sure and "boolean" not in self.refusals:
            self._refuse_boolean(values, sure, odd, rows, record_of)
        if odd.len():
            self._add_odd(odd, rows, record_of)
        return by_number and not odd.len()

    def _refuse_boolean(
        self, values: pl.Series, sure: pl.Series, odd: pl.Series, rows: pl.Series, record_of: RecordOf
    ) -> None:
        """Some plain number is no boolean; another value before it may be none either."""
        row = int(sure.arg_true()[0])
        before = rows < row
        other = first_refusal(odd.filter(before), _booleans(odd.filter(before)), rows.filter(before), record_of)
        self.refusals["boolean"] = other or Refusal(str(values[row]), record_of(row))

    def _add_odd(self, odd: pl.Series, rows: pl.Series, record_of: RecordOf) -> None:
        for kind, test in _TESTS.items():
            if kind in self.refusals:
                continue
            fits = test(odd)
            if fits.any():
                self.supported.add(kind)
            if refusal := first_refusal(odd, fits, rows, record_of):
                self.refusals[kind] = refusal


def _booleans(values: pl.Series) -> pl.Series:
    return values.str.contains(_BOOLEAN)


def _longs(values: pl.Series) -> pl.Series:
    return values.str.contains(_LONG) & values.cast(pl.Int64, strict=False).is_not_null()


def _decimals(values: pl.Series) -> pl.Series:
    """Has a point, or is a whole number of 64 bits."""
    whole = values.cast(pl.Int64, strict=False).is_not_null()
    return values.str.contains(_DECIMAL) & (values.str.contains(".", literal=True) | whole)


def _doubles(values: pl.Series) -> pl.Series:
    """Fits a double: a finite decimal of few digits that is not rounded to zero, or a whole number that is exact."""
    number = values.cast(pl.Float64, strict=False)
    mantissa = values.str.strip_chars_start("-").str.replace(r"[eE].*$", "").str.replace(".", "", literal=True)
    digits = mantissa.str.strip_chars("0").str.len_bytes()
    vanished = (number == 0) & (digits > 0)
    fractional = values.str.contains("[.eE]") & (digits <= _MAX_DIGITS) & number.is_finite() & ~vanished
    whole = values.cast(pl.Int64, strict=False).is_between(-_EXACT_IN_DOUBLE, _EXACT_IN_DOUBLE)
    fits = (values.str.contains(_DOUBLE) & (fractional | whole)).fill_null(value=False)
    doubtful = (fits & ~whole.fill_null(value=False) & (digits > _ALWAYS_KEPT_DIGITS)).arg_true()
    rounded = [row for row in doubtful if not _is_kept(values[row])]
    return fits.scatter(rounded, values=False) if rounded else fits


def _is_kept(value: str) -> bool:
    """Whether the double that is nearest to the value is written as the same number, in short or in full."""
    number, written = float(value), Decimal(value)
    return written in {Decimal(repr(number)), Decimal(f"{number:.17g}")}


_TESTS: dict[CellType, Callable[[pl.Series], pl.Series]] = {
    "boolean": _booleans,
    "long": _longs,
    "double": _doubles,
    "decimal": _decimals,
}
