"""Does the ledger add up? Pure: figures in, one line of the ledger out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.druid import RowsCounted, RowStats
from shared.events import Ledger, LedgerStatus


@dataclass(frozen=True)
class Expected:
    """What validation has counted."""

    rows_read: int
    rows_accepted: int
    rows_rejected: int


def reconcile(
    expected: Expected, *, stats: RowStats | None, counted: RowsCounted | None, counted_at: datetime
) -> Ledger:
    """Set the figures against each other.

    RECONCILED needs read = accepted + rejected and counted = accepted; a report, where there is one, must say the same
    and have lost nothing. Everything else is a MISMATCH, and `reason` says which figures differ.

    Args:
        expected: validation's figures.
        stats: Druid's own report; None when it has none.
        counted: the answer to the count; None when it could not be asked.
        counted_at: when it was asked.
    """
    rows = counted.rows if counted else None
    differences = _differences(expected, stats, rows)
    return Ledger(
        status=LedgerStatus.MISMATCH if differences else LedgerStatus.RECONCILED,
        rows_read=expected.rows_read,
        rows_accepted=expected.rows_accepted,
        rows_rejected=expected.rows_rejected,
        rows_processed=stats.processed if stats else None,
        rows_counted=rows,
        query=counted.query if counted else None,
        counted_at=counted_at if counted else None,
        reason="; ".join(differences) or None,
    )


def _differences(expected: Expected, stats: RowStats | None, counted: int | None) -> list[str]:
    accepted = expected.rows_accepted
    found = []
    if expected.rows_read != accepted + expected.rows_rejected:
        found.append(f"{expected.rows_read} rows read, but {accepted} accepted and {expected.rows_rejected} rejected")
    if counted is None:
        found.append(f"{accepted} rows accepted, but Druid could not be asked for them")
    elif counted != accepted:
        found.append(f"{accepted} rows accepted, but Druid counts {counted}")
    if stats and stats.processed != accepted:
        found.append(f"{accepted} rows accepted, but Druid processed {stats.processed}")
    if stats and stats.lost:
        found.append(f"Druid lost or mended {stats.lost} rows")
    return found
