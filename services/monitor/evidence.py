"""What is known of a Druid task that has ended, and how long each kind of doubt about it may last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.monitor.ledger import Expected
from shared.druid import RowsCounted, RowStats


class End(StrEnum):
    """How a Druid task ended; LOST: Druid does not know it any more. The rows decide, not this."""

    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    LOST = "LOST"


@dataclass(frozen=True)
class Patience:
    """How long each kind of doubt may last.

    Attributes:
        missing: until a task that Druid does not know counts as lost.
        settle: until it is believed of a task that failed that it has no rows.
        report: until a success is accepted without Druid's report.
        count: until any other count that differs is believed, and until rows are counted though segments are missing.
        visible: until it is believed that SQL does not know a datasource that has segments; Druid's own period is one
            minute.
        repost: until a task that Druid has lost with its rows is posted again. A worker that had it knows its id still,
            and would not begin a second one; it asks the overlord every five minutes which it may forget.
        load: until segments that are not loaded, or a count that Druid refuses, are given up.
    """

    missing: timedelta
    settle: timedelta
    report: timedelta
    count: timedelta
    visible: timedelta
    repost: timedelta
    load: timedelta


@dataclass(frozen=True)
class Evidence:
    """All that is known of a task that has ended.

    `loaded` says whether all segments of its intervals can be queried, `segments` whether there are any; `counted` is
    None when no count was taken or it was refused. `since_end` is how long ago Druid ended it, `since_counted` since
    when the count has been this one. `reposts` is how often it was posted again, `dropped` whether a retention rule is
    known to keep all of its intervals away.
    """

    end: End
    error: str | None
    expected: Expected
    stats: RowStats | None
    loaded: bool
    segments: bool
    counted: RowsCounted | None
    counted_at: datetime
    since_end: timedelta
    since_counted: timedelta
    reposts: int = 0
    dropped: bool = False

    @property
    def rows(self) -> int | None:
        """How many rows Druid is known to have; None is "unknown"."""
        return None if self.counted is None else self.counted.known(segments=self.segments)
