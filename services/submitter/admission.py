"""Whose turn it is: a replace is a barrier in its datasource, appends between two barriers run side by side.

Pure: knows no table and no clock. The order is that of acceptance; two tasks of one instant are ordered by their ids,
so everybody computes the same order. An earlier task may be heard of late, when a later one is with Druid already: it
waits for that one too. A load that has been sent waits for nobody, so nobody waits for one that waits for him.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.events import LoadMode


@dataclass(frozen=True)
class Turn:
    """A task's place in the line of its datasource; `sent` once it was admitted: Druid may have it."""

    task_id: str
    mode: LoadMode
    accepted_at: datetime
    sent: bool = False

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

    A replace waits for every turn that is earlier or sent, an append for every such replace; its own does not count.
    """
    if turn.sent:
        return Send()
    ahead = (one for one in open_turns if one.task_id != turn.task_id and (one.sent or one.place < turn.place))
    in_the_way = [one for one in ahead if LoadMode.REPLACE in {turn.mode, one.mode}]
    if not in_the_way:
        return Send()
    return Hold(behind=max(in_the_way, key=lambda one: one.place).task_id)
