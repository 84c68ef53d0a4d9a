"""What a format says about a column's type, against what its values say."""

from __future__ import annotations

from services.validator.engine.infer import TypeTally
from services.validator.engine.verdict import ColumnType


def column_type(declared: ColumnType | None, tally: TypeTally) -> ColumnType:
    """The type of a column in the parts.

    A declared string stays one, whatever its values look like. Any other column is what all its values allow; the
    declared type speaks for a column that has no value.
    """
    if declared == "string":
        return declared
    empty = not tally.has_numbers and tally.long_refusal is None and tally.double_refusal is None
    return declared if empty and declared is not None else tally.type
