"""What an earlier attempt has left decides whether the next one loads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.submitter.earlier import (
    ALREADY_THERE,
    SETTLE,
    VISIBLE,
    AllThere,
    Clear,
    EarlierAttempts,
    NotYet,
    Seen,
    SomeThere,
    Verdict,
    end_of,
    judge,
)
from services.submitter.spec import Frozen, freeze
from shared.druid import DruidState, DruidTaskStatus, RowsCounted
from shared.events import FileValidated, LedgerStatus, TaskStatus
from tests.contracts.golden import all_golden
from tests.unit.druid.scripted import ScriptedDruid
from tests.unit.submitter.druid_loads import ACROSS_FILES, APPEND, ROLLUP

NOW = datetime(2026, 5, 1, tzinfo=UTC)
INTERVAL = "2013-01-01T00:00:00.000Z/2014-01-01T00:00:00.000Z"
EARLIER = Frozen("ingest_x_1", freeze(APPEND).spec, "h", (INTERVAL,))
BY_DIFFERENCE = Frozen("ingest_x_1", freeze(replace(ACROSS_FILES, rows_before=30)).spec, "h", (INTERVAL,))
BY_METRIC = Frozen("ingest_x_1", freeze(ROLLUP).spec, "h", (INTERVAL,))


def seen(rows: int | None, *, since: timedelta = VISIBLE, over: bool = True, segments: bool = True) -> Seen:
    return Seen(over, loaded=True, segments=segments, counted=RowsCounted(rows, "SELECT 1"), since=since)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (seen(9, since=timedelta(0)), AllThere()),
        (seen(0, since=SETTLE), Clear()),
        (seen(0, since=timedelta(0)), NotYet()),
        (seen(4, since=SETTLE), SomeThere(4)),
        (seen(18, since=SETTLE), SomeThere(18)),
        (seen(4, since=timedelta(0)), NotYet()),
        (seen(None, since=SETTLE), NotYet()),
        (seen(None, since=VISIBLE), Clear()),
        (seen(None, since=SETTLE, segments=False), Clear()),
        (seen(9, over=False), NotYet()),
        (Seen(over=True, loaded=False, segments=True, counted=None, since=VISIBLE), NotYet()),
    ],
)
def test_judge(found: Seen, expected: Verdict) -> None:
    assert judge(found, accepted=9) == expected


@given(
    rows=st.none() | st.integers(0, 20),
    accepted=st.integers(1, 10),
    since=st.timedeltas(timedelta(0), VISIBLE * 2),
    over=st.booleans(),
    loaded=st.booleans(),
    segments=st.booleans(),
)
def test_nothing_is_loaded_beside_rows_that_are_known(  # all that a look can show
    *, rows: int | None, accepted: int, since: timedelta, over: bool, loaded: bool, segments: bool
) -> None:
    counted = RowsCounted(rows, "SELECT 1") if over and loaded else None
    verdict = judge(Seen(over, loaded, segments, counted, since), accepted=accepted)
    if isinstance(verdict, Clear):
        assert over
        assert loaded
        assert not rows


def verdict_event() -> FileValidated:
    golden = next(one for one in all_golden() if one.kind == FileValidated.event_type)
    event = golden.read().event
    assert isinstance(event, FileValidated)
    return event.model_copy(update={"attempt": 2})


async def test_an_answer_is_believed_when_it_has_stayed_the_same() -> None:
    druid, event = ScriptedDruid(counts=[0, 0, 4, 4]), verdict_event()
    looks = EarlierAttempts(druid)
    found = [
        (await looks.look(event, [EARLIER], now=NOW + timedelta(seconds=after))).since.total_seconds()
        for after in (0, 2, 4, 6)
    ]
    assert found == [0, 2, 0, 2]
    assert druid.refreshes == [True] * 4


async def test_nothing_is_counted_while_an_earlier_task_runs() -> None:
    druid = ScriptedDruid(counts=[AssertionError("not to be asked")])
    druid.statuses["ingest_x_1"] = DruidTaskStatus(DruidState.RUNNING, placed=True, error=None)
    found = await EarlierAttempts(druid).look(verdict_event(), [EARLIER], now=NOW)
    assert (found.over, found.counted) == (False, None)


def test_all_rows_prove_the_task() -> None:
    event = verdict_event()
    end = end_of(event, seen(event.rows_accepted), AllThere(), now=NOW)
    assert (end.status, end.attempt, end.reason, end.problems) == (TaskStatus.COMPLETED, 2, ALREADY_THERE, ())
    assert end.ledger is not None
    assert (end.ledger.status, end.ledger.rows_counted) == (LedgerStatus.RECONCILED, event.rows_accepted)


def test_some_rows_are_for_a_person() -> None:
    event = verdict_event()
    end = end_of(event, seen(1), SomeThere(1), now=NOW)
    assert (end.status, end.problems[0].code) == (TaskStatus.FAILED, ALREADY_THERE)
    assert f"1 of {event.rows_accepted} rows" in end.problems[0].message
    assert end.ledger is not None
    assert end.ledger.status is LedgerStatus.MISMATCH


async def test_rows_are_counted_as_the_earlier_load_is_proven() -> None:
    druid, event = ScriptedDruid(counts=[7]), verdict_event()
    by_metric = await EarlierAttempts(druid).look(event, [BY_METRIC], now=NOW)
    assert by_metric.counted is not None
    assert 'SUM("trips")' in by_metric.counted.query
    assert f"\"ingest_task_id\" = '{event.task_id}'" in by_metric.counted.query
    by_difference = await EarlierAttempts(druid).look(event, [BY_DIFFERENCE, BY_DIFFERENCE], now=NOW)
    assert by_difference.counted is not None
    assert 'SUM("ingest_row_count"), 0) - 30' in by_difference.counted.query
    assert "ingest_task_id" not in by_difference.counted.query
    assert (by_metric.by_difference, by_difference.by_difference) == (False, True)


def test_rows_without_an_id_prove_nothing_once_others_may_have_loaded() -> None:
    event = verdict_event()
    rows = event.rows_accepted
    found = replace(seen(rows), by_difference=True)
    verdict = judge(found, accepted=rows)
    assert verdict == SomeThere(rows)
    end = end_of(event, found, SomeThere(rows), now=NOW)
    assert end.status is TaskStatus.FAILED
    assert "nobody can tell" in end.problems[0].message
    assert judge(replace(seen(0), by_difference=True), accepted=rows) == Clear()


def test_fewer_rows_than_before_are_no_count_of_ours() -> None:
    """Another load has replaced some of those that were there."""
    event = verdict_event()
    found = replace(seen(-5), by_difference=True)
    end = end_of(event, found, SomeThere(-5), now=NOW)
    assert judge(found, accepted=event.rows_accepted) == SomeThere(-5)
    assert end.ledger is not None
    assert (end.status, end.ledger.rows_counted) == (TaskStatus.FAILED, None)
