"""Whether the first record is a header or data, told from a sample; None where that cannot be told.

It is data, for certain, when no column speaks against it and either a column of dates begins with a date, or all its
cells are numbers or dates and two are the same. A column of numbers speaks against it when its first cell is a word.
Numbers alone settle nothing: `2019,2020` may be a header, and so may `0.1,0.5,0.9`.
"""

from __future__ import annotations

from collections.abc import Sequence

from .looks import look_of, look_of_column

_ENOUGH_ROWS = 2
_DATA = {"number", "date"}


def has_header(first: Sequence[str], body: Sequence[Sequence[str]]) -> tuple[bool | None, str]:
    """Whether `first` is the header of `body`, and why."""
    looks = [look_of(cell) for cell in first]
    columns = [look_of_column(body, index) for index in range(len(first))]
    pairs = list(zip(looks, columns, strict=True))
    differing = [
        index for index, (look, column) in enumerate(pairs) if column in _DATA and look not in {column, "blank"}
    ]
    filled = [look for look in looks if look != "blank"]
    all_data = bool(filled) and all(look in _DATA for look in filled)
    if differing:
        if all_data:
            return None, "the first record looks like data, and not like the records behind it"
        return True, f"column {differing[0] + 1} holds {columns[differing[0]]}s below, and its first cell is none"
    if len(body) >= _ENOUGH_ROWS:
        dates = [index for index, pair in enumerate(pairs) if pair == ("date", "date")]
        if dates:
            return False, f"detected: column {dates[0] + 1} holds dates from the first record on"
        repeated = [cell for cell in first if cell.strip() and list(first).count(cell) > 1]
        if all_data and repeated:
            return False, f"detected: the first record is data like the others, and has {repeated[0][:40]!r} twice"
    if all_data:
        return None, "all cells of the first record look like data"
    return True, "the first record has names"
