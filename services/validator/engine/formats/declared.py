"""What a format says about a column's type, against what its values say."""

from __future__ import annotations

from typing import Literal

from services.validator.engine.block import DeclaredType
from services.validator.engine.infer import CellType
from services.validator.engine.verdict import LogicalType


def column_type(
    declared: DeclaredType | None,
    cells: CellType | None,
    days: Literal["date", "timestamp"] | None,
    *,
    empty: bool,
) -> LogicalType:
    """The type of a column whose values, over all rows, are `cells` or else `days`; `empty` when it has no value.

    Declared text stays text, whatever its values look like, and quoted text may only be dates. Any other column is what
    all its values allow, so that a decimal of 38 digits without a fraction, as databases write every whole number, is a
    long while it fits. The declared type speaks for a column that has no value, and for decimals that fit nothing else.
    """
    if declared == "text":
        return "text"
    if declared == "quoted":
        return days or "text"
    if empty:
        return declared or "text"
    return cells or days or ("decimal" if declared == "decimal" else "text")
