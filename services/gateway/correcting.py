"""May the rejected rows of a task be corrected, or waived, now? Pure: decided on what was looked up.

A task is corrected by one correction at a time: what the next one may still correct is only known when it has ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.gateway.decisions import Decided
from services.gateway.gap import Row, gap_of, is_loaded
from services.gateway.problems import ProblemError, ProblemKind
from shared.events import NO_CONTRACT, Correction, TaskStatus
from shared.record_set import RecordSet

# Records that are waived by their numbers travel with every later correction of the task.
MAX_NAMED_RECORDS = 10_000


@dataclass(frozen=True)
class Family:
    """A task, its corrections, and what the gateway has decided about it."""

    parent: Row
    children: Sequence[Row]
    decided: Decided


@dataclass(frozen=True)
class CorrectionPlan:
    """A correction that may be accepted as long as nothing is decided about its parent in between.

    `contract_version` is that which judged its parent, even when there is a later one by now; 0 if there was none.
    """

    parent_task_id: str
    datasource_name: str
    seen: Decided | None = None
    correction: Correction | None = None
    contract_version: int = NO_CONTRACT


@dataclass(frozen=True)
class Waiver:
    """Rows to waive; no `rows` means that there is nothing to record. `named` are the records, if they were named."""

    rows: int
    named: RecordSet | None = None


def plan_correction(family: Family) -> CorrectionPlan:
    """What a correction of the task has to say.

    Raises:
        ProblemError: it cannot be corrected now; the detail says why, and what to do.
    """
    parent, rows = family.parent, _open_rows(family)
    task_id = parent["task_id"]
    if not rows:
        detail = f"No rejected row of task {task_id} is open: all are corrected or waived."
        raise ProblemError(ProblemKind.NOT_CORRECTABLE, detail)
    if not parent["datasource_name"]:
        detail = f"It is not known yet where the rows of task {task_id} belong. Try again soon."
        raise ProblemError(ProblemKind.NOT_CORRECTABLE, detail)
    completed = sorted(child["task_id"] for child in _completed(family))
    correction = Correction(
        parent_task_id=task_id,
        rows=rows,
        completed=tuple(completed),
        waived=family.decided.waived_records or None,
    )
    version = parent["contract_version"] or NO_CONTRACT
    return CorrectionPlan(task_id, parent["datasource_name"], family.decided, correction, version)


def plan_waiver(family: Family, records: RecordSet | None) -> Waiver:
    """Which rows a waiver of these records, or of all that are open, adds.

    Raises:
        ProblemError: they cannot be waived; the detail says why, and what to do.
    """
    rows = _open_rows(family)
    if records is None:
        return Waiver(rows)
    task_id = family.parent["task_id"]
    wanted = records - family.decided.waived
    if not wanted:
        return Waiver(0)
    corrected = _corrected_records(family)
    rejected = family.parent["rejected_records"]
    if rejected is None or corrected is None:
        which = "they are too many and too scattered" if rejected is None else "some were corrected without a number"
        detail = f"The open records of task {task_id} are not known one by one, because {which}. Waive all of them."
        raise ProblemError(ProblemKind.NOT_WAIVABLE, detail, field="rows")
    wrong = wanted - (RecordSet.parse(rejected) - corrected)
    if wrong:
        detail = f"These are no open rejected records of task {task_id}: {str(wrong)[:200]}."
        raise ProblemError(ProblemKind.NOT_WAIVABLE, detail, field="rows")
    if len(wanted | family.decided.waived) > MAX_NAMED_RECORDS:
        detail = f"At most {MAX_NAMED_RECORDS:,} records of a task are waived by their numbers. Waive all of them."
        raise ProblemError(ProblemKind.NOT_WAIVABLE, detail, field="rows")
    return Waiver(min(len(wanted), rows), wanted)


def _open_rows(family: Family) -> int:
    """The gap of a task whose rejected rows may be decided about now."""
    parent, decided = family.parent, family.decided
    task_id, status = parent["task_id"], TaskStatus(parent["status"])
    if parent["corrects"]:
        detail = (
            f"Task {task_id} is a correction itself. Send what is still wrong as a correction of {parent['corrects']}."
        )
        raise ProblemError(ProblemKind.NOT_CORRECTABLE, detail)
    if not status.is_end:
        detail = f"Task {task_id} is {status}: its rejected rows are open once it is COMPLETED."
        raise ProblemError(ProblemKind.NOT_CORRECTABLE, detail)
    if status is not TaskStatus.COMPLETED:
        detail = f"Task {task_id} is {status}, so none of its rows is loaded. Upload the corrected file as a new one."
        raise ProblemError(ProblemKind.NOT_CORRECTABLE, detail)
    if not is_loaded(parent):
        detail = (
            f"The rows of task {task_id} are not in Druid: {_why_not(parent)}. Upload the corrected file as a new one."
        )
        raise ProblemError(ProblemKind.NOT_CORRECTABLE, detail)
    if not parent["rows_rejected"]:
        raise ProblemError(ProblemKind.NOT_CORRECTABLE, f"No row of task {task_id} was rejected.")
    live = _live_child(family)
    if live is not None:
        detail = (
            f"A correction of task {task_id} is on its way: task {live}. What may still be corrected is known when it "
            "has ended."
        )
        raise ProblemError(ProblemKind.CORRECTION_IN_FLIGHT, detail)
    return max(gap_of(parent, family.children, waived=decided.rows_waived).rows, 0)


def _why_not(parent: Row) -> str:
    if parent["stop_after"]:
        return f"it stopped after its {parent['stop_after']}, as was asked"
    return "it took another load back" if parent["undoes"] else f"task {parent.get('undone_by')} has taken it back"


def _live_child(family: Family) -> str | None:
    """The latest correction while it has not ended, or is not known to the projector."""
    ended = {child["task_id"] for child in family.children if TaskStatus(child["status"]).is_end}
    latest = family.decided.child_task_id
    return latest if latest is not None and latest not in ended else None


def _completed(family: Family) -> list[Row]:
    return [child for child in family.children if is_loaded(child)]


def _corrected_records(family: Family) -> RecordSet | None:
    """The records that are corrected; None when a correction does not say which."""
    found = RecordSet()
    for child in _completed(family):
        if child["corrected_records"] is None:
            return None
        found |= RecordSet.parse(child["corrected_records"])
    return found
