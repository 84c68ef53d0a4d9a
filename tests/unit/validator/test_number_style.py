"""How a column writes its numbers: certain, or left as text with the reason."""

from __future__ import annotations

import polars as pl
import pytest

from services.validator.engine.number_style import Mark, StyleTally


def concluded(
    *blocks: tuple[str, ...], decimal_mark: Mark | None = None, thousands: str | None = None
) -> tuple[tuple[str, str | None] | None, str | None]:
    tally = StyleTally(decimal_mark, thousands)
    for block in blocks:
        tally.add(pl.Series(list(block)))
    style, note = tally.conclude(comma_elsewhere=False)
    return (None if style is None else (style.decimal_mark, style.thousands)), note


@pytest.mark.parametrize(
    ("values", "style"),
    [
        (("1,5", "2"), (",", None)),
        (("0,234",), (",", None)),
        (("1234,567",), (",", None)),
        (("1.234,5", "-1.000"), (",", ".")),
        (("1,234.5", "1"), (".", ",")),
        (("1,234,567", "1,234"), (".", ",")),
        (("1 234,5", "1"), (",", " ")),
        (("1\u202f234,5", "NA", ""), (",", "\u202f")),
        (("1'234.5", "2"), (".", "'")),
        (("1,5", "1,234"), (",", None)),
    ],
)
def test_a_style_that_is_certain(values: tuple[str, ...], style: tuple[str, str | None]) -> None:
    assert concluded(values) == (style, None)
    one_by_one = [(value,) for value in values]
    assert concluded(*one_by_one) == (style, None)
    assert concluded(*reversed(one_by_one)) == (style, None)


@pytest.mark.parametrize(
    ("values", "asked"),
    [
        (("1,234", "5"), "decimal_mark"),
        (("1.234",), "decimal_mark"),
        (("552 100 554",), "thousands"),
        (("1'234",), "thousands"),
        (("192.168.100.200",), "thousands"),
    ],
)
def test_what_is_left_open_is_asked(values: tuple[str, ...], asked: str) -> None:
    style, note = concluded(values)
    assert style is None
    assert f"send {asked}" in (note or "")


@pytest.mark.parametrize(
    "values",
    [
        ("1,5", "x"),
        ("1,5", "1.5"),
        ("1,234.5", "1234.5"),
        ("1234", "1.234,5"),
        ("1.234,5", "1 234,5"),
        ("1,23,456",),
        ("+1,5",),
        ("01,5",),
        ("1,5e3",),
        (",5",),
        ("12.05.2024",),
        ("word",),
        ("", "NA"),
        ("12", "3"),
    ],
)
def test_what_is_no_number_in_any_style(values: tuple[str, ...]) -> None:
    assert concluded(values) == (None, None)
    assert concluded(*[(value,) for value in values]) == (None, None)


@pytest.mark.parametrize(
    ("values", "declared", "style"),
    [
        (("1,234",), {"decimal_mark": ","}, (",", None)),
        (("1.234",), {"decimal_mark": ","}, (",", ".")),
        (("1,234",), {"decimal_mark": "."}, (".", ",")),
        (("1,234",), {"thousands": ","}, (".", ",")),
        (("552 100 554",), {"thousands": " "}, (".", " ")),
        (("1.5",), {"decimal_mark": ","}, None),
        (("1'234",), {"thousands": " "}, None),
    ],
)
def test_what_is_declared_is_believed(
    values: tuple[str, ...], declared: dict[str, str], style: tuple[str, str | None] | None
) -> None:
    found, note = concluded(values, **declared)  # type: ignore[arg-type] # a mark is one of two
    assert (found, note) == (style, None)


def test_numbers_are_written_as_polars_reads_them() -> None:
    tally = StyleTally(None, None)
    values = pl.Series(["1.234.567,5", "-1.000", "NA", "12"])
    converted = tally.add(values)
    assert converted[","].to_list() == ["1234567.5", "-1000", "NA", "12"]
    style, _ = tally.conclude(comma_elsewhere=False)
    assert style is not None
    assert style.canonical_of(values).to_list() == converted[","].to_list()
