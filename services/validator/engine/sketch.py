"""How many different values a column holds, in bounded memory: the k smallest of their hashes.

With fewer than k hashes the count is exact, as far as no two values share a 64-bit hash. From there on the k-th
smallest hash tells how densely they lie: the standard error is about 1 / √k, 1.6 %. (Bar-Yossef et al., Counting
distinct elements in a data stream, 2002.)
"""

from __future__ import annotations

import polars as pl

KEPT = 4_096
_HASHES = 2.0**64


class DistinctSketch:
    """Counts the different values of a column, block by block. Null is no value."""

    def __init__(self) -> None:
        self._kept = pl.Series(dtype=pl.UInt64)
        self._highest: int | None = None

    def add(self, values: pl.Series) -> None:
        """Take a block's values."""
        hashes = values.drop_nulls().hash()
        if self._highest is not None:
            hashes = hashes.filter(hashes < self._highest)
        if not hashes.len():
            return
        kept = pl.concat([self._kept, hashes.unique()]).unique()
        if kept.len() >= KEPT:
            kept = kept.sort().head(KEPT)
            self._highest = int(kept[-1])
        self._kept = kept

    @property
    def is_exact(self) -> bool:
        """Whether `count` is no estimate."""
        return self._highest is None

    @property
    def count(self) -> int:
        """The number of different values, or the estimate of it."""
        if self._highest is None:
            return self._kept.len()
        return round((KEPT - 1) * _HASHES / (self._highest + 1))
