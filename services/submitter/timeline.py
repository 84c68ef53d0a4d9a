"""Which of the segments in use can be seen: the newer version of a stretch of time hides the older ones.

Pure. The rule is Druid's (`VersionedIntervalTimeline`): a segment is hidden where segments of newer versions cover all
of its interval; versions are compared as text. All core partitions of an interval and version are seen together or not
at all.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable

from shared.druid_segments import Segment

_INSTANT = re.compile(r"(-?\d+)-(.*)", re.DOTALL)
_SHARED_VERSION = "1970-01-01T00:00:00.000Z"
_Moment = tuple[int, str]


def span_of(interval: str) -> tuple[_Moment, _Moment]:
    """Begin and end of an interval as they sort; Druid's years reach further than Python's calendar."""
    start, _, end = interval.partition("/")
    return _moment(start), _moment(end)


def overlap(one: str, other: str) -> bool:
    """Whether two intervals have a moment in common."""
    (start, end), (other_start, other_end) = span_of(one), span_of(other)
    return start < other_end and other_start < end


def visible(segments: Iterable[Segment]) -> set[Segment]:
    """The segments that no newer ones hide; tombstones among them."""
    by_version: dict[str, list[Segment]] = defaultdict(list)
    for segment in segments:
        by_version[segment.version].append(segment)
    covered, seen = _Covered(), set()
    for version in sorted(by_version, reverse=True):
        spans = {segment.interval: span_of(segment.interval) for segment in by_version[version]}
        seen |= {one for one in by_version[version] if not covered.covers(*spans[one.interval])}
        for span in spans.values():
            covered.add(*span)
    return seen


def within(segments: Iterable[Segment], intervals: Iterable[str]) -> set[Segment]:
    """Those that have a moment in common with one of the intervals."""
    wanted = list(intervals)
    return {one for one in segments if any(overlap(one.interval, interval) for interval in wanted)}


def torn(remaining: Iterable[Segment], removed: Iterable[Segment]) -> set[Segment]:
    """Those that would stay without a core partition that is removed: Druid would show none of them."""
    lost = {(one.interval, one.version) for one in removed if one.partition < one.core}
    return {one for one in remaining if (one.interval, one.version) in lost}


def emptied(used: Iterable[Segment], unused: Iterable[Segment]) -> bool:
    """Whether an append beside others would lose its rows: Druid 33 gives out the names of segments anew.

    It does so in time that has no segment in use and one out of use that was appended under the lock that appends
    share, whose version is always the epoch (druid#18216): the new segment counts as known, and stays out of use.
    """
    taken = [one.interval for one in used]
    left = {one.interval for one in unused if one.version == _SHARED_VERSION}
    return any(not any(overlap(interval, other) for other in taken) for interval in left)


class _Covered:
    """Stretches of time that do not touch each other, in order."""

    def __init__(self) -> None:
        self._starts: list[_Moment] = []
        self._ends: list[_Moment] = []

    def covers(self, start: _Moment, end: _Moment) -> bool:
        at = bisect_right(self._starts, start) - 1
        return at >= 0 and self._ends[at] >= end

    def add(self, start: _Moment, end: _Moment) -> None:
        first, last = bisect_left(self._ends, start), bisect_right(self._starts, end)
        if first < last:
            start, end = min(start, self._starts[first]), max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]


def _moment(text: str) -> _Moment:
    found = _INSTANT.fullmatch(text)
    if found is None:
        msg = f"{text!r} is no instant of Druid's"
        raise ValueError(msg)
    return int(found[1]), found[2]
