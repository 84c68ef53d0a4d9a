"""What stands before the header: title rows, and a block of `#` lines. Found only where no other reading makes sense.

- A title row has one field, or nothing but its first field filled, as spreadsheets export it. The rows behind it must
  be a table: a header of different texts, none a number or a date, over at least two rows of which nine in ten have its
  width, with a column of nothing but numbers or dates. Without that column a name over lines with commas looks like
  one.
- A leading block of `#` lines is comments when the record behind it is certainly the header, or when none of the lines
  has the table's width. Where only the last has it, that line is the header, as in `#CHROM`.

Whatever else the first lines are is read as before: the first record is the header.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .looks import look_of, look_of_column
from .sample import CONSISTENT, Row, rows_of, share_of, usual_width

MARK = "#"
_MAX_TITLES = 20
_ENOUGH_ROWS = 2


@dataclass(frozen=True, slots=True)
class Start:
    """The header begins behind `lines` physical lines, and the fields are cut by `delimiter`."""

    lines: int
    delimiter: str
    evidence: str


def behind_comments(lines: Sequence[str], delimiters: Sequence[str]) -> Start | None:
    """The start behind a leading block of `#` lines, when that is certain."""
    count = _leading_marks(lines)
    if not count:
        return None
    found = []
    for delimiter in delimiters:
        rows = rows_of(lines[count:], delimiter)
        width = usual_width(rows)
        if width > 1 and share_of(rows, width) >= CONSISTENT and (start := _behind(lines, count, rows, delimiter)):
            found.append((width, start))
    if found:
        return max(found, key=lambda one: one[0])[1]
    rows = rows_of(lines[count:], delimiters[0])
    if usual_width(rows) == 1 and is_header(rows):
        return Start(count, delimiters[0], _said(count, "a header of one column follows"))
    return None


def behind_titles(lines: Sequence[str], delimiters: Sequence[str]) -> Start | None:
    """The start behind title rows, when that is certain."""
    found = [start for delimiter in delimiters if (start := _behind_titles(lines, delimiter))]
    if len({start.lines for _, start in found}) != 1:
        return None
    return max(found, key=lambda one: one[0])[1]


def is_header(rows: Sequence[Row]) -> bool:
    """Whether the first of the rows is certainly the header of the others."""
    if len(rows) <= _ENOUGH_ROWS:
        return False
    cells, body = rows[0].cells, rows[1:]
    names = [cell.strip() for cell in (cells if cells[-1] else cells[:-1])]
    if len(set(names)) < len(names) or not names or any(look_of(name) != "text" for name in names):
        return False
    if share_of(body, len(cells)) < CONSISTENT:
        return False
    fitting = [row.cells for row in body if len(row.cells) >= len(names)]
    return any(look_of_column(fitting, index) in {"number", "date"} for index in range(len(names)))


def _leading_marks(lines: Sequence[str]) -> int:
    """How many lines there are up to the last of the leading `#` lines; blank ones may stand between."""
    count = 0
    for number, line in enumerate(lines, start=1):
        if line.startswith(MARK):
            count = number
        elif line.rstrip("\r\n"):
            break
    return count


def _behind(lines: Sequence[str], count: int, rows: Sequence[Row], delimiter: str) -> Start | None:
    if is_header(rows):
        return Start(count, delimiter, _said(count, "the header follows"))
    width = usual_width(rows)
    as_wide = [row.line for row in rows_of(lines[:count], delimiter) if len(row.cells) == width]
    if not as_wide:
        return Start(count, delimiter, _said(count, f"the records behind have {width} fields"))
    if as_wide == [count - 1] and count > 1:
        return Start(
            count - 1, delimiter, _said(count - 1, f"the last line with {MARK} has the records' {width} fields")
        )
    return None


def _said(count: int, why: str) -> str:
    return f"detected: {count} line{'s' if count > 1 else ''} of comments with {MARK}, {why}"


def _behind_titles(lines: Sequence[str], delimiter: str) -> tuple[int, Start] | None:
    rows = rows_of(lines, delimiter)
    width = usual_width(rows)
    if width < 2:  # noqa: PLR2004 - one field is no table
        return None
    titles = next((number for number, row in enumerate(rows) if not is_title(row.cells)), 0)
    if not 0 < titles <= _MAX_TITLES or not is_header(rows[titles:]):
        return None
    shown = rows[0].cells[0][:40]
    evidence = f"detected: {titles} title row{'s' if titles > 1 else ''} ({shown!r}) before a header of {width} fields"
    return width, Start(rows[titles].line, delimiter, evidence)


def is_title(cells: Sequence[str]) -> bool:
    """One field; or as wide as a table, with nothing behind the first field."""
    return len(cells) == 1 or (len(cells) > 2 and not any(cell.strip() for cell in cells[1:]))  # noqa: PLR2004
