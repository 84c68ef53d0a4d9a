"""The gap of a task: rejected rows that are neither corrected nor waived. Computed when asked, kept nowhere.

    gap = rejected - corrected - waived

Rejected are the rows of a task that is COMPLETED: of any other end nothing was loaded, and the whole file comes again.
Corrected are the accepted rows of its corrections that are COMPLETED.
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


def gap_of(parent: Row, children: Sequence[Row], *, waived: int | None = None) -> Gap:
    """The gap of a task by its row and those of its corrections; `waived` is what is known beyond its row."""
    completed = [child for child in children if child["status"] == TaskStatus.COMPLETED]
    loaded = parent["status"] == TaskStatus.COMPLETED
    return Gap(
        rejected=(parent["rows_rejected"] or 0) if loaded else 0,
        corrected=sum(child["rows_accepted"] or 0 for child in completed),
        waived=(parent["rows_waived"] or 0) if waived is None else waived,
    )
