"""How long to wait before the same call is made again: twice as long each time, up to a limit, with jitter."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Backoff:
    """Exponential back-off. The jitter keeps many workers from coming back in the same instant."""

    first: timedelta = timedelta(milliseconds=200)
    longest: timedelta = timedelta(seconds=5)
    jitter: float = 0.2

    def delay(self, failures: int) -> timedelta:
        """How long to wait after the given number of failures in a row (1 or more)."""
        steps = min(max(failures, 1) - 1, 30)
        base = min(self.first.total_seconds() * 2.0**steps, self.longest.total_seconds())
        spread = self.jitter * (2 * random.random() - 1)  # noqa: S311  # no secret depends on a jitter
        return timedelta(seconds=base * (1 + spread))
