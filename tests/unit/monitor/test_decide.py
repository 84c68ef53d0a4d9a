from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.monitor.decide import (
    Again,
    Disproven,
    Ended,
    Missing,
    Observation,
    Pending,
    PostAgain,
    Proven,
    Running,
    judge,
    observe,
    pace,
)
from services.monitor.evidence import End, Evidence, Patience
from services.monitor.ledger import Expected
from shared.druid import DruidState, DruidTaskStatus, RowsCounted, RowStats
from shared.events import LedgerStatus

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


PATIENCE = Patience(
    missing=seconds(60),
    settle=seconds(3),
    report=seconds(2),
    count=seconds(30),
    visible=seconds(150),
    repost=seconds(300),
    load=seconds(900),
)
ALL_THERE = Evidence(
    end=End.SUCCESS,
    error=None,
    expected=Expected(10, 9, 1),
    stats=RowStats(9, 0),
    loaded=True,
    segments=True,
    counted=RowsCounted(9, "SELECT 1"),
    counted_at=NOW,
    since_end=seconds(0),
    since_counted=seconds(0),
)


def counted(rows: int | None) -> RowsCounted:
    return RowsCounted(rows, "SELECT 1")


@pytest.mark.parametrize(
    ("status", "missing_for", "expected"),
    [
        (DruidTaskStatus(DruidState.RUNNING, placed=False, error=None), None, Pending()),
        (DruidTaskStatus(DruidState.RUNNING, placed=True, error=None), None, Running()),
        (DruidTaskStatus(DruidState.RUNNING, placed=True, error=None), 99, Running()),
        (DruidTaskStatus(DruidState.SUCCESS, placed=True, error=None), None, Ended(End.SUCCESS)),
        (DruidTaskStatus(DruidState.FAILED, placed=True, error="x"), None, Ended(End.FAILED, "x")),
        (DruidTaskStatus(DruidState.FAILED, placed=True, error=None), None, Ended(End.FAILED, "Druid gave no reason")),
        (None, None, Missing()),
        (None, 59, Pending()),
        (None, 60, Ended(End.LOST)),
    ],
)
def test_observe(status: DruidTaskStatus | None, missing_for: float | None, expected: Observation) -> None:
    since = None if missing_for is None else NOW - seconds(missing_for)
    assert observe(status, missing_since=since, now=NOW, patience=PATIENCE) == expected


@pytest.mark.parametrize("end", End)
def test_all_rows_there_is_completed_whatever_druid_says(end: End) -> None:
    verdict = judge(replace(ALL_THERE, end=end), PATIENCE)
    assert isinstance(verdict, Proven)
    assert verdict.ledger.status is LedgerStatus.RECONCILED


def test_the_report_of_a_failed_task_is_no_figure() -> None:
    verdict = judge(replace(ALL_THERE, end=End.FAILED, stats=RowStats(4, 1)), PATIENCE)
    assert isinstance(verdict, Proven)
    assert verdict.ledger.rows_processed is None


def test_a_success_waits_a_little_for_its_report() -> None:
    assert judge(replace(ALL_THERE, stats=None), PATIENCE) == Again()
    late = judge(replace(ALL_THERE, stats=None, since_end=seconds(2)), PATIENCE)
    assert isinstance(late, Proven)
    assert late.ledger.rows_processed is None


@pytest.mark.parametrize(
    ("evidence", "grace", "code"),
    [
        (replace(ALL_THERE, counted=counted(8)), 30, "row_mismatch"),
        (replace(ALL_THERE, counted=counted(0)), 30, "row_mismatch"),
        (replace(ALL_THERE, counted=counted(18)), 30, "row_mismatch"),
        (replace(ALL_THERE, stats=RowStats(8, 1)), 30, "row_mismatch"),
        (replace(ALL_THERE, counted=counted(None)), 150, "not_queryable"),
        (replace(ALL_THERE, counted=counted(None), segments=False), 30, "row_mismatch"),
        (replace(ALL_THERE, end=End.FAILED, error="no disk", counted=counted(0)), 3, "druid_failed"),
        (replace(ALL_THERE, end=End.FAILED, error="no disk", counted=counted(5)), 30, "druid_failed"),
        (replace(ALL_THERE, end=End.FAILED, error="no disk", counted=counted(None)), 150, "druid_failed"),
        (replace(ALL_THERE, end=End.FAILED, error="no disk", counted=counted(None), segments=False), 3, "druid_failed"),
        (replace(ALL_THERE, end=End.LOST, counted=counted(5)), 30, "druid_task_lost"),
        (replace(ALL_THERE, end=End.LOST, counted=counted(None)), 150, "druid_task_lost"),
        (replace(ALL_THERE, end=End.LOST, counted=counted(0), reposts=3), 30, "druid_task_lost"),
    ],
)
def test_a_difference_is_believed_after_its_grace(evidence: Evidence, grace: float, code: str) -> None:
    assert judge(replace(evidence, since_counted=seconds(grace - 0.1)), PATIENCE) == Again()
    verdict = judge(replace(evidence, since_counted=seconds(grace)), PATIENCE)
    assert isinstance(verdict, Disproven)
    assert verdict.problem.code == code
    assert verdict.ledger.status is LedgerStatus.MISMATCH


def test_both_figures_stand_in_the_message() -> None:
    verdict = judge(replace(ALL_THERE, counted=counted(8), since_counted=seconds(30)), PATIENCE)
    assert isinstance(verdict, Disproven)
    assert "has 8 rows of it where 9 were accepted (its report: 9 processed, 0 lost)" in verdict.problem.message
    assert verdict.problem.detail == {"rows_accepted": 9, "rows_counted": 8, "druid_end": "SUCCESS"}


def test_druids_own_words_stand_in_the_message() -> None:
    evidence = replace(ALL_THERE, end=End.FAILED, error="no {disk}.", counted=counted(0), since_counted=seconds(3))
    verdict = judge(evidence, PATIENCE)
    assert isinstance(verdict, Disproven)
    assert verdict.problem.message == "Druid could not load the file: no {disk}. It has 0 of 9 rows."


@pytest.mark.parametrize(("rows", "safe"), [(0, True), (5, False), (None, False)])
def test_a_failure_that_the_catalogue_knows_is_told_in_its_words(rows: int | None, safe: bool) -> None:  # noqa: FBT001
    locked = "org.apache.druid.java.util.common.ISE: Failed to get locks for intervals[[a/b]]\nCaused by: another"
    evidence = replace(ALL_THERE, end=End.FAILED, error=locked, counted=counted(rows), since_counted=timedelta.max)
    verdict = judge(evidence, PATIENCE)
    assert isinstance(verdict, Disproven)
    assert verdict.problem.code == "druid_lock_conflict"
    assert "Another task held the time that the load writes: a/b." in verdict.problem.message
    assert verdict.problem.message.endswith(f"Druid has {'an unknown number' if rows is None else rows} of 9 rows.")
    assert verdict.problem.detail == {
        "rows_accepted": 9,
        "rows_counted": rows,
        "druid_end": "FAILED",
        "druid_message": locked,
        "whose_fault": "nobody",
        "safe_to_retry": safe,
    }


def test_of_a_failure_of_many_lines_the_message_has_the_first() -> None:
    error = "java.lang.Exception: no disk\nCaused by: something else"
    evidence = replace(ALL_THERE, end=End.FAILED, error=error, counted=counted(0), since_counted=timedelta.max)
    verdict = judge(evidence, PATIENCE)
    assert isinstance(verdict, Disproven)
    assert verdict.problem.message == "Druid could not load the file: no disk. It has 0 of 9 rows."
    assert verdict.problem.detail["druid_message"] == error


@pytest.mark.parametrize(
    ("end", "code"),
    [(End.SUCCESS, "not_queryable"), (End.FAILED, "druid_failed"), (End.LOST, "druid_task_lost")],
)
def test_a_count_that_is_refused_says_nothing_until_it_is_given_up(end: End, code: str) -> None:
    evidence = replace(ALL_THERE, end=end, counted=None, since_counted=timedelta.max)
    assert judge(replace(evidence, since_end=seconds(899)), PATIENCE) == Again()
    verdict = judge(replace(evidence, since_end=seconds(900)), PATIENCE)
    assert isinstance(verdict, Disproven)
    assert (verdict.problem.code, verdict.problem.detail["rows_counted"]) == (code, None)


@pytest.mark.parametrize(
    "evidence",
    [
        replace(ALL_THERE, end=End.LOST, counted=counted(0)),
        replace(ALL_THERE, end=End.LOST, counted=counted(None), segments=False),
        replace(ALL_THERE, end=End.LOST, counted=counted(0), reposts=2),
    ],
)
def test_a_lost_task_that_is_known_to_have_no_rows_is_posted_again(evidence: Evidence) -> None:
    assert judge(replace(evidence, since_counted=seconds(29.9)), PATIENCE) == Again()
    assert judge(replace(evidence, since_counted=seconds(30)), PATIENCE) == PostAgain(due=False)
    assert judge(replace(evidence, since_counted=seconds(299.9)), PATIENCE) == PostAgain(due=False)
    assert judge(replace(evidence, since_counted=seconds(300)), PATIENCE) == PostAgain(due=True)


def test_the_last_of_the_reposts_is_told() -> None:
    verdict = judge(
        replace(ALL_THERE, end=End.LOST, counted=counted(0), reposts=3, since_counted=seconds(30)), PATIENCE
    )
    assert isinstance(verdict, Disproven)
    assert "it was to be posted again 3 times, and has none of its 9 rows" in verdict.problem.message


@pytest.mark.parametrize("end", End)
@pytest.mark.parametrize("rows", [RowsCounted(8, "SELECT 1"), RowsCounted(None, "SELECT 1"), None])
def test_segments_that_never_load(end: End, rows: RowsCounted | None) -> None:
    evidence = replace(ALL_THERE, end=end, loaded=False, counted=rows, since_counted=seconds(899))
    assert judge(replace(evidence, since_end=seconds(899)), PATIENCE) == Again()
    verdict = judge(replace(evidence, since_end=seconds(900)), PATIENCE)
    assert isinstance(verdict, Disproven)
    assert (verdict.problem.code, verdict.ledger.status) == ("load_timeout", LedgerStatus.MISMATCH)


def test_all_rows_and_a_report_need_no_segment_of_others() -> None:
    evidence = replace(ALL_THERE, loaded=False)
    assert judge(replace(evidence, since_end=seconds(29.9)), PATIENCE) == Again()
    verdict = judge(replace(evidence, since_end=seconds(30)), PATIENCE)
    assert isinstance(verdict, Proven)
    assert verdict.ledger.status is LedgerStatus.RECONCILED


@pytest.mark.parametrize(
    "evidence",
    [replace(ALL_THERE, stats=None), replace(ALL_THERE, end=End.FAILED), replace(ALL_THERE, end=End.LOST)],
)
def test_all_rows_without_a_report_are_unproven_while_segments_are_missing(evidence: Evidence) -> None:
    evidence = replace(evidence, loaded=False)
    assert judge(replace(evidence, since_end=seconds(899)), PATIENCE) == Again()
    verdict = judge(replace(evidence, since_end=seconds(900)), PATIENCE)
    assert isinstance(verdict, Proven)
    assert (verdict.ledger.status, verdict.ledger.rows_counted) == (LedgerStatus.UNPROVEN, 9)
    assert "not all segments of their time can be queried" in str(verdict.ledger.reason)


DROPPED = replace(ALL_THERE, counted=counted(None), segments=False, dropped=True, since_counted=seconds(30))


def test_rows_that_a_rule_keeps_away_are_unproven() -> None:
    assert judge(replace(DROPPED, since_counted=seconds(29.9)), PATIENCE) == Again()
    verdict = judge(DROPPED, PATIENCE)
    assert isinstance(verdict, Proven)
    assert verdict.ledger.status is LedgerStatus.UNPROVEN
    assert str(verdict.ledger.reason).startswith("not_retained: ")


@pytest.mark.parametrize(
    "evidence",
    [
        replace(DROPPED, dropped=False),
        replace(DROPPED, stats=None),
        replace(DROPPED, stats=RowStats(8, 1)),
        replace(DROPPED, expected=Expected(11, 9, 1)),
        replace(DROPPED, segments=True, counted=counted(0)),
    ],
)
def test_a_rule_excuses_no_other_difference(evidence: Evidence) -> None:
    verdict = judge(evidence, PATIENCE)
    assert isinstance(verdict, Disproven)
    assert verdict.problem.code == "row_mismatch"


@given(
    end=st.sampled_from(End),
    rows=st.none() | st.integers(0, 20),
    stats=st.none() | st.builds(RowStats, st.integers(0, 10), st.integers(0, 1)),
    loaded=st.booleans(),
    segments=st.booleans(),
    reposts=st.integers(0, 4),
    since_end=st.integers(0, 2000),
    since_counted=st.integers(0, 2000),
)
def test_completed_is_never_said_without_the_exact_count(
    *,
    end: End,
    rows: int | None,
    stats: RowStats | None,
    loaded: bool,
    segments: bool,
    reposts: int,
    since_end: int,
    since_counted: int,
) -> None:
    verdict = judge(
        replace(
            ALL_THERE,
            end=end,
            counted=counted(rows),
            stats=stats,
            loaded=loaded,
            segments=segments,
            reposts=reposts,
            since_end=seconds(since_end),
            since_counted=seconds(since_counted),
        ),
        PATIENCE,
    )
    if isinstance(verdict, Proven):
        assert rows == 9
        assert verdict.ledger.rows_counted == 9
        assert loaded or since_end >= 30
        assert loaded or since_end >= 900 or (end is End.SUCCESS and stats == RowStats(9, 0))
        assert end is not End.SUCCESS or stats in {None, RowStats(9, 0)}
    if isinstance(verdict, PostAgain):
        assert end is End.LOST
        assert rows == 0 or (rows is None and not segments)
        assert loaded
        assert since_counted >= (300 if verdict.due else 30)
        assert reposts < 3


@given(age=st.timedeltas(timedelta(0), timedelta(days=9)))
def test_the_pace_stays_within_its_bounds(age: timedelta) -> None:
    assert seconds(0.25) <= pace(age, quickest=seconds(0.25), slowest=seconds(2)) <= seconds(2)
    assert pace(age, quickest=seconds(0.25), slowest=seconds(2)) >= min(age / 8, seconds(2))
