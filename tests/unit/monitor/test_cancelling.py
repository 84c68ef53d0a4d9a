"""A load that was to be cancelled ends by what the count says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.monitor.cancelling import ROWS_LEFT, Cancelled, after_cancel
from services.monitor.decide import Again, Disproven, PostAgain, Proven, judge
from services.monitor.evidence import End, Evidence
from shared.events import LedgerStatus
from tests.unit.monitor.test_decide import ALL_THERE, PATIENCE, counted, seconds

SHUT_DOWN = replace(
    ALL_THERE, end=End.FAILED, stats=None, since_end=seconds(60), since_counted=seconds(60), counted=counted(0)
)


def verdict(evidence: Evidence) -> object:
    return after_cancel(judge(evidence, PATIENCE), evidence)


@pytest.mark.parametrize("end", [End.FAILED, End.LOST])
def test_a_load_without_rows_is_cancelled(end: End) -> None:
    found = verdict(replace(SHUT_DOWN, end=end))
    assert isinstance(found, Cancelled)
    assert found.problem is None
    assert (found.ledger.status, found.ledger.rows_counted) == (LedgerStatus.MISMATCH, 0)
    assert found.ledger.reason == "cancelled: Druid has none of the 9 accepted rows"


@pytest.mark.parametrize("end", [End.FAILED, End.LOST])
def test_rows_that_have_got_in_are_named(end: End) -> None:
    found = verdict(replace(SHUT_DOWN, end=end, counted=counted(4)))
    assert isinstance(found, Cancelled)
    assert found.problem is not None
    assert (found.problem.code, found.problem.detail["rows_counted"]) == (ROWS_LEFT, 4)
    assert "4 of the 9 accepted rows" in found.problem.message
    assert "remove them" in found.problem.message
    assert found.ledger.reason == found.problem.message


def test_a_datasource_without_segments_has_no_row_though_sql_does_not_know_it() -> None:
    found = verdict(replace(SHUT_DOWN, counted=counted(None), segments=False))
    assert isinstance(found, Cancelled)
    assert (found.problem, found.ledger.rows_counted) == (None, 0)


def test_a_count_that_is_refused_is_no_count() -> None:
    found = verdict(replace(SHUT_DOWN, counted=None, since_end=seconds(10_000)))
    assert isinstance(found, Cancelled)
    assert found.problem is not None
    assert found.problem.detail["rows_counted"] is None


@pytest.mark.parametrize("end", list(End))
def test_a_load_whose_rows_are_all_there_has_succeeded(end: End) -> None:
    assert isinstance(verdict(replace(SHUT_DOWN, end=end, counted=counted(9))), Proven)


def test_a_lost_load_is_not_posted_again() -> None:
    lost = replace(SHUT_DOWN, end=End.LOST)
    assert isinstance(judge(lost, PATIENCE), PostAgain)
    assert isinstance(verdict(lost), Cancelled)


def test_a_success_with_wrong_figures_stays_a_failure() -> None:
    found = verdict(replace(SHUT_DOWN, end=End.SUCCESS, counted=counted(4)))
    assert isinstance(found, Disproven)
    assert found.problem.code == "row_mismatch"


def test_doubt_lasts_as_long_as_without_a_cancel() -> None:
    assert verdict(replace(SHUT_DOWN, since_counted=seconds(1))) == Again()
