"""How a check is shown: lines of at most 80 columns for people, a document for programs. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rich.cells import cell_len

from services.report_view.lines import BAD, GOOD, HEAD, QUIET, WIDTH, Line, fit, grouped, padded, shown
from services.spec_check.checking import Checked
from services.spec_check.comparing import Cell, ColumnCompared

_FAULTS_SHOWN = 5
_NAME_CELLS = 32
_TYPE_CELLS = 8
_FIGURE_CELLS = 9
_CUT = "…"


def check_lines(checked: Checked, name: str) -> list[Line]:
    """The result first, then a line for each column with its first differing cells beneath."""
    found = checked.comparison
    return [
        *_head(checked, name),
        *(Line(fit(f"  {note}"), QUIET) for note in checked.notes),
        Line(_row("column", "ours", "Druid", "compared", "differ"), HEAD),
        *(line for column in found.columns for line in _column(column, checked.numbered)),
        *_faults(checked),
    ]


def check_document(checked: Checked) -> dict[str, Any]:
    """The same, whole."""
    found = checked.comparison
    return {
        "datasource": checked.datasource,
        "druid": checked.druid,
        "equal": found.equal,
        "rows": checked.rows,
        "rows_compared": found.rows,
        "numbered_by": checked.numbered,
        "cells_different": found.different,
        "notes": list(checked.notes),
        "columns": [
            {
                "name": column.name,
                "type": column.type or None,
                "druid_type": column.druid_type or None,
                "compared": column.compared,
                "different": column.different,
                "kinds": {kind.value: count for kind, count in column.kinds.items()},
                "first": [_cell(cell) for cell in column.first],
            }
            for column in found.columns
        ],
        "rows_not_compared": [{"number": fault.record, "why": fault.why} for fault in found.faults],
    }


def _head(checked: Checked, name: str) -> Iterator[Line]:
    found = checked.comparison
    of = f" of {grouped(checked.rows)}" if checked.rows is not None else ""
    about = f"{shown(name)} -> {shown(checked.datasource)}: "
    if found.equal:
        yield Line(fit(f"{about}Druid reads {grouped(found.rows)}{of} rows as we do"), GOOD)
        return
    yield Line(fit(f"{about}Druid does not read the rows as we do"), BAD)
    missing = f", rows not there {grouped(len(found.faults))}" if found.faults else ""
    yield Line(f"  rows compared {grouped(found.rows)}{of}, cells that differ {grouped(found.different)}{missing}")


def _column(column: ColumnCompared, numbered: str) -> Iterator[Line]:
    compared = grouped(column.compared) if column.compared else "-"
    style = BAD if column.different else ""
    types = column.type or "-", column.druid_type or "-"
    yield Line(_row(shown(column.name), *types, compared, grouped(column.different)), style)
    for cell in column.first:
        yield from _told(cell, numbered)


def _row(name: str, ours: str, druid: str, compared: str, differ: str) -> str:
    left = (padded(name, _NAME_CELLS, right=False), padded(ours, _TYPE_CELLS, right=False))
    figures = (padded(compared, _FIGURE_CELLS, right=True), padded(differ, _FIGURE_CELLS, right=True))
    return "  " + " ".join((*left, padded(druid, _TYPE_CELLS, right=False), *figures)).rstrip()


def _told(cell: Cell, numbered: str) -> Iterator[Line]:
    """Both values, one beneath the other, with as much of them as there is room for, around where they part."""
    head = f"    {numbered} {grouped(cell.record)}, {cell.kind}:"
    sides = (f"{head}   ours  {cell.ours_type}  ", f"{' ' * cell_len(head)}  Druid  {cell.druid_type}  ")
    values = _text(cell.ours), _text(cell.druid)
    room = WIDTH - max(map(cell_len, sides)) - 2 * len(_CUT)
    parted = next((at for at, (one, other) in enumerate(zip(*values, strict=False)) if one != other), 0)
    for side, value in zip(sides, values, strict=True):
        yield Line(fit(side + _part(value, parted - room // 2, room)))


def _text(value: Any) -> str:
    return shown(json.dumps(value, ensure_ascii=False))


def _part(text: str, begin: int, room: int) -> str:
    begin = max(0, min(begin, len(text) - room))
    end = begin + room
    return (_CUT if begin else "") + text[begin:end] + (_CUT if end < len(text) else "")


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "number": cell.record,
        "kind": cell.kind.value,
        "ours": cell.ours,
        "ours_type": cell.ours_type,
        "druid": cell.druid,
        "druid_type": cell.druid_type,
    }


def _faults(checked: Checked) -> Iterator[Line]:
    faults = checked.comparison.faults
    for fault in faults[:_FAULTS_SHOWN]:
        yield Line(fit(f"  {checked.numbered} {grouped(fault.record)}: {shown(fault.why)}"), BAD)
    if (more := len(faults) - _FAULTS_SHOWN) > 0:
        yield Line(f"  and {grouped(more)} more rows: -o json has them all", QUIET)
