"""A claim: what is measured, and beside what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.bench import Bench
from benchmarks.figure import Figure


@dataclass(frozen=True)
class Claim:
    """`measure` makes the figures, and raises when it meets a wrong answer.

    Args:
        name: for the command line.
        title: what is claimed about, a few words.
        peer: what it is measured beside, a few words.
        measure: does it; cleans up after itself, also when it fails.
        needs_servers: whether it can only be measured beside running servers.
    """

    name: str
    title: str
    peer: str
    measure: Callable[[Bench], Sequence[Figure]]
    needs_servers: bool = True


@dataclass(frozen=True)
class Outcome:
    """What became of a claim. Without figures there is an `error`; `load_before` is the machine's load average."""

    claim: Claim
    figures: Sequence[Figure]
    load_before: float
    error: str | None = None
