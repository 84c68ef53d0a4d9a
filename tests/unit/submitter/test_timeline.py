"""Which segments can be seen: Druid's rule, on small sets."""

from __future__ import annotations

import pytest

from services.submitter.timeline import emptied, overlap, torn, visible
from shared.druid import ETERNITY
from shared.druid_segments import Segment

YEAR, FIRST, SECOND = "2013-01-01/2014-01-01", "2013-01-01/2013-07-01", "2013-07-01/2014-01-01"
EPOCH = "1970-01-01T00:00:00.000Z"


def one(name: str, interval: str = YEAR, version: str = "1", partition: int = 0, core: int = 0) -> Segment:
    return Segment(name, interval, version, partition, core)


@pytest.mark.parametrize(
    ("segments", "seen"),
    [
        ([], ""),
        ([one("a"), one("b", partition=1)], "ab"),
        ([one("a"), one("b", version="2")], "b"),
        ([one("a"), one("b", FIRST, "2")], "ab"),
        ([one("a"), one("b", FIRST, "2"), one("c", SECOND, "3")], "bc"),
        ([one("a", FIRST), one("b", YEAR, "2"), one("c", SECOND, "3")], "bc"),
        ([one("a", ETERNITY), one("b", YEAR, "2")], "ab"),
        ([one("a", YEAR), one("b", ETERNITY, "2")], "b"),
    ],
)
def test_what_can_be_seen(segments: list[Segment], seen: str) -> None:
    assert {segment.id for segment in visible(segments)} == set(seen)
    assert {segment.id for segment in visible(reversed(segments))} == set(seen)


def test_intervals_that_only_touch_have_no_moment_in_common() -> None:
    assert not overlap(FIRST, SECOND)
    assert overlap(YEAR, SECOND)
    assert overlap(ETERNITY, FIRST)


def test_what_stays_without_a_core_partition_is_torn() -> None:
    core, other = one("a", partition=0, core=2), one("b", partition=1, core=2)
    appended, elsewhere = one("c", partition=2, core=2), one("d", version="2")
    assert torn([other, appended, elsewhere], [core]) == {other, appended}
    assert torn([core, other, elsewhere], [appended]) == set()


@pytest.mark.parametrize(
    ("used", "unused", "answer"),
    [
        ([], [], False),
        ([], [one("a", version=EPOCH)], True),
        ([], [one("a", version="2026-01-01T00:00:00.000Z")], False),
        ([one("b", version=EPOCH)], [one("a", version=EPOCH)], False),
        ([one("b", FIRST, EPOCH)], [one("a", SECOND, EPOCH)], True),
    ],
)
def test_time_is_emptied_where_only_segments_of_the_shared_lock_are_left(
    used: list[Segment], unused: list[Segment], *, answer: bool
) -> None:
    assert emptied(used, unused) is answer
