"""A figure: what was measured of ours and of the peer, and whether it keeps its aim."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class WrongAnswerError(Exception):
    """What was to be timed gave a wrong answer: there is no figure."""


class Of(StrEnum):
    """What of a figure an aim is about: our value, our value through the peer's, or our value less the peer's."""

    OURS = "ours"
    RATIO = "ratio"
    EXCESS = "excess"


@dataclass(frozen=True)
class Aim:
    """A bound that a figure should keep: at most `limit`, or at least `limit`."""

    of: Of
    limit: float
    at_least: bool = False

    def met_by(self, ours: float, peer: float) -> bool:
        """Whether the bound is kept."""
        value = {Of.OURS: ours, Of.RATIO: ratio(ours, peer), Of.EXCESS: ours - peer}[self.of]
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        words = {
            Of.OURS: f"{sign} {self.limit:g}",
            Of.RATIO: f"ratio {sign} {self.limit:g}",
            Of.EXCESS: f"{sign} peer + {self.limit:g}",
        }
        return words[self.of]


@dataclass(frozen=True)
class Figure:
    """One line of the table. `name` ends with the unit; `details` go into the JSON beside it."""

    name: str
    ours: float
    peer: float
    aim: Aim | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """Ours through the peer's."""
        return ratio(self.ours, self.peer)

    @property
    def verdict(self) -> str:
        """`met`, `missed`, or empty when there is no aim."""
        if self.aim is None:
            return ""
        return "met" if self.aim.met_by(self.ours, self.peer) else "missed"


def ratio(ours: float, peer: float) -> float:
    """Ours through the peer's; infinite when the peer's is 0, NaN when both are."""
    if peer:
        return ours / peer
    return math.inf if ours else math.nan


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that is not exceeded by `percent` of all (nearest rank): always one that was measured.

    Raises:
        ValueError: there are no values, or `percent` is not above 0 and at most 100.
    """
    if not values or not 0 < percent <= 100:  # noqa: PLR2004  # a percentage
        msg = f"no {percent}th percentile of {len(values)} values"
        raise ValueError(msg)
    return sorted(values)[math.ceil(percent / 100 * len(values)) - 1]


def summary(values: Sequence[float]) -> dict[str, float]:
    """How values lie, for the JSON."""
    return {
        "n": len(values),
        "min": min(values),
        "p50": percentile(values, 50),
        "mean": statistics.fmean(values),
        "p95": percentile(values, 95),
        "p99": percentile(values, 99),
        "max": max(values),
    }
