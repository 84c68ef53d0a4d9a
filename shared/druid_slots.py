"""Druid's slots for tasks: how many there are, and which tasks use them, as two of the overlord's answers tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class DruidSlots:
    """The slots of a moment.

    Args:
        capacity: all slots of the workers that are there, or of all that the cluster may start where it starts them
            itself; None when Druid cannot tell, as where tasks run in containers of their own.
        running: how many tasks of each group run. A task with sub-tasks and they themselves are one group, which has
            that task's id.
    """

    capacity: int | None
    running: Mapping[str, int] = field(default_factory=dict)


def read_slots(capacity: Mapping[str, Any], running: Sequence[Mapping[str, Any]]) -> DruidSlots:
    """Read `totalWorkerCapacity` and the list of running tasks; unknown figures are -1.

    Raises:
        KeyError, TypeError, ValueError: they are no such answers.
    """
    now = int(capacity["currentClusterCapacity"])
    scaled = int(capacity.get("maximumCapacityWithAutoScale", -1))
    groups = Counter(str(task.get("groupId") or task["id"]) for task in running)
    known = max(now, scaled)
    return DruidSlots(known if known >= 0 else None, dict(groups))
