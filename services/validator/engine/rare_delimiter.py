r"""A delimiter that hardly anybody uses, such as `^` or `~`: taken where it is certain, else only named as a question.

The header has it, so that three columns at least have different names, none of them a number or a date; nine in ten of
two records or more have the header's fields; and numbers or dates stand in one column. With a space it takes two such
columns, as one number stands in an address. Nothing that builds dates, numbers, times, names and paths (`.`, `-`, `/`,
`:`, `_` and the like) is tried: a column of times or of MAC addresses is as even as a table. Control characters are.

docs/decisions/0012 has the figures, beside DuckDB and clevercsv.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .looks import look_of_column
from .preamble import is_header
from .sample import CONSISTENT, Row, rows_of, share_of

_RARE = "^~#$§*!@%&=+¦¬¶¤ "
_CONTROLS = "".join(chr(code) for code in (*range(1, 9), 11, 12, *range(14, 32)))
_ENOUGH_COLUMNS = 3
_ENOUGH_ROWS = 2
_MEASURED = {" ": 2}  # columns of numbers or dates that it takes; else one


@dataclass(frozen=True, slots=True)
class Rare:
    """A delimiter that cuts the records like the header, into `columns` fields; `certain` as the module tells."""

    delimiter: str
    columns: int
    share: float
    certain: bool

    @property
    def evidence(self) -> str:
        """A sentence for the report."""
        made = f"with {self.delimiter!r} {self.share:.0%} of the first records have the header's {self.columns} fields"
        if self.certain:
            return f"detected: no usual delimiter separates, and {made}"
        return f"no delimiter found for certain: read as one column; {made}: send delimiter if it separates"


def find_rare(lines: Sequence[str]) -> Rare | None:
    """The one rare delimiter that is certain, else the one that is possible; None where there are none or several."""
    header = next((line for line in lines if line.strip()), "")
    tried = [try_delimiter(lines, delimiter) for delimiter in _RARE + _CONTROLS if delimiter in header.strip("\r\n")]
    possible = [one for one in tried if one]
    certain = [one for one in possible if one.certain]
    found = certain or possible
    return found[0] if len(found) == 1 else None


def try_delimiter(lines: Sequence[str], delimiter: str) -> Rare | None:
    """What this delimiter makes of the lines; None where it does not cut the records like the header."""
    rows = rows_of(lines, delimiter)
    columns = len(rows[0].cells) if rows else 0
    share = share_of(rows[1:], columns)
    if columns == 1 or len(rows) <= _ENOUGH_ROWS or share < CONSISTENT:
        return None
    return Rare(delimiter, columns, share, _is_certain(rows, delimiter))


def _is_certain(rows: Sequence[Row], delimiter: str) -> bool:
    columns, body = len(rows[0].cells), [row.cells for row in rows[1:]]
    if columns < _ENOUGH_COLUMNS or not is_header(rows):
        return False
    measured = sum(look_of_column(body, index) in {"number", "date"} for index in range(columns))
    return measured >= _MEASURED.get(delimiter, 1)
