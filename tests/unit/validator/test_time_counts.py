"""Rows by their time: nothing is lost, and never more than 1,000 entries."""

from __future__ import annotations

import polars as pl
import pytest

from services.validator.engine.time_counts import MOST, TimeCounts

HOUR, DAY = 3_600_000, 86_400_000


def told(*pieces: list[int]) -> list[tuple[int, int]]:
    counts = TimeCounts()
    for piece in pieces:
        counts.add(pl.Series(piece, dtype=pl.Int64))
    return counts.told()


def test_rows_are_counted_by_the_hour_over_all_pieces() -> None:
    assert told([0, HOUR - 1, HOUR], [1, -1]) == [(-HOUR, 1), (0, 3), (HOUR, 1)]


@pytest.mark.parametrize(
    ("step", "rows", "entries"), [(HOUR, MOST, MOST), (HOUR, MOST + 1, 42), (DAY, MOST + 1, 33), (31 * DAY, 1100, 94)]
)
def test_too_many_are_counted_by_a_coarser_unit(step: int, rows: int, entries: int) -> None:
    found = told([number * step for number in range(rows)])
    assert (len(found), sum(count for _, count in found)) == (entries, rows)
    assert found == sorted(found)
