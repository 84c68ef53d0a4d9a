"""Shorter ways to see a column come to the same."""

from __future__ import annotations

from dataclasses import asdict

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.validator.engine import repeats
from services.validator.engine.canonical import ColumnWriter, typed_columns
from services.validator.engine.infer import NULL_MARKERS, is_null
from services.validator.engine.timescore import TimeTally

CELLS = st.sampled_from(
    ["", "NA", "ok", "2024-01-01", "2024-01-01T10:00:00Z", "05/06/2024", "1.5.2024", "May 5, 2024", "x"]
)


BLOCKS = st.lists(CELLS, min_size=1, max_size=8).flatmap(
    lambda block: st.integers(1, 6).map(lambda times: block * times)
)


@settings(deadline=None, max_examples=40)
@given(blocks=st.lists(BLOCKS, min_size=1, max_size=3))
def test_few_values_that_repeat_are_told_as_all_of_them(blocks: list[list[str]]) -> None:
    told = []
    for least in (1, 1_000):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(repeats, "_LEAST_ROWS", least)
            tally, writer = TimeTally(by_number=False), ColumnWriter(0, "a", "text")
            for block in blocks:
                values = pl.Series("c0", block)
                tally.add(values, lambda row: row, plain_numbers=False)
                typed_columns(values.to_frame(), [writer])
        scores = {name: asdict(score) for name, score in tally.scores.items()}
        figures = (writer.nulls, writer.low, writer.high, writer.samples, writer.distinct.count)
        told.append((scores, tally.filled, tally.short_years, tally.example, figures))
    assert told[0] == told[1]


@settings(deadline=None)
@given(values=st.lists(st.sampled_from([*NULL_MARKERS, "long enough", "text", "NULLs", None])))
def test_a_null_is_a_marker_and_nothing_else(values: list[str | None]) -> None:
    expected = [None if value is None else value in NULL_MARKERS for value in values]
    assert is_null(pl.Series(values, dtype=pl.String)).to_list() == expected
