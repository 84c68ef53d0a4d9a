"""The properties of the other tests here, with more examples than they draw."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.verdicts.test_any_format import FORMATS, ROWS, Row, what_is_written_is_accepted
from tests.verdicts.test_any_table import (
    BROKEN,
    TABLES,
    TEXTS,
    both_readers_agree,
    parts_return_the_cells,
    what_is_broken_is_rejected,
)

BUSY_MACHINE = [HealthCheck.too_slow]


@settings(max_examples=300, deadline=None, suppress_health_check=BUSY_MACHINE)
@given(**TABLES)
def test_parts_return_the_cells(**drawn: Any) -> None:
    parts_return_the_cells(**drawn)


@settings(max_examples=400, deadline=None, suppress_health_check=BUSY_MACHINE)
@given(**BROKEN)
def test_what_is_broken_is_rejected(**drawn: Any) -> None:
    what_is_broken_is_rejected(**drawn)


@settings(max_examples=600, deadline=None, suppress_health_check=BUSY_MACHINE)
@given(**TEXTS)
def test_both_readers_agree_on_any_bytes(**drawn: Any) -> None:
    both_readers_agree(**drawn)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=60, deadline=None, suppress_health_check=BUSY_MACHINE)
@given(drawn=st.lists(ROWS, max_size=6))
def test_what_is_written_is_what_is_accepted(name: str, drawn: list[Row]) -> None:
    what_is_written_is_accepted(name, drawn)
