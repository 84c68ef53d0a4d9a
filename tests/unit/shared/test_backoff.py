from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.backoff import Backoff

STEADY = Backoff(first=timedelta(seconds=1), longest=timedelta(seconds=5), jitter=0)


def test_it_doubles_up_to_the_longest() -> None:
    assert [STEADY.delay(failures).total_seconds() for failures in range(6)] == [1, 1, 2, 4, 5, 5]


@given(st.integers(-5, 10_000))
def test_the_jitter_stays_within_its_bounds(failures: int) -> None:
    base = STEADY.delay(failures)
    spread = Backoff(first=timedelta(seconds=1), longest=timedelta(seconds=5), jitter=0.2).delay(failures)
    assert base * 0.8 <= spread <= base * 1.2


def test_two_do_not_come_back_together() -> None:
    assert len({Backoff().delay(3) for _ in range(20)}) > 1
