from __future__ import annotations

import math

import pytest

from benchmarks.figure import Aim, Figure, Of, percentile, summary


@pytest.mark.parametrize(
    ("percent", "expected"), [(1, 1.0), (10, 1.0), (11, 2.0), (50, 5.0), (95, 10.0), (99, 10.0), (100, 10.0)]
)
def test_a_percentile_is_a_value_that_was_measured(percent: float, expected: float) -> None:
    assert percentile([float(n) for n in (3, 1, 2, 10, 9, 8, 4, 5, 6, 7)], percent) == expected


def test_one_value_is_every_percentile() -> None:
    assert {percentile([7.0], percent) for percent in (0.1, 50, 100)} == {7.0}


@pytest.mark.parametrize(("values", "percent"), [([], 50), ([1.0], 0), ([1.0], 101)])
def test_a_percentile_of_nothing_is_an_error(values: list[float], percent: float) -> None:
    with pytest.raises(ValueError, match="no "):
        percentile(values, percent)


@pytest.mark.parametrize(
    ("aim", "ours", "peer", "verdict"),
    [
        (Aim(Of.RATIO, 0.7, at_least=True), 70.0, 100.0, "met"),
        (Aim(Of.RATIO, 0.7, at_least=True), 69.9, 100.0, "missed"),
        (Aim(Of.OURS, 200), 200.0, 50.0, "met"),
        (Aim(Of.OURS, 200), 200.1, 50.0, "missed"),
        (Aim(Of.EXCESS, 2), 3.5, 1.5, "met"),
        (Aim(Of.EXCESS, 2), 3.6, 1.5, "missed"),
        (None, 1.0, 1.0, ""),
    ],
)
def test_an_aim_is_kept_up_to_its_limit(aim: Aim | None, ours: float, peer: float, verdict: str) -> None:
    assert Figure("x", ours, peer, aim).verdict == verdict


def test_a_ratio_that_does_not_exist_keeps_no_aim() -> None:
    least = Aim(Of.RATIO, 0.7, at_least=True)
    assert Figure("x", 1.0, 0.0).ratio == math.inf
    assert Figure("x", 0.0, 0.0, least).verdict == "missed"


@pytest.mark.parametrize(
    ("aim", "words"),
    [
        (Aim(Of.RATIO, 0.7, at_least=True), "ratio >= 0.7"),
        (Aim(Of.OURS, 200), "<= 200"),
        (Aim(Of.EXCESS, 2), "<= peer + 2"),
    ],
)
def test_an_aim_says_what_it_is_about(aim: Aim, words: str) -> None:
    assert str(aim) == words


def test_a_summary_orders_what_it_says() -> None:
    said = summary([3.0, 1.0, 2.0])
    assert (said["n"], said["min"], said["p50"], said["mean"], said["max"]) == (3, 1.0, 2.0, 2.0, 3.0)
