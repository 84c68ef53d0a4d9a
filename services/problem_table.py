"""The problems of rejected rows as a table of at most 80 columns, printed as they come."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from services.report_view.lines import WIDTH, padded, shown

_CELLS = (("record", 10), ("column", 16), ("rule", 19))
_INDENT = sum(width + 2 for _, width in _CELLS)


def head() -> str:
    """The first line."""
    return _line("record", "column", "rule", "what is wrong")


def lines(problem: Mapping[str, Any]) -> Iterator[str]:
    """A problem: its record, column and rule, and what is wrong with it, over as many lines as that takes."""
    told = shown(problem["message"])
    value = shown(problem["value"] or "")
    if value and problem["column"] is not None and value not in told:
        told += f": {value[: WIDTH - _INDENT]}"
    if problem["suggestion"] is not None:
        told += f" ({shown(problem['suggestion'])}?)"
    first, *rest = textwrap.wrap(told, WIDTH - _INDENT, break_on_hyphens=False) or [""]
    yield _line(f"{problem['record']:,}", shown(problem["column"] or ""), problem["rule"], first)
    yield from (" " * _INDENT + one for one in rest)


def _line(record: str, column: str, rule: str, told: str) -> str:
    cells = (record, column, rule)
    start = "".join(
        padded(cell, width, right=name == "record") + "  " for cell, (name, width) in zip(cells, _CELLS, strict=True)
    )
    return (start + told).rstrip()
