from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.monitor.ledger import Expected, reconcile
from shared.druid import RowsCounted, RowStats
from shared.events import Ledger, LedgerStatus

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EXPECTED = Expected(rows_read=1000, rows_accepted=993, rows_rejected=7)
ROWS = st.integers(0, 3)


def reconciled(stats: RowStats | None, counted: int | None, expected: Expected = EXPECTED) -> Ledger:
    return reconcile(expected, stats=stats, counted=RowsCounted(counted, "SELECT 1"), counted_at=NOW)


@pytest.mark.parametrize("stats", [None, RowStats(993, 0)])
def test_it_adds_up(stats: RowStats | None) -> None:
    ledger = reconciled(stats, 993)
    assert (ledger.status, ledger.reason) == (LedgerStatus.RECONCILED, None)
    assert (ledger.rows_read, ledger.rows_accepted, ledger.rows_rejected) == (1000, 993, 7)
    assert (ledger.rows_processed, ledger.rows_counted) == (stats.processed if stats else None, 993)
    assert (ledger.query, ledger.counted_at) == ("SELECT 1", NOW)


@pytest.mark.parametrize(
    ("stats", "counted", "words"),
    [
        (RowStats(993, 0), 992, "993 rows accepted, but Druid counts 992"),
        (RowStats(993, 0), 1986, "993 rows accepted, but Druid counts 1986"),
        (RowStats(993, 0), 0, "993 rows accepted, but Druid counts 0"),
        (RowStats(992, 0), 993, "993 rows accepted, but Druid processed 992"),
        (RowStats(993, 1), 993, "Druid lost or mended 1 rows"),
        (None, None, "993 rows accepted, but Druid could not be asked for them"),
    ],
)
def test_each_figure_that_differs_is_said(stats: RowStats | None, counted: int | None, words: str) -> None:
    ledger = reconciled(stats, counted)
    assert (ledger.status, ledger.reason) == (LedgerStatus.MISMATCH, words)


def test_all_differences_are_said() -> None:
    reason = reconciled(RowStats(991, 2), 992).reason or ""
    assert reason.count(";") == 2


def test_a_count_that_was_never_asked() -> None:
    ledger = reconcile(EXPECTED, stats=None, counted=None, counted_at=NOW)
    assert (ledger.status, ledger.query, ledger.counted_at) == (LedgerStatus.MISMATCH, None, None)


@given(read=ROWS, accepted=ROWS, rejected=ROWS, processed=st.none() | ROWS, lost=ROWS, counted=st.none() | ROWS)
def test_reconciled_is_exactly_that_every_line_holds(
    read: int, accepted: int, rejected: int, processed: int | None, lost: int, counted: int | None
) -> None:
    stats = None if processed is None else RowStats(processed, lost)
    ledger = reconciled(stats, counted, Expected(read, accepted, rejected))
    lines = [read == accepted + rejected, counted == accepted, processed in {None, accepted}, not (stats and lost)]
    assert (ledger.status is LedgerStatus.RECONCILED) == all(lines) == (ledger.reason is None)
