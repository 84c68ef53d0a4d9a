"""Whose turn it is: a replace is a barrier in its datasource, appends between two barriers run side by side.

Pure: knows no table and no clock. The order is that of acceptance; two tasks of one instant are ordered by their ids,
so everybody computes the same order and nobody waits for one that waits for him.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.events import LoadMode


@dataclass(frozen=True)
class Turn:
    """A task's place in the line of its datasource."""

    task_id: str
    mode: LoadMode
    accepted_at: datetime

    @property
    def place(self) -> tuple[datetime, str]:
        """What the line is sorted by."""
        return (self.accepted_at, self.task_id)


@dataclass(frozen=True)
class Send:
    """Druid may have it now."""


@dataclass(frozen=True)
class Hold:
    """It waits for the end of `behind`, the latest task that stands in its way."""

    behind: str
    reason: str = "order"


def decide(turn: Turn, open_turns: Iterable[Turn]) -> Send | Hold:
    """Whether a load may start, given all turns of its tenant and datasource that have not ended.

    A replace waits for every earlier turn, an append for every earlier replace; later turns and its own do not count.
    """
    earlier = (other for other in open_turns if other.place < turn.place)
    in_the_way = [other for other in earlier if turn.mode is LoadMode.REPLACE or other.mode is LoadMode.REPLACE]
    if not in_the_way:
        return Send()
    return Hold(behind=max(in_the_way, key=lambda other: other.place).task_id)
