"""Text without quotes: against a reading of each line by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.validator.engine.plain import cut_plain, find_long_line

ENDS = ("\n", "\r\n", "\r")
CELLS = st.sampled_from(["", "a", "xé", " ", r"\N", "#", "NA", "1.5", "\x00", "\ufeff"])


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, int]:
    """A text and the number of fields that its good lines have; some have more or fewer, or nothing."""
    width = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(CELLS, max_size=width + 2), max_size=8))
    full = draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=4))
    ends = draw(st.lists(st.sampled_from(ENDS), min_size=len(rows + full), max_size=len(rows + full)))
    text = "".join(",".join(row) + end for row, end in zip(full + rows, ends, strict=True))
    return text.rstrip("\r\n") if draw(st.booleans()) else text, width


@given(texts())
def test_a_line_is_good_when_it_has_all_its_fields(drawn: tuple[str, int]) -> None:
    text, width = drawn
    lines = text.encode().splitlines(keepends=True)
    bare = [line.rstrip(b"\r\n").decode() for line in lines]
    odd = [number for number, line in enumerate(bare) if not line or line.count(",") != width - 1]
    cut = cut_plain(text.encode(), ",", width)
    assert cut.odd == odd
    assert [list(row) for row in cut.frame.rows()] == [
        line.split(",") for number, line in enumerate(bare) if number not in odd
    ]
    assert (len(cut.lines), list(cut.lines)) == (len(lines), lines)


def test_a_field_too_many_does_not_make_up_for_one_too_few() -> None:
    # Polars takes the last line for one of two fields, and together they have as many delimiters as two good ones.
    assert cut_plain(b"a\n,b,", ",", 2).odd == [0, 1]


@pytest.mark.parametrize(
    "odd", [[0], [1999], [7, 8, 9], list(range(0, 1000, 20)), list(range(0, 1000, 19)), list(range(2000))]
)
def test_few_and_many_odd_lines_are_found_among_many_good_ones(odd: list[int]) -> None:
    lines = ["a,b,c"] * 2000
    for number in odd:
        lines[number] = ("", "a,b", "a,b,c,d")[number % 3]
    cut = cut_plain("\n".join(lines).encode(), ",", 3)
    assert cut.odd == odd
    assert cut.blank == [number for number in odd if number % 3 == 0 and number != 1999]
    assert cut.frame.height == 2000 - len(odd)


@given(st.text("ab\r\n", max_size=40), st.integers(1, 9))
def test_a_long_line_is_found_wherever_it_stands(text: str, longest: int) -> None:
    bare = (line.rstrip(b"\r\n") for line in text.encode().splitlines(keepends=True))
    assert find_long_line(text.encode(), longest) == any(len(line) > longest for line in bare)
