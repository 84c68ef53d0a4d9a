"""Outcomes as a table of 80 columns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from benchmarks.claim import Outcome
from benchmarks.figure import Figure

WIDTH = 80
_LINE = "  {name:<29}{ours:>9}{peer:>9}{ratio:>7}  {aim:<15} {verdict}"
_HUNDRED, _TEN = 100, 10


def table(outcomes: Sequence[Outcome]) -> str:
    """Every claim with its peer and its figures; a claim without figures with what was wrong."""
    return "\n".join(line.rstrip() for outcome in outcomes for line in _lines(outcome))


def number(value: float) -> str:
    """About three digits, however large or small."""
    if not math.isfinite(value):
        return "-"
    if abs(value) >= _HUNDRED:
        return f"{value:,.0f}"
    if abs(value) >= _TEN:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 1 or value == 0 else f"{value:.3f}"


def _lines(outcome: Outcome) -> Iterator[str]:
    claim = outcome.claim
    yield ""
    yield _cut(f"{claim.title}, beside {claim.peer}")
    if outcome.error is not None:
        yield _cut(f"  NO FIGURE: {outcome.error}")
        return
    yield _LINE.format(name="", ours="ours", peer="peer", ratio="ratio", aim="aim", verdict="")
    for figure in outcome.figures:
        yield _line(figure)


def _line(figure: Figure) -> str:
    return _LINE.format(
        name=figure.name,
        ours=number(figure.ours),
        peer=number(figure.peer),
        ratio=f"{figure.ratio:.2f}" if math.isfinite(figure.ratio) else "-",
        aim=str(figure.aim or ""),
        verdict=figure.verdict,
    )


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"
