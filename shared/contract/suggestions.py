"""What a file suggests that a contract could demand of a column: lines for comments, each with its evidence.

One file proves nothing about the next one, so nothing here is ever part of a contract: a person takes the sign of the
comment away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .column_types import ColumnType
from .yaml_writing import on_one_line

MOST_MEMBERS = 20
"""So many different texts may be a list of names; of more it is not likely."""
LEAST_TIMES = 10
"""How often each of them stands in the file on average, at least."""
LEAST_ROWS = 20
"""Of fewer rows, all may be different by chance."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the validator counted over the `rows` that it accepted.

    `distinct` is how many different values there are besides null, None where that is estimated; `values` are some of
    them, whole. `low` and `high` are the least and the greatest number.
    """

    rows: int
    nulls: int
    distinct: int | None = None
    low: int | float | None = None
    high: int | float | None = None
    values: tuple[str, ...] = ()


def suggestions(kind: ColumnType, figures: Figures) -> Iterator[str]:
    """Pairs of lines: why, and the field of a column as YAML."""
    filled = figures.rows - figures.nulls
    if figures.distinct == figures.rows >= LEAST_ROWS and not figures.nulls and kind not in {"double", "json"}:
        yield f"Each of the {figures.rows:,} rows has another value. If it is a key:"
        yield "unique: true"
    if kind == "text" and figures.distinct and figures.distinct <= min(MOST_MEMBERS, filled // LEAST_TIMES):
        several = "1 value" if figures.distinct == 1 else f"{figures.distinct:,} different values"
        if len(figures.values) == figures.distinct:
            yield f"{several} in {filled:,} rows. If there is no other:"
            yield f"checks: {{enum: {on_one_line(sorted(figures.values))}}}"
        else:
            yield f"{several} in {filled:,} rows, such as {on_one_line(list(figures.values))}. If there is no other,"
            yield "write all of them as the check `enum`."
    if kind in {"long", "double"} and figures.low is not None and figures.high is not None:
        yield f"{filled:,} values from {figures.low} to {figures.high}. If nothing else is right:"
        yield f"checks: {on_one_line({'min': figures.low, 'max': figures.high})}"
