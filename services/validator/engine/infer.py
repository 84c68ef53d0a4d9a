"""The narrowest type that holds every value of a column, over all rows: long, double, else string.

- long: a whole number in 64 bits, written without leading zeros, `+` or `-0`.
- double: a decimal or an exponent, finite, of which a double keeps every digit: up to 15 significant digits always, 16
  or 17 when the shortest text of the double is the same number. Whole numbers join a double column while they are exact
  in a double, up to 2^53.
- The null markers count as null in number columns. In text only the empty string is null: Namibia stays `NA`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from .verdict import ColumnType

NULL_MARKERS = ("", "NA", "N/A", "n/a", "null", "NULL", r"\N", "-", "NaN", "nan", "None")
_EXACT_IN_DOUBLE = 2**53
_ALWAYS_KEPT_DIGITS = 15
_MAX_DIGITS = 17

_LONG = r"^(?:0|-?[1-9][0-9]{0,18})$"
_DOUBLE = r"^-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?$"
# At most 15 digits: what matches needs no look at its value.
_SURE_LONG = r"^(?:0|-?[1-9][0-9]{0,14})$"
_SURE_DOUBLE = r"^-?(?:0|[1-9][0-9]{0,6})(?:\.[0-9]{0,8})?$"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The first value that is not of a type, and the data record it stands in."""

    value: str
    record: int


def is_null(values: pl.Series) -> pl.Series:
    """Which values of a number or time column count as null."""
    return values.is_in(list(NULL_MARKERS))


def fits(values: pl.Series, column_type: ColumnType) -> pl.Series:
    """Which values stand in a column of the type without a loss; nulls do in any."""
    if column_type == "string":
        return pl.repeat(value=True, n=values.len(), eager=True)
    return is_null(values) | (_longs(values) if column_type == "long" else _doubles(values)).fill_null(value=False)


def is_number(value: str) -> bool:
    """Whether one value would be a long or a double."""
    values = pl.Series([value])
    return bool((_longs(values) | _doubles(values)).any())


class TypeTally:
    """What one column still can be. `long_refusal` and `double_refusal` are None while it can."""

    def __init__(self) -> None:
        self.long_refusal: Refusal | None = None
        self.double_refusal: Refusal | None = None
        self.has_numbers = False

    @property
    def is_text(self) -> bool:
        """Whether no later value can make it a number column."""
        return self.long_refusal is not None and self.double_refusal is not None

    @property
    def type(self) -> ColumnType:
        """The type by what was seen so far; a column without any number is text."""
        if not self.has_numbers or self.is_text:
            return "string"
        return "long" if self.long_refusal is None else "double"

    @property
    def sure_pattern(self) -> str:
        """A cheap test: what matches is of every type that is still open."""
        return _SURE_LONG if self.long_refusal is None else _SURE_DOUBLE

    def add(self, values: pl.Series, sure: pl.Series, record_of_row: list[int] | None, first_record: int) -> None:
        """Take a block's values, with those known to match `sure_pattern`; rows are mapped to record numbers."""
        self.has_numbers = self.has_numbers or bool(sure.any())
        odd_rows = (~sure).arg_true()
        odd = values.gather(odd_rows)
        keep = ~is_null(odd)
        odd, odd_rows = odd.filter(keep), odd_rows.filter(keep)
        if not odd.len():
            return
        longs, doubles = _longs(odd), _doubles(odd)
        self.has_numbers = self.has_numbers or bool((longs | doubles).any())

        def refusal(fits: pl.Series) -> Refusal | None:
            refused = (~fits).arg_true()
            if not refused.len():
                return None
            row = int(odd_rows[refused[0]])
            record = first_record + (row if record_of_row is None else record_of_row[row])
            return Refusal(str(odd[refused[0]])[:200], record)

        self.long_refusal = self.long_refusal or refusal(longs)
        self.double_refusal = self.double_refusal or refusal(doubles)


def _longs(values: pl.Series) -> pl.Series:
    return values.str.contains(_LONG) & values.cast(pl.Int64, strict=False).is_not_null()


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
    """Whether the double that is nearest to the value is written as the same number."""
    return Decimal(repr(float(value))) == Decimal(value)
