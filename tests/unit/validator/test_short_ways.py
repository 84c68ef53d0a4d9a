"""Dates and times of one layout are read without taking them apart, and come to the same."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.validator.engine.timestamps import _parse_parts, parse_times

DATES = st.builds("{:04d}-{:02d}-{:02d}".format, st.integers(0, 2300), st.integers(0, 13), st.integers(0, 32))
# Clocks go forward at midnight in Havana, so that a date may not have begun.
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/Havana", "Asia/Kathmandu"])


@pytest.mark.parametrize("clock", ["", "T10:20:30Z", "T00:30:30", " 00:30:30", " 00:30:30Z", "T25:00:00Z"])
@settings(max_examples=10, deadline=None)
@given(dates=st.lists(DATES, min_size=1, max_size=20), zone=ZONES)
def test_the_short_way_and_the_long_one_agree(clock: str, dates: list[str], zone: str) -> None:
    values = pl.Series(["2024-03-10", "2024-11-03", *dates]) + clock
    short, long = parse_times(values, "iso", zone), _parse_parts(values, "iso", zone)
    assert short.ms.to_list() == long.ms.to_list()
    assert (short.zoneless, short.cut) == (long.zoneless, long.cut)
    assert (short.clocked & short.ms.is_not_null()).to_list() == (long.clocked & long.ms.is_not_null()).to_list()
    assert (short.local_ms is None) == (long.local_ms is None)
