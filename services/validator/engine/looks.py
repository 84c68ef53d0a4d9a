"""What a cell of a sample looks like: enough to tell a header from data, and no type of a column.

Plain Python on purpose: it is asked for a few hundred cells before any column exists.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from .infer import NULL_MARKERS

Look = Literal["blank", "number", "date", "text"]

# Also with a decimal comma or thousands separators, whichever they are.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:[.,' \u00a0\u202f][0-9]+)*[.,]?|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?")
# A whole date, with or without a time of day. A time of day alone may stand over a column.
_DATE = re.compile(r"(?:[0-9]{4}([-/.])[0-9]{1,2}\1[0-9]{1,2}|[0-9]{1,2}([-/.])[0-9]{1,2}\2[0-9]{4})(?:[T ,].*)?")


def look_of(cell: str) -> Look:
    """How the cell looks; a null marker is blank."""
    cell = cell.strip()
    if cell in NULL_MARKERS:
        return "blank"
    if _DATE.fullmatch(cell):
        return "date"
    return "number" if _NUMBER.fullmatch(cell) else "text"


def look_of_column(rows: Sequence[Sequence[str]], index: int) -> Look:
    """How all cells of a column look that are not blank; text when they differ."""
    found = {look_of(row[index]) for row in rows if index < len(row)} - {"blank"}
    return found.pop() if len(found) == 1 else "text" if found else "blank"
