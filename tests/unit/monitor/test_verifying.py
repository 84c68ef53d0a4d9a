"""The ledger of a later count."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.monitor.verifying import Found, ledger_of
from shared import ids
from shared.druid import RowsCounted
from shared.events import DruidSubmitted, Ledger, LedgerStatus, ProofBy

NOW = datetime(2026, 5, 1, tzinfo=UTC)
TASK = ids.task_id_of(ids.NAMESPACE)
LOAD = DruidSubmitted(
    task_id=TASK,
    datasource_name="d",
    druid_task_id="x",
    spec_hash="h",
    intervals=("2013-01-01T00:00:00.000Z/2014-01-01T00:00:00.000Z",),
    rows_read=10,
    rows_accepted=9,
    rows_rejected=1,
    submitted_at=NOW,
)


def ledger(rows: int | None, *, loaded: bool = True, segments: bool = True, load: DruidSubmitted = LOAD) -> Ledger:
    return ledger_of(load, Found(loaded, segments, RowsCounted(rows, "SELECT 1")), counted_at=NOW)


def test_rows_that_are_all_there_are_reconciled() -> None:
    found = ledger(9)
    assert (found.status, found.reason, found.counted_at, found.query) == (
        LedgerStatus.RECONCILED,
        None,
        NOW,
        "SELECT 1",
    )
    assert (found.rows_read, found.rows_accepted, found.rows_rejected, found.rows_counted) == (10, 9, 1, 9)


@pytest.mark.parametrize("rows", [0, 4, 18])
def test_another_number_of_rows_is_a_mismatch_with_the_usual_causes(rows: int) -> None:
    found = ledger(rows)
    assert (found.status, found.rows_counted) == (LedgerStatus.MISMATCH, rows)
    assert found.reason is not None
    assert f"Druid counts {rows}" in found.reason
    assert "retention rule" in found.reason


def test_segments_that_cannot_be_queried_are_another_cause() -> None:
    found = ledger(4, loaded=False)
    assert found.reason is not None
    assert "cannot" not in found.reason
    assert "can be queried" in found.reason


def test_a_datasource_without_segments_has_no_rows_though_sql_does_not_know_it() -> None:
    assert (ledger(None, segments=False).status, ledger(None, segments=False).rows_counted) == (
        LedgerStatus.MISMATCH,
        0,
    )


def test_what_cannot_be_counted_is_unproven() -> None:
    assert ledger(None).status is LedgerStatus.UNPROVEN
    refused = ledger_of(LOAD, Found(loaded=True, segments=True, counted=None), counted_at=NOW)
    assert (refused.status, refused.rows_counted, refused.counted_at) == (LedgerStatus.UNPROVEN, None, NOW)


def test_rows_without_an_id_are_not_taken_for_those_of_other_loads() -> None:
    found = ledger(9, load=LOAD.model_copy(update={"proof_by": ProofBy.DIFFERENCE}))
    assert found.status is LedgerStatus.UNPROVEN
    assert found.reason is not None
    assert "no task id" in found.reason
