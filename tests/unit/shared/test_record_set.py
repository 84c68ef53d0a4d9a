"""Sets of record numbers behave as sets, and their text is read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.record_set import MAX_TEXT_BYTES, RecordSet, carried

records = st.sets(st.integers(1, 40))


@given(st.lists(st.integers(1, 40)))
def test_records_in_any_order_and_any_copies_are_a_set(numbers: list[int]) -> None:
    found = RecordSet(numbers)
    assert [n for n in range(50) if n in found] == sorted(set(numbers))
    assert (len(found), bool(found)) == (len(set(numbers)), bool(numbers))


@given(records, records)
def test_union_and_difference_are_those_of_sets(one: set[int], other: set[int]) -> None:
    assert RecordSet(one) | RecordSet(other) == RecordSet(one | other)
    assert RecordSet(one) - RecordSet(other) == RecordSet(one - other)


@given(records)
def test_its_text_is_read_back(numbers: set[int]) -> None:
    assert RecordSet.parse(str(RecordSet(numbers))) == RecordSet(numbers)


def test_neighbours_are_written_as_ranges() -> None:
    assert str(RecordSet([101, 3, 77, 100, 4])) == "3-4,77,100-101"
    assert RecordSet.parse(" 100-101, 3,77 ,2-4") == RecordSet([2, 3, 4, 77, 100, 101])


@pytest.mark.parametrize("text", ["0", "a", "3-", "5-3", "-4", "1.5", "1" * 19])
def test_what_is_no_range_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is no record number"):
        RecordSet.parse(f"1,{text}")


def test_a_text_that_no_event_should_carry_is_left_out() -> None:
    assert carried(RecordSet(range(1, 1_000_000))) == "1-999999"
    scattered = RecordSet(range(1, 1_000_000, 2))
    assert len(str(scattered)) > MAX_TEXT_BYTES
    assert carried(scattered) is None
