"""The beginning of a delimited file, cut into records with one delimiter or another to see which fits."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_LINE = re.compile(r"[^\r\n]*(?:\r\n|[\r\n])|[^\r\n]+")
CONSISTENT = 0.9
# Enough to tell; a sample of one-letter rows would have thousands.
_MAX_ROWS = 200


@dataclass(frozen=True, slots=True)
class Row:
    """A record of the sample that is not blank; `line` is its first physical line, from 0."""

    line: int
    cells: list[str]


def lines_of(head: bytes, *, complete: bool) -> list[str]:
    """The whole physical lines of the head, with their ends."""
    lines = _LINE.findall(head.decode("utf-8", "ignore"))
    return lines if complete or len(lines) < 2 else lines[:-1]  # noqa: PLR2004 - a lone line is all there is


def rows_of(lines: Sequence[str], delimiter: str, *, first_line: int = 0) -> list[Row]:
    """The records of the lines, read as forgivingly as `csv` can."""
    return list(_rows(lines, delimiter, first_line))


def _rows(lines: Sequence[str], delimiter: str, first_line: int) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter)
    start = count = 0
    for cells in reader:
        if cells:
            yield Row(first_line + start, cells)
            count += 1
        start = reader.line_num
        if count == _MAX_ROWS:
            return


def usual_width(rows: Sequence[Row]) -> int:
    """The number of fields that most records have."""
    return Counter(len(row.cells) for row in rows).most_common(1)[0][0] if rows else 0


def share_of(rows: Sequence[Row], width: int) -> float:
    """Which share of the records has `width` fields; an empty last one more does no harm."""
    if not rows:
        return 1.0
    fitting = sum(len(row.cells) == width or (len(row.cells) == width + 1 and not row.cells[-1]) for row in rows)
    return fitting / len(rows)
