"""All that the spec of a load is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.submitter.live_types import TypeDrift
from shared.events import Column, LoadMode
from shared.loading import Loading

ROWS_PER_SEGMENT = 5_000_000
"""How large a segment should become: Druid's own advice."""
MOST_SUB_TASKS = 1
"""How many sub-tasks a load may have where nobody says more: none, it does the work itself."""
DEFAULTS = Loading()
"""How a datasource is loaded that does not say it: everything is found by the verdict."""


@dataclass(frozen=True)
class Load:
    """One validated file on its way into its datasource.

    `keys` are the canonical parts in `bucket`, gzipped JSON lines whose names end in `.gz`: Druid goes by the name.
    `urls` are addresses of the same parts for a Druid that cannot read the object store; none where it can. `used` are
    the intervals that a replace has to empty, `start/end`; an append has none. `most_sub_tasks` bounds the sub-tasks,
    one part each; with 1 the task does all the work itself, in one slot. `rows_before` are the rows of the load's
    interval before it is posted, where that proves it. `loading` is how the datasource is loaded, where it says so.
    With `alone` an append has its time chunks to itself, and the next one waits in Druid. `drift` are the columns whose
    type is not the one that the datasource has.
    """

    task_id: str
    attempt: int
    datasource: str
    mode: LoadMode
    bucket: str
    keys: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: int
    time_min: datetime
    time_max: datetime
    used: tuple[str, ...]
    rows_per_segment: int
    most_sub_tasks: int
    loading: Loading = DEFAULTS
    urls: tuple[str, ...] = ()
    rows_before: int | None = None
    alone: bool = False
    drift: tuple[TypeDrift, ...] = ()
