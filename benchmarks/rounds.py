"""Ours and the peer in turn, so that both see the same machine."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.bench import Bench


def alternate(
    bench: Bench, name: str, runs: int, ours: Callable[[], float], peer: Callable[[], float], *, unit: str = "s"
) -> tuple[list[float], list[float]]:
    """The values of both sides, run by run; one pair more is run first and thrown away."""
    ours(), peer()
    pairs: list[tuple[float, float]] = []
    for run in range(1, runs + 1):
        pairs.append((ours(), peer()))
        bench.say(f"{name}, {run} of {runs}: ours {pairs[-1][0]:.3g} {unit}, peer {pairs[-1][1]:.3g} {unit}")
    return [one for one, _ in pairs], [other for _, other in pairs]
