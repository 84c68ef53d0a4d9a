"""The table of columns, and why each is of no narrower type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from services.validator.engine.document import FileReport, ReportColumn, Timestamp

from .lines import HEAD, QUIET, WIDTH, Line, fit, grouped, padded, shown

COLUMNS_SHOWN = 50
_LEAST_VALUE_CELLS = 6
# The most that the cells of the table take: column, type, nulls, distinct. Least and greatest value share the rest.
_TABLE_CELLS = (20, 9, 11, 12)
_FIGURES = (2, 3)
_GAP = "  "  # between cells; figures stand at their right, so that a space before them is enough

Row = tuple[str, str, str, str, str, str]


def column_lines(report: FileReport) -> Iterator[Line]:
    """The columns with their figures, the time first."""
    rows = [_time_row(report.timestamp)] if report.timestamp and report.timestamp.zone else []
    rows += [_column_row(column) for column in report.columns[:COLUMNS_SHOWN]]
    if not rows:
        return
    rows.insert(0, ("column", "type", "nulls", "distinct", "min", "max"))
    widths = [min(most, max(cell_len(row[cell]) for row in rows)) for cell, most in enumerate(_TABLE_CELLS)]
    gaps = [_GAP if cell not in _FIGURES else " " for cell in range(len(rows[0]))]
    widths += _value_widths(rows, WIDTH - sum(widths) - sum(map(len, gaps)))
    yield Line("")
    for number, row in enumerate(rows):
        cells = [gaps[cell] + padded(row[cell], width, right=cell in _FIGURES) for cell, width in enumerate(widths)]
        yield Line(fit("".join(cells)).rstrip(), "" if number else HEAD)
    if (more := len(report.columns) - COLUMNS_SHOWN) > 0:
        yield Line(f"  and {grouped(more)} more columns: -o json has them all", QUIET)


def _value_widths(rows: Sequence[Row], room: int) -> list[int]:
    """The widths of the least and the greatest values: what they need, or else half of the room each."""
    low, high = (max(cell_len(row[cell]) for row in rows) for cell in (4, 5))
    half = room // 2
    low = low if low <= half else max(half, room - high)
    return [low, max(_LEAST_VALUE_CELLS, min(high, room - low))]


def _time_row(time: Timestamp) -> Row:
    return shown(time.column or ""), "time", "0", "", time.first or "", time.last or ""


def _column_row(column: ReportColumn) -> Row:
    distinct = "" if column.distinct is None else grouped(column.distinct)
    return (
        shown(column.name),
        column.logical_type or "",
        "" if column.nulls is None else grouped(column.nulls),
        distinct if column.distinct_exact or not distinct else f"~{distinct}",
        "" if column.min is None else shown(str(column.min)),
        "" if column.max is None else shown(str(column.max)),
    )


def reasons(column: ReportColumn) -> Iterator[str]:
    """Why the column is of no narrower type."""
    if why := column.why_not:
        hint = f" ({shown(why.suggestion)}?)" if why.suggestion else ""
        yield f"{shown(column.name)} is no {why.type}: {shown(why.value)} in record {grouped(why.record)}{hint}"
    if column.number_evidence:
        yield f"{shown(column.name)}: {shown(column.number_evidence)}"
    if column.note:
        yield f"{shown(column.name)}: {shown(column.note)}"
