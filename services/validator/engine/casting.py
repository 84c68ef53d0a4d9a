"""The cells of a column whose type is known: which of them are of it, and what they are.

Nothing is inferred here, and nothing is lost: what a double or the scale of a decimal would round is not of the type.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import polars as pl

from .infer import NULL_MARKERS, CellType, fits, is_null
from .isotext import iso_text
from .number_style import NumberStyle, number_pattern
from .patterns import EPOCHS, ISO
from .timestamps import parse_times
from .verdict import ExpectedColumn
from .zones import UTC

_NUMBERS = ("long", "double", "decimal")
_INSTANT = "%Y-%m-%dT%H:%M:%S%.3fZ"
DECIMAL_DIGITS = 38


@dataclass(frozen=True, slots=True)
class Cells:
    """`text` is as the parts have it, empty where a value is null or not of the type; `fit` are the others."""

    text: pl.Series
    fit: pl.Series


def null_cells(values: pl.Series, column: ExpectedColumn) -> pl.Series:
    """Which values count as null: in text the empty one alone."""
    if column.type in ("text", "json"):
        return values == ""
    markers = NULL_MARKERS if column.null_markers is None else ("", *column.null_markers)
    return values.is_in(list(markers))


def read_cells(values: pl.Series, column: ExpectedColumn) -> Cells:
    """Judge every value of a column. The time of the rows is judged with the times, and fits here."""
    every = pl.repeat(value=True, n=values.len(), eager=True)
    if column.type in ("time", "text"):
        return Cells(values, every)
    null = null_cells(values, column)
    text, fit = _of_type(_where(values, ~null), null, column)
    fit = (fit & ~null).fill_null(value=False)
    return Cells(_where(text, fit).fill_null(""), fit | null)


def typed(text: pl.Series, column: ExpectedColumn) -> pl.Series:
    """What `read_cells` has found, in the type of Polars that a contract's checks take; a decimal has a scale."""
    found = _where(text, text != "")
    match column.type:
        case "long" | "double" | "decimal":
            number = pl.Decimal(DECIMAL_DIGITS, column.scale or 0)
            found = found.cast({"long": pl.Int64(), "double": pl.Float64(), "decimal": number}[column.type])
        case "boolean":
            found = found.str.to_lowercase() == "true"
        case "date":
            found = found.str.to_date("%Y-%m-%d")
        case "timestamp":
            found = parse_times(found, ISO, column.zone or UTC).ms.cast(pl.Datetime("ms", UTC))
    return found


def _of_type(values: pl.Series, null: pl.Series, column: ExpectedColumn) -> tuple[pl.Series, pl.Series]:
    match column.type:
        case "long" | "double" | "decimal":
            return _numbers(values, column)
        case "boolean":
            return values, values.str.contains(r"^(?i:true|false)$")
        case "json":
            return values, pl.Series([value is not None and _is_json(value) for value in values], dtype=pl.Boolean)
        case _:
            return _times(values, null, column)


def _numbers(values: pl.Series, column: ExpectedColumn) -> tuple[pl.Series, pl.Series]:
    text = values
    written = pl.repeat(value=True, n=values.len(), eager=True)
    if column.decimal_mark != "." or column.thousands is not None:
        mark, group = column.decimal_mark, column.thousands
        written = values.str.contains(number_pattern(mark, None))
        if group is not None:
            written |= values.str.contains(number_pattern(mark, group))
        text = NumberStyle(mark, group, "declared").canonical_of(values)
    # `fits` takes the engine's own null markers, too; which of them count here was told before.
    kind: CellType = "long" if column.type == "long" else "double" if column.type == "double" else "decimal"
    plain = text.fill_null("")
    fit = written & fits(plain, kind) & ~is_null(plain)
    if kind != "decimal":
        return text, fit
    if column.scale is not None:
        digits = text.str.strip_chars_start("-")
        behind = digits.str.extract(r"\.([0-9]*)$").str.strip_chars_end("0").str.len_bytes().fill_null(0)
        before = digits.str.extract(r"^([0-9]*)").str.strip_chars_start("0").str.len_bytes().fill_null(0)
        fit &= (behind <= column.scale) & (before <= DECIMAL_DIGITS - column.scale)
    return text, fit


def _times(values: pl.Series, null: pl.Series, column: ExpectedColumn) -> tuple[pl.Series, pl.Series]:
    time_format = column.time_format or ISO
    times = parse_times(values, time_format, column.zone or UTC)
    fit = times.ms.is_not_null()
    if column.type == "date":
        if time_format not in EPOCHS:
            fit &= ~times.clocked.fill_null(value=False)
        days = _where(times.ms, fit).cast(pl.Datetime("ms")).dt.strftime("%Y-%m-%d")
        return days, fit
    if column.zone is None:
        return iso_text(_where(values, fit & ~null).fill_null(""), time_format, "timestamp"), fit
    instants = _where(times.ms, fit).cast(pl.Datetime("ms", UTC)).dt.strftime(_INSTANT)
    return instants.str.replace(".000Z", "Z", literal=True), fit


def _is_json(value: str) -> bool:
    try:
        json.loads(value, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return False
    return True


def _no_constant(name: str) -> None:
    msg = f"{name} is no JSON"
    raise ValueError(msg)


def _where(values: pl.Series, keep: pl.Series) -> pl.Series:
    """`values` with null where `keep` is not true."""
    frame = pl.DataFrame([values.alias("values"), keep.alias("keep")])
    return frame.select(pl.when("keep").then("values")).to_series()
