from __future__ import annotations

import pytest
from aiokafka import TopicPartition

from shared import health
from shared.health import Progress
from shared.kafka.trouble import Trouble

A, B = TopicPartition("a", 0), TopicPartition("b", 0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that a progress sees."""
    now = [1_000.0]
    monkeypatch.setattr("shared.health.time.monotonic", lambda: now[0])
    return now


def is_stuck(progress: Progress) -> bool:
    return bool(progress.report()["stuck"])


def test_a_place_that_fails_for_five_minutes_is_stuck_while_others_are_read(clock: list[float]) -> None:
    progress = Progress("reading")
    trouble = Trouble(progress)
    assert trouble.failed({A: 3, B: 7})
    for minute in range(6):
        assert not is_stuck(progress)
        clock[0] += 59
        trouble.went_on({A: 3, B: 8 + minute})
        assert not trouble.failed({A: 3, B: 8 + minute})
    assert is_stuck(progress)
    assert trouble.failing


def test_a_place_that_moves_on_is_no_trouble(clock: list[float]) -> None:
    progress = Progress("reading")
    trouble = Trouble(progress)
    trouble.failed({A: 3})
    clock[0] += health.STUCK_AFTER_SECONDS + 1
    assert is_stuck(progress)
    trouble.went_on({A: 4})
    assert not is_stuck(progress)
    assert not trouble.failing


def test_another_place_is_another_trouble(clock: list[float]) -> None:
    progress = Progress("reading")
    trouble = Trouble(progress)
    trouble.failed({A: 3})
    clock[0] += health.STUCK_AFTER_SECONDS + 1
    assert trouble.failed({B: 1})
    assert not is_stuck(progress)


def test_trouble_without_a_place_lasts_until_it_does_not_fail(clock: list[float]) -> None:
    progress = Progress("reading")
    trouble = Trouble(progress)
    assert trouble.failed({})
    clock[0] += health.STUCK_AFTER_SECONDS + 1
    assert not trouble.failed({})
    assert is_stuck(progress)
    trouble.went_on({})
    assert not is_stuck(progress)
