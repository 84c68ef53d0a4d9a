"""Columns of few different values: what asks whether any value is so, or which is the least, need not see them all."""

from __future__ import annotations

import polars as pl

_FEW = 0.25
_LEAST_ROWS = 1_000


class Repeats:
    """Tells a column's different values in each block, while they are few: at most a quarter of its rows."""

    def __init__(self) -> None:
        self._few = True

    def of(self, values: pl.Series) -> pl.Series:
        """The different values of a block in any order, or all of them as they are where there is nothing to gain."""
        if not self._few or values.len() < _LEAST_ROWS:
            return values
        different = values.unique()
        self._few = different.len() <= _FEW * values.len()
        return different
