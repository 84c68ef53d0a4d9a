"""What every part of the view is made of: lines of at most 80 columns, with nothing that acts on a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.cells import cell_len, chop_cells, set_cell_size

WIDTH = 80
GOOD, DOUBTFUL, BAD, HEAD, QUIET = "green", "yellow", "red", "bold", "dim"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of plain text, and the style it has on a terminal."""

    text: str
    style: str = ""


def section(title: str, lines: Iterable[str]) -> Iterator[Line]:
    """Lines under a title; nothing without any."""
    found = list(lines)
    if found:
        yield from (Line(""), Line(f"  {title}", HEAD))
        yield from (Line(fit(f"    {line}")) for line in found)


def wrapped(text: str, indent: str) -> Iterator[Line]:
    """A text over as many lines as it takes."""
    for line in textwrap.wrap(shown(text), WIDTH - len(indent), break_on_hyphens=False):
        for piece in chop_cells(line, WIDTH - len(indent)):
            yield Line(f"{indent}{piece}")


def shown(text: str) -> str:
    """The text without anything that would act on a terminal."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def fit(text: str) -> str:
    """The text, cut where it is too long for a line."""
    return text if cell_len(text) <= WIDTH else set_cell_size(text, WIDTH - 1).rstrip() + "…"


def padded(text: str, width: int, *, right: bool) -> str:
    """The text in a cell of that width."""
    if cell_len(text) > width:
        return set_cell_size(text, width - 1) + "…"
    return " " * (width - cell_len(text)) + text if right else set_cell_size(text, width)


def grouped(number: int) -> str:
    """The number with commas between thousands."""
    return f"{number:,}"
