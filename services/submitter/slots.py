"""Slots: what a load costs, how many there are, and which of them large loads may use.

A load of one part, or one that reads its parts itself, runs in one slot. With sub-tasks it needs one for the task that
leads them and one for each: less than that, and loads whose sub-tasks find no slot wait for each other for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.submitter.turn import Stage, Turn

_LEAST_WITH_SUB_TASKS = 3
# Range partitions are made by sub-tasks only, if need be by one alone.
_ONE_SUB_TASK = 2


def cost(*, parts: int, most_sub_tasks: int) -> int:
    """The slots that a load of so many parts asks for: 1, or 1 + sub-tasks; a sub-task reads one part at a time."""
    sub_tasks = min(parts, most_sub_tasks)
    return 1 if sub_tasks <= 1 else 1 + sub_tasks


def sub_tasks_in(slots: int) -> int:
    """How many sub-tasks run in so many slots; 1 stands for none: the task does the work itself."""
    return 1 if slots < _LEAST_WITH_SUB_TASKS else slots - 1


def cut(slots: int, *, most: int) -> int:
    """What a load gets that asks for `slots` where it can never have more than `most`: fewer sub-tasks, or none at all.

    One slot is the least, also where there is none: there it waits.
    """
    return min(slots, most) if most >= _LEAST_WITH_SUB_TASKS or slots == _ONE_SUB_TASK else min(slots, 1)


@dataclass(frozen=True)
class Sizes:
    """What a load asks for by its size.

    Args:
        small_rows, small_bytes: a file of at most so many good rows and bytes is small.
        most_sub_tasks: how many sub-tasks a large one may have; 1 for none.
    """

    small_rows: int
    small_bytes: int
    most_sub_tasks: int

    def is_small(self, *, rows: int, size_bytes: int) -> bool:
        """Whether it may use the slot that is kept."""
        return rows <= self.small_rows and size_bytes <= self.small_bytes

    def slots(self, *, rows: int, size_bytes: int, parts: int, by_range: bool = False) -> int:
        """How many slots it asks for; a small file is loaded in one, and nothing in less than two `by_range`."""
        small = self.is_small(rows=rows, size_bytes=size_bytes)
        asked = 1 if small else cost(parts=parts, most_sub_tasks=self.most_sub_tasks)
        return max(asked, _ONE_SUB_TASK) if by_range else asked


@dataclass(frozen=True)
class Cluster:
    """Druid's slots as they were last seen.

    Args:
        capacity: all slots; None when Druid does not say.
        others: slots that are used by tasks that are not ours.
        trouble: why the capacity is not known, and since when.
    """

    capacity: int | None
    others: int = 0
    trouble: str = ""


@dataclass
class Room:
    """The slots that loads of ours may use, as they are given away.

    One is kept for small files when there are two or more: large loads leave it alone, whoever uses the rest. Slots of
    others are not ours to give, and may be theirs for ever: what they use is as if it were not there.
    """

    ours: int
    used_by_small: int
    used_by_large: int

    @classmethod
    def of(cls, turns: Iterable[Turn], cluster: Cluster) -> Room:
        """What is left of a cluster whose capacity is known."""
        running = [turn for turn in turns if turn.stage is Stage.SENT]
        return cls(
            ours=max(0, (cluster.capacity or 0) - cluster.others),
            used_by_small=sum(turn.slots for turn in running if turn.small),
            used_by_large=sum(turn.slots for turn in running if not turn.small),
        )

    @property
    def kept(self) -> int:
        """Slots that only small files may use."""
        return 1 if self.ours > 1 else 0

    @property
    def free(self) -> int:
        """Slots that nobody uses, the kept one included."""
        return max(0, self.ours - self.used_by_small - self.used_by_large)

    def needed(self, turn: Turn) -> int:
        """What a load needs here: what it asks for, cut to what it could have if it were alone."""
        return cut(turn.slots, most=self.ours if turn.small else self.ours - self.kept)

    def fits(self, turn: Turn, *, reserved: bool) -> bool:
        """Whether a load may have its slots now; while slots are reserved, only a small one in the kept slot."""
        needs = self.needed(turn)
        if needs > self.free:
            return False
        if turn.small:
            return not reserved or self.used_by_small + needs <= self.kept
        return not reserved and self.used_by_large + needs <= self.ours - self.kept

    def take(self, turn: Turn) -> int:
        """Give a load its slots; returns how many."""
        needs = self.needed(turn)
        if turn.small:
            self.used_by_small += needs
        else:
            self.used_by_large += needs
        return needs
