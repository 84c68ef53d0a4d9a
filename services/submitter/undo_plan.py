"""What taking a load back would change in Druid, or why it cannot be done. Pure: decided on what was looked up.

A segment belongs to a load only if each of its rows carries the load's id. An append's segments are taken out of use. A
replace has taken the place of segments that were noted when its spec was frozen: all that came in their stead is taken
out of use, and they are put into use again. Either is refused where it would take more than the load, or less.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from services.submitter.timeline import torn, visible, within
from shared.druid_segments import Held, Segment

_MOST_NAMED = 3


@dataclass(frozen=True)
class Replaced:
    """The segments that could be seen when a replace was frozen, by their ids; tombstones apart: they hold no rows."""

    segments: frozenset[str]
    tombstones: frozenset[str] = frozenset()

    @classmethod
    def of(cls, used: Iterable[Segment], intervals: Sequence[str]) -> Self:
        """From all that was in use, and what the replace writes."""
        seen = within(visible(used), intervals)
        return cls(
            frozenset(one.id for one in seen if not one.tombstone), frozenset(one.id for one in seen if one.tombstone)
        )

    @property
    def ids(self) -> frozenset[str]:
        """All of them."""
        return self.segments | self.tombstones


@dataclass(frozen=True)
class Sight:
    """All that is known of a load that is to be taken back.

    `used` is all that the datasource has in use, `held` what can be queried of the load's `intervals`. `replaced` is
    None for an append. `rows` are the stored rows that carry its id, by a count over its intervals; None
    where SQL does not know the datasource. `unused` are the segments that could be put into use again.
    """

    task_id: str
    replaced: Replaced | None
    intervals: tuple[str, ...]
    used: Sequence[Segment]
    held: Sequence[Held]
    unused: Sequence[Segment]
    rows: int | None


@dataclass(frozen=True)
class Marks:
    """What is done: `remove` goes out of use, then `restore` comes into use; `expect` must be seen in the end."""

    remove: tuple[str, ...]
    restore: tuple[str, ...]
    expect: tuple[str, ...]


@dataclass(frozen=True)
class Refused:
    """It cannot be done, and nothing was changed."""

    why: str


@dataclass(frozen=True)
class NotYet:
    """Segments are not loaded yet: look again."""


def plan(sight: Sight) -> Marks | Refused | NotYet:
    """What has to be marked."""
    seen = within(visible(sight.used), sight.intervals)
    held = {one.id: one for one in sight.held}
    with_rows = {one for one in seen if not one.tombstone}
    if any(one.id not in held for one in with_rows):
        return NotYet()
    own = {one for one in with_rows if held[one.id].is_all_of(sight.task_id)}
    others = [held[one.id] for one in with_rows - own]
    rows_of_own = sum(held[one.id].rows for one in own)
    if not sight.rows:
        return Refused(_NONE_LEFT)
    if sight.replaced is not None and (later := _not_of(others, sight.replaced)):
        return Refused(_LATER.format(_named(later)))
    if rows_of_own != sight.rows:
        return Refused(_MERGED.format(sight.rows - rows_of_own, sight.rows))
    return _of_append(sight, own) if sight.replaced is None else _of_replace(sight, sight.replaced, seen)


def _of_append(sight: Sight, own: set[Segment]) -> Marks | Refused:
    removed = _with_exposed(sight, own, frozenset())
    if torn(visible(sight.used) - own, removed):
        return Refused(_TORN)
    return Marks(_ids(removed), (), ())


def _of_replace(sight: Sight, replaced: Replaced, seen: set[Segment]) -> Marks | Refused:
    gone = replaced.ids - {one.id for one in sight.used} - frozenset(one.id for one in sight.unused)
    if gone:
        return Refused(_DELETED.format(len(gone), len(replaced.ids)))
    removed = _with_exposed(sight, {one for one in seen if one.id not in replaced.ids}, replaced.ids)
    return Marks(_ids(removed), tuple(sorted(replaced.ids)), tuple(sorted(replaced.segments)))


def _with_exposed(sight: Sight, removed: set[Segment], wanted: frozenset[str]) -> set[Segment]:
    """With what lay hidden beneath: that was overwritten for good, unless it is `wanted`, and goes out of use too."""
    back = {one for one in sight.unused if one.id in wanted}
    left = visible(sight.used) - removed
    while exposed := {one for one in visible((set(sight.used) | back) - removed) - left if one.id not in wanted}:
        removed |= exposed
    return removed


def _not_of(others: Iterable[Held], replaced: Replaced) -> list[Held]:
    return [one for one in others if one.id not in replaced.ids]


def _named(held: Sequence[Held]) -> str:
    ids = sorted({task for one in held for task in (one.first, one.last) if task is not None})
    more = ", …" if len(ids) > _MOST_NAMED else ""
    return ", ".join(ids[:_MOST_NAMED]) + more if ids else "unknown"


def _ids(segments: Iterable[Segment]) -> tuple[str, ...]:
    return tuple(sorted(one.id for one in segments))


def as_json(marks: Marks) -> dict[str, Any]:
    """The form in which it is kept."""
    return {"remove": list(marks.remove), "restore": list(marks.restore), "expect": list(marks.expect)}


def from_json(kept: dict[str, Any]) -> Marks:
    """Read that form."""
    return Marks(tuple(kept["remove"]), tuple(kept["restore"]), tuple(kept["expect"]))


_NONE_LEFT = (
    "Druid has no row of it any more: a later replace has taken their place, or they were removed. There is nothing to "
    "take back."
)
_LATER = (
    "Later loads lie on top of it, and what it had replaced would be put under them (task {}): take those back first, "
    "the latest first."
)
_MERGED = (
    "{} of its {} rows stand in segments together with rows of other loads, as after a compaction: taking those "
    "segments out of use would take the others' rows too. Load what the datasource should hold with mode replace."
)
_TORN = (
    "Its rows stand in a segment that a compaction has made as one of several that can only be queried together. Load "
    "what the datasource should hold with mode replace."
)
_DELETED = (
    "{} of the {} segments that it had replaced are deleted from Druid for good, so they cannot be used again. Load "
    "what they held with mode replace."
)
