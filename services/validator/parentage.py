"""From what an upload says about the file that it corrects to what the engine is asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from services.validator.engine import Correction
from services.validator.readings import Reading
from shared.events import Correction as Said
from shared.events import Problem
from shared.record_set import RecordSet


def correction_of(said: Said, readings: Mapping[str, Reading], *, parent_rejects: Path) -> Correction | Problem:
    """What the engine is asked; a problem when it is not kept how the parent, or a correction before, was read.

    A correction before that does not say which records it has corrected (it came as CSV or as a workbook) settles none:
    the gap alone bounds what comes after it.
    """
    parent = readings.get(said.parent_task_id)
    if parent is None or parent.rejects_key is None or any(one not in readings for one in said.completed):
        return parent_unknown(said.parent_task_id)
    settled = RecordSet.parse(said.waived or "")
    for one in said.completed:
        settled |= RecordSet.parse(readings[one].corrected or "")
    return Correction(columns=parent.columns, rows=said.rows, parent_rejects=parent_rejects, settled=str(settled))


def parent_unknown(task_id: str) -> Problem:
    """How the corrected file was read, or its rejected rows, are not known any more."""
    message = (
        f"how the file of task {task_id} was read is not kept, because it was validated by an earlier release, or its "
        "rejected rows are gone: upload the corrected rows as a file of their own"
    )
    return Problem(code="correction_parent_unknown", message=message, detail={"parent_task_id": task_id})
