"""The gap of a task: rejected rows that are neither corrected nor waived. Computed when asked, kept nowhere.

    gap = rejected - corrected - waived

Rejected are the rows of a task that is loaded: of any other nothing is there, and the whole file comes again. Corrected
are the accepted rows of its corrections that are loaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.events import TaskStatus

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Gap:
    """The three figures behind a gap, in rows."""

    rejected: int
    corrected: int
    waived: int

    @property
    def rows(self) -> int:
        """Rejected rows that are neither corrected nor waived."""
        return self.rejected - self.corrected - self.waived


def is_loaded(task: Row) -> bool:
    """Whether its rows are in Druid: COMPLETED, did not stop before the load, and was not taken back since."""
    done = task["status"] == TaskStatus.COMPLETED
    return done and not (task["stop_after"] or task["undoes"] or task.get("undone_by"))


def gap_of(parent: Row, children: Sequence[Row], *, waived: int | None = None) -> Gap:
    """The gap of a task by its row and those of its corrections; `waived` is what is known beyond its row."""
    return Gap(
        rejected=(parent["rows_rejected"] or 0) if is_loaded(parent) else 0,
        corrected=sum(child["rows_accepted"] or 0 for child in children if is_loaded(child)),
        waived=(parent["rows_waived"] or 0) if waived is None else waived,
    )
