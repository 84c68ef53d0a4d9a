from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.submitter.intervals import MOST_CHUNKS, Cut, cut
from shared.druid import ETERNITY

MILLION = 1_000_000


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]  # year, month, day and so on


MINUTES_IN_CALENDAR = (at(9998, 12, 31) - at(1, 1, 1)) // timedelta(minutes=1)
MOMENTS = st.integers(0, MINUTES_IN_CALENDAR).map(lambda minutes: at(1, 1, 1) + timedelta(minutes=minutes))


def choose(rows: int, first: datetime, last: datetime, *used: str) -> Cut:
    return cut(rows=rows, time_min=first, time_max=last, used=used, rows_per_segment=5 * MILLION)


@pytest.mark.parametrize(
    ("rows", "first", "last", "expected"),
    [
        (336_776, at(2013, 1, 1, 5), at(2013, 12, 31, 23), "year 2013-01-01T00:00:00.000Z/2014-01-01T00:00:00.000Z"),
        (5 * MILLION, at(2013, 1, 1), at(2013, 1, 1), "year 2013-01-01T00:00:00.000Z/2014-01-01T00:00:00.000Z"),
        (30 * MILLION, at(2013, 1, 1), at(2013, 12, 31), "month 2013-01-01T00:00:00.000Z/2014-01-01T00:00:00.000Z"),
        (90 * MILLION, at(2013, 1, 30), at(2013, 2, 28), "day 2013-01-30T00:00:00.000Z/2013-03-01T00:00:00.000Z"),
        (
            60 * MILLION,
            at(2013, 12, 31, 1),
            at(2013, 12, 31, 23, 59),
            "hour 2013-12-31T01:00:00.000Z/2014-01-01T00:00:00.000Z",
        ),
        (10**12, at(2013, 1, 1, 1), at(2013, 1, 1, 1), "hour 2013-01-01T01:00:00.000Z/2013-01-01T02:00:00.000Z"),
        (10**12, at(2013, 1, 1), at(2014, 12, 31), "day 2013-01-01T00:00:00.000Z/2015-01-01T00:00:00.000Z"),
        (3, at(1, 1, 1), at(1000, 12, 31), "year 0001-01-01T00:00:00.000Z/1001-01-01T00:00:00.000Z"),
        (3, at(1, 1, 1), at(1001, 1, 1), f"all {ETERNITY}"),
        (3, at(9999, 1, 1), at(9999, 1, 1), f"all {ETERNITY}"),
    ],
)
def test_the_rule(rows: int, first: datetime, last: datetime, expected: str) -> None:
    chosen = choose(rows, first, last)
    assert f"{chosen.granularity} {chosen.interval}" == expected


def test_an_interval_includes_the_last_time_at_a_chunks_first_instant() -> None:
    assert choose(1, at(2013, 5, 1), at(2014, 1, 1)).interval.endswith("/2015-01-01T00:00:00.000Z")


def test_a_used_interval_ends_before_its_end() -> None:
    used = "2012-01-01T00:00:00.000Z/2013-01-01T00:00:00.000Z"
    assert choose(1, at(2012, 5, 1), at(2012, 5, 1), used).interval == used


def test_one_umbrella_over_what_is_there_and_what_comes() -> None:
    old = ("2010-03-04T00:00:00.000Z/2010-03-05T00:00:00.000Z", "2011-01-01T00:00:00.000Z/2012-01-01T00:00:00.000Z")
    chosen = choose(1, at(2013, 5, 1), at(2013, 5, 1), *old)
    assert chosen == Cut("year", "2010-01-01T00:00:00.000Z/2014-01-01T00:00:00.000Z")


def test_old_times_far_away_make_the_chunks_longer_but_never_too_many() -> None:
    old = "1700-01-01T00:00:00.000Z/1700-01-02T00:00:00.000Z"
    assert choose(60 * MILLION, at(2013, 5, 1), at(2013, 5, 1), old).granularity == "year"


@pytest.mark.parametrize(
    "old", [ETERNITY, "-0005-01-01T00:00:00.000Z/2013-01-01T00:00:00.000Z", "2013-01-01T00:00:00.000Z/12000-01-01"]
)
def test_what_no_calendar_holds_is_all_of_time(old: str) -> None:
    assert choose(1, at(2013, 5, 1), at(2013, 5, 1), old) == Cut("all", ETERNITY)


@given(rows=st.integers(1, 10**10), first=MOMENTS, length=st.timedeltas(timedelta(0), timedelta(days=4000)))
def test_every_time_lies_inside_whole_chunks_of_which_there_are_few(
    rows: int, first: datetime, length: timedelta
) -> None:
    last = first + min(length, at(9998, 12, 31) - first)
    chosen = choose(rows, first, last)
    assert chosen.granularity != "all"
    start, end = (datetime.fromisoformat(text) for text in chosen.interval.split("/"))
    assert start <= first <= last < end
    shortest = {"year": 365, "month": 28, "day": 1, "hour": 1 / 24}[chosen.granularity]
    assert end - start <= timedelta(days=shortest * MOST_CHUNKS * 31 / 28)
    again = cut(
        rows=rows, time_min=start, time_max=end - timedelta(milliseconds=1), used=(), rows_per_segment=5 * MILLION
    )
    assert again == chosen
