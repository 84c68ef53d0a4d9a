from __future__ import annotations

import pytest

from services.submitter.slots import Room, Sizes, cost, cut, sub_tasks_in
from tests.unit.submitter.turns import waiting


@pytest.mark.parametrize(
    ("parts", "most", "slots"), [(1, 1, 1), (1, 8, 1), (3, 1, 1), (2, 2, 3), (3, 2, 3), (3, 8, 4), (0, 8, 1)]
)
def test_what_a_load_costs_and_what_runs_in_that(parts: int, most: int, slots: int) -> None:
    assert cost(parts=parts, most_sub_tasks=most) == slots
    assert sub_tasks_in(slots) == max(1, min(parts, most))


@pytest.mark.parametrize(("slots", "most", "given"), [(9, 9, 9), (9, 5, 5), (9, 3, 3), (9, 2, 1), (4, 0, 1), (1, 5, 1)])
def test_what_is_left_of_a_load_that_is_larger_than_the_cluster(slots: int, most: int, given: int) -> None:
    """Two slots are of no use: a leader and one sub-task do in two slots what one task does in one."""
    assert cut(slots, most=most) == given


@pytest.mark.parametrize(
    ("rows", "size", "small"), [(100, 1000, True), (101, 1, False), (1, 1001, False), (0, 0, True)]
)
def test_a_file_is_small_by_both_its_rows_and_its_bytes(rows: int, size: int, small: bool) -> None:  # noqa: FBT001  # a table of cases
    sizes = Sizes(small_rows=100, small_bytes=1000, most_sub_tasks=4)
    assert sizes.is_small(rows=rows, size_bytes=size) is small
    assert sizes.slots(rows=rows, size_bytes=size, parts=4) == (1 if small else 5)


@pytest.mark.parametrize(("rows", "parts", "slots"), [(1, 1, 2), (1, 4, 2), (1000, 1, 2), (1000, 4, 5)])
def test_what_is_partitioned_by_range_has_a_sub_task_at_least(rows: int, parts: int, slots: int) -> None:
    """Druid makes range partitions in sub-tasks only; with a single one it takes two slots."""
    sizes = Sizes(small_rows=100, small_bytes=1000, most_sub_tasks=4)
    assert sizes.slots(rows=rows, size_bytes=1, parts=parts, by_range=True) == slots
    assert sub_tasks_in(2) == 1
    assert [cut(2, most=most) for most in (1, 2, 3)] == [1, 2, 2]


def test_with_one_slot_nothing_is_kept() -> None:
    assert Room(1, 0, 0).fits(waiting(1), reserved=False)
    assert not Room(2, 0, 1).fits(waiting(1), reserved=False)
    assert Room(2, 0, 1).fits(waiting(1, small=True), reserved=True)
