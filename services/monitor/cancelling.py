"""What becomes of a load that somebody has cancelled when Druid had it already; pure.

Druid is told to shut the task down, and calls it FAILED. Whether rows have got in all the same is for the count to say:
Druid publishes the segments of a load at once, so it is none or all. All of them are a load that had succeeded before
it could be cancelled.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import JsonValue

from services.monitor.decide import Again, Disproven, PostAgain, Proven, Verdict
from services.monitor.evidence import End, Evidence
from services.monitor.ledger import reconcile
from shared.events import Ledger, Problem

ROWS_LEFT = "cancelled_rows_left"


@dataclass(frozen=True)
class Cancelled:
    """It is over. `problem` is None when Druid has no row of it, and else says what to do about those it has."""

    ledger: Ledger
    problem: Problem | None


def after_cancel(verdict: Verdict, evidence: Evidence) -> Again | Proven | Disproven | Cancelled:
    """The verdict on a load that was to be cancelled: a success stays what it is, and nothing is posted again."""
    match verdict:
        case Again() | Proven():
            return verdict
        case Disproven() if evidence.end is End.SUCCESS:
            return verdict
        case Disproven() | PostAgain():
            return _cancelled(evidence)


def _cancelled(evidence: Evidence) -> Cancelled:
    rows, accepted = evidence.rows, evidence.expected.rows_accepted
    figures = reconcile(evidence.expected, stats=None, counted=evidence.counted, counted_at=evidence.counted_at)
    words = _NONE if rows == 0 else _UNKNOWN if rows is None else _SOME
    message = words.format(rows=rows, accepted=accepted)
    ledger = figures.model_copy(update={"rows_counted": rows, "reason": message})
    if rows == 0:
        return Cancelled(ledger, None)
    detail: dict[str, JsonValue] = {"rows_accepted": accepted, "rows_counted": rows}
    return Cancelled(ledger, Problem(code=ROWS_LEFT, message=message, detail=detail))


_NONE = "cancelled: Druid has none of the {accepted} accepted rows"
_SOME = (
    "cancelled: Druid has {rows} of the {accepted} accepted rows. They carry this task's id in the column "
    "ingest_task_id: remove them before the file is loaded again."
)
_UNKNOWN = (
    "cancelled: Druid could not be asked how many of the {accepted} accepted rows it has. Those that it has carry this "
    "task's id in the column ingest_task_id: count them before the file is loaded again."
)
