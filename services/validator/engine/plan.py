"""What the first pass decides about the second: the time, the columns with their types, and what is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .canonical import ColumnWriter
from .timechoice import TimeChoice
from .verdict import Problem


@dataclass(frozen=True, slots=True)
class Plan:
    """How the rows are read. `choice` is None when no record is well formed, a problem when no time is found.

    `columns` write all that is loaded, except the time; `unloaded` are the positions of the columns that are not.
    """

    choice: TimeChoice | Problem | None
    columns: Sequence[ColumnWriter]
    unloaded: frozenset[int | None]

    @property
    def time(self) -> TimeChoice | None:
        """The column of the time, where it is found."""
        return self.choice if isinstance(self.choice, TimeChoice) else None

    @property
    def judges(self) -> bool:
        """Whether there is a row to judge."""
        return self.choice is not None

    def reads_like(self, other: Plan) -> bool:
        """Whether both make the same of every row."""
        return (
            (self.time, self.judges, self.unloaded) == (other.time, other.judges, other.unloaded)
            and len(self.columns) == len(other.columns)
            and all(one.writes_like(two) for one, two in zip(self.columns, other.columns, strict=True))
        )
