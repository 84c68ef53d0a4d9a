"""The lengths of time: `fits_into` against the chunks themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.submitter.chunks import Span, aligned, count, floor
from shared.granularity import Granularity, QueryGranularity, fits_into

LENGTHS: tuple[Granularity, ...] = tuple(one for one in get_args(Granularity) if one != "all")
MOMENTS = st.datetimes(datetime(1, 1, 8), datetime(9990, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # Hypothesis takes naive bounds


def chunk(moment: datetime, granularity: Granularity) -> Span:
    found = aligned(Span(moment, moment), granularity)
    assert found is not None
    return found


@given(moment=MOMENTS, shorter=st.sampled_from(LENGTHS), longer=st.sampled_from(LENGTHS))
def test_what_fits_never_crosses_a_boundary(moment: datetime, shorter: Granularity, longer: Granularity) -> None:
    inner, outer = chunk(moment, shorter), chunk(moment, longer)
    if fits_into(shorter, longer):
        assert outer.start <= inner.start
        assert inner.end <= outer.end


@pytest.mark.parametrize("shorter", LENGTHS)
@pytest.mark.parametrize("longer", LENGTHS)
def test_what_does_not_fit_crosses_one_somewhere(shorter: Granularity, longer: Granularity) -> None:
    crossed = False
    moment = datetime(2023, 1, 1, tzinfo=UTC)
    for _ in range(400):
        inner, outer = chunk(moment, shorter), chunk(moment, longer)
        crossed = crossed or not (outer.start <= inner.start and inner.end <= outer.end)
        moment = min(inner.end, outer.end) if min(inner.end, outer.end) > moment else moment + timedelta(hours=1)
    assert crossed is not fits_into(shorter, longer)


def test_everything_fits_into_all_of_time_and_no_step_fits_anywhere() -> None:
    steps: tuple[QueryGranularity, ...] = get_args(QueryGranularity)
    assert all(fits_into(one, "all") for one in steps)
    assert all(fits_into("none", one) and fits_into("second", one) for one in LENGTHS)


@given(moment=MOMENTS, granularity=st.sampled_from(LENGTHS))
def test_a_moment_lies_in_its_chunk(moment: datetime, granularity: Granularity) -> None:
    found = chunk(moment, granularity)
    assert found.start == floor(moment, granularity) <= moment < found.end
    assert count(Span(moment, moment), granularity) == 1
    assert count(Span(found.start, found.end), granularity) == 2


@pytest.mark.parametrize(
    ("granularity", "start", "end"),
    [
        ("quarter", "2024-04-01", "2024-07-01"),
        ("week", "2024-05-27", "2024-06-03"),
        ("eight_hour", "2024-05-29T08:00", "2024-05-29T16:00"),
        ("five_minute", "2024-05-29T13:35", "2024-05-29T13:40"),
    ],
)
def test_chunks_lie_where_druid_has_them(granularity: Granularity, start: str, end: str) -> None:
    found = chunk(datetime(2024, 5, 29, 13, 37, 59, tzinfo=UTC), granularity)
    assert (found.start, found.end) == tuple(datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (start, end))


def test_a_chunk_that_leaves_the_calendar_is_none() -> None:
    last = datetime(9999, 12, 31, 23, tzinfo=UTC)
    assert aligned(Span(last, last), "year") is None
    assert count(Span(last, last), "week") is None
