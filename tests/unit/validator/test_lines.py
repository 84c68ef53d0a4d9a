"""Lines are found one by one as if all were cut, and numbers without some as if they were listed."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.validator.engine import lines
from services.validator.engine.lines import Lines
from services.validator.engine.odd_lines import Without

TEXTS = st.lists(st.sampled_from(["a", "bcd", "", "ä"]).map(str.encode), max_size=30)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


@settings(deadline=None)
@given(
    pieces=TEXTS,
    end=ENDS,
    other=ENDS,
    rest=st.sampled_from([b"", b"x"]),
    data=st.data(),
    size=st.sampled_from([1, 5, 64]),
)
def test_a_line_is_found_without_cutting_the_others(
    pieces: list[bytes], end: bytes, other: bytes, rest: bytes, data: st.DataObject, size: int
) -> None:
    text = b"".join(piece + (other if number % 3 else end) for number, piece in enumerate(pieces)) + rest
    whole = text.splitlines(keepends=True)
    begins = list(accumulate(map(len, whole), initial=0))
    wanted = data.draw(st.lists(st.sampled_from(range(len(whole))), unique=True).map(sorted)) if whole else []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_PIECE_BYTES", size)
        found = Lines(text)
        assert [(found[n], found.offset(n)) for n in wanted] == [(whole[n], begins[n]) for n in wanted]
        parts = list(Lines(text).pieces(wanted))
    assert [n for numbers, _, _ in parts for n in numbers] == wanted
    assert [line for _, cut, _ in parts for line in cut] == [whole[n] for n in wanted]
    assert [offset for _, _, offsets in parts for offset in offsets] == [begins[n] for n in wanted]


@settings(deadline=None)
@given(end=st.integers(0, 20), data=st.data(), plus=st.integers(0, 1))
def test_numbers_without_some_are_those_that_are_left(end: int, data: st.DataObject, plus: int) -> None:
    left_out = data.draw(st.lists(st.sampled_from(range(end)), unique=True).map(sorted)) if end else []
    listed = [number + plus for number in range(end) if number not in left_out]
    found = Without(end, left_out, plus)
    assert (len(found), list(found), found[1:5]) == (len(listed), listed, listed[1:5])
    assert [found[at] for at in range(-len(listed), len(listed))] == listed * 2
    with pytest.raises(IndexError):
        found[len(listed)]
