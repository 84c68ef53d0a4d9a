"""How long tasks were in each of their states, by the `states` of the status API."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any


def stays(task: Mapping[str, Any]) -> dict[str, float]:
    """Seconds from the entry into each state to the entry into the next; the end is left out."""
    states = [(one["status"], datetime.fromisoformat(one["at"])) for one in task["states"]]
    return {status: (after - at).total_seconds() for (status, at), (_, after) in pairwise(states)}


def mean_stays(tasks: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The mean over all tasks, of which one that was not in a state was there for no time."""
    all_of_them = [stays(task) for task in tasks]
    names = dict.fromkeys(name for one in all_of_them for name in one)
    return {name: statistics.fmean(one.get(name, 0.0) for one in all_of_them) for name in names}


def in_words(means: Mapping[str, float]) -> str:
    """Such seconds in one line."""
    return ", ".join(f"{name} {seconds:.2f}" for name, seconds in means.items())
