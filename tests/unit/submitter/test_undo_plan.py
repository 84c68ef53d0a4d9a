"""What an undo marks, or why it marks nothing: each on the few segments that show it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from services.submitter.undo_plan import Marks, NotYet, Refused, Replaced, Sight, as_json, from_json, plan
from shared.druid_segments import Held, Segment

YEAR, NEXT = "2013-01-01/2014-01-01", "2014-01-01/2015-01-01"
OURS, OTHER = "m", "q"


def of(name: str, version: str = "1", interval: str = YEAR, partition: int = 0, core: int = 0) -> Segment:
    return Segment(name, interval, version, partition, core)


def tombstone(name: str, version: str = "2", interval: str = NEXT) -> Segment:
    return Segment(name, interval, version, tombstone=True)


def holds(name: str, first: str = OURS, last: str | None = None, rows: int = 2) -> Held:
    return Held(name, rows, first, last or first, nulls=False)


def sight(
    used: Sequence[Segment],
    held: Sequence[Held],
    *,
    rows: int | None = 2,
    replaced: Replaced | None = None,
    unused: Sequence[Segment] = (),
) -> Sight:
    return Sight(OURS, replaced, (YEAR, NEXT), used, held, unused, rows)


def refused(given: Sight) -> str:
    found = plan(given)
    assert isinstance(found, Refused)
    return found.why


FORMER = Replaced(frozenset({"a", "b"}), frozenset({"t"}))
BEFORE = [of("a"), of("b", partition=1), tombstone("t", "1")]


def test_an_append_leaves_the_segments_of_others() -> None:
    used = [of("a"), of("b", partition=1)]
    assert plan(sight(used, [holds("a", OTHER), holds("b")])) == Marks(("b",), (), ())


def test_what_lies_beneath_an_append_does_not_come_up() -> None:
    """A compaction has rewritten its segment alone, and the old ones are still in use."""
    used = [of("a"), of("b", partition=1), of("c", "2", core=1)]
    assert plan(sight(used, [holds("c")])) == Marks(("a", "b", "c"), (), ())


@pytest.mark.parametrize(("first", "last"), [("a", OURS), (OURS, "z"), ("a", "z")])
def test_rows_that_share_a_segment_are_not_taken(first: str, last: str) -> None:
    why = refused(sight([of("a"), of("b", partition=1)], [holds("a", first, last, 9), holds("b", rows=1)], rows=3))
    assert why.startswith("2 of its 3 rows stand in segments together with rows of other loads")


def test_nulls_are_rows_of_others() -> None:
    mixed = Held("a", 3, OURS, OURS, nulls=True)
    assert "2 of its 2 rows" in refused(sight([of("a")], [mixed]))


def test_a_core_partition_is_not_taken_out_of_its_set() -> None:
    used = [of("a", "2", partition=0, core=2), of("b", "2", partition=1, core=2)]
    assert "only be queried together" in refused(sight(used, [holds("a"), holds("b", OTHER)]))


@pytest.mark.parametrize("rows", [0, None])
def test_where_no_row_is_left_there_is_nothing_to_take_back(rows: int | None) -> None:
    assert "no row of it" in refused(sight([of("a", "2")], [holds("a", OTHER)], rows=rows))


def test_what_is_not_loaded_yet_is_looked_at_again() -> None:
    assert plan(sight([of("a"), of("b", partition=1)], [holds("a")])) == NotYet()


def test_a_replace_goes_with_its_tombstones_and_what_was_there_comes_back() -> None:
    used = [of("a"), of("x", "2"), tombstone("y")]
    found = plan(sight(used, [holds("x")], replaced=FORMER, unused=[of("b", partition=1), tombstone("t", "1")]))
    assert found == Marks(("x", "y"), ("a", "b", "t"), ("a", "b"))


def test_a_replace_of_nothing_leaves_nothing() -> None:
    assert plan(sight([of("x")], [holds("x")], replaced=Replaced(frozenset()))) == Marks(("x",), (), ())


def test_a_replace_under_a_later_load_is_not_taken() -> None:
    used = [of("x", "2", core=1), of("z", "2", partition=1, core=1)]
    why = refused(sight(used, [holds("x"), holds("z", "later")], replaced=FORMER, unused=BEFORE))
    assert "(task later)" in why


def test_a_replace_whose_past_is_deleted_is_not_taken() -> None:
    why = refused(sight([of("x", "2")], [holds("x")], replaced=FORMER, unused=[of("a")]))
    assert why.startswith("2 of the 3 segments that it had replaced are deleted")


def test_what_a_replace_takes_the_place_of_is_what_can_be_seen() -> None:
    hidden, seen, mark = of("a"), of("b", "2"), tombstone("t")
    assert Replaced.of([hidden, seen, mark], (YEAR, NEXT)) == Replaced(frozenset({"b"}), frozenset({"t"}))
    assert Replaced.of([hidden, seen, mark], (YEAR,)) == Replaced(frozenset({"b"}))


def test_what_lies_elsewhere_is_left_alone() -> None:
    """A replace of what its file touches: the other year is not its own, whoever has it."""
    other = of("o", interval=NEXT)
    touched = Sight(OURS, Replaced(frozenset({"a"})), (YEAR,), [of("x", "2"), other], [holds("x")], [of("a")], 2)
    assert plan(touched) == Marks(("x",), ("a",), ("a",))


def test_marks_are_kept_as_they_are() -> None:
    marks = Marks(("a",), ("b", "c"), ("b",))
    assert from_json(as_json(marks)) == marks
