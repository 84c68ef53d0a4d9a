"""How long a load is kept back from a Druid that is away or busy, and what its user is told meanwhile.

Nothing is counted: the words that the task was told say since when, so that the wait goes on where it was after a
restart, or in another process. There is no limit after which a task fails for it.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

from services.submitter.turn import Hold, Reason
from shared.backoff import Backoff

_BACKOFF = Backoff(first=timedelta(milliseconds=500), longest=timedelta(seconds=15))
_SINCE = re.compile(rf"^{Reason.BACKOFF}: .* since (\S+Z):")


def away(why: str, *, since: datetime) -> Hold:
    """What is said of a Druid that does not serve."""
    moment = since.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Hold(Reason.BACKOFF, f"Druid is away or busy since {moment}: {why}")


def keep_back(told: str | None, why: str, *, now: datetime) -> tuple[Hold, timedelta]:
    """What to say after a failed call, and how long to wait before the next one.

    Args:
        told: what was said before; while that is the same trouble it stays, with its moment and its first cause.
        why: what the call met.
        now: aware UTC.
    """
    found = _SINCE.match(told or "")
    if found is None or told is None:
        return away(why, since=now), _BACKOFF.delay(1)
    detail = told.removeprefix(f"{Reason.BACKOFF}: ")
    return Hold(Reason.BACKOFF, detail), pause(now - datetime.fromisoformat(found[1]))


def pause(trouble: timedelta) -> timedelta:
    """The next wait in a trouble of this age: each is twice as long as the one before, up to a limit, with jitter."""
    doublings = math.log2(max(trouble / _BACKOFF.first, 0.0) + 1)
    return _BACKOFF.delay(1 + int(doublings))
