"""A task's place among all the others, and what may be said about it: it may be sent, or it is held for a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Stage(StrEnum):
    """How far an open task is, as the admission sees it.

    UPCOMING: accepted, no verdict yet. WAITING: ready to be sent. SENT: Druid may have it, its slots are in use.
    PROVING: it has left Druid's slots and holds its datasource until its rows are counted.
    """

    UPCOMING = "upcoming"
    WAITING = "waiting"
    SENT = "sent"
    PROVING = "proving"


@dataclass(frozen=True, slots=True)
class Turn:
    """One open task.

    Args:
        task_id: whose turn it is.
        tenant: whose task it is.
        datasource: where it writes; the names of all tenants are one space, as they are in Druid.
        exclusive: whether nothing else may run beside it in its datasource: a replace, an undo, or an append that
            is proven by the difference that it makes (known with its verdict).
        accepted_at: its place in the line.
        stage: how far it is.
        slots: those that it uses, or that it asks for while it waits: 1, or 1 + sub-tasks; 0 for what is no Druid task.
        small: whether it may use the slot that is kept for small files.
        ready_at: since when it can be sent; None while it is upcoming.
        content: names the bytes that it appends and the version that judged them; None where they are not known, and
            for what is never compared.
        once: whether it waits for others of the same content: what becomes of them decides whether it is loaded.
    """

    task_id: str
    tenant: str
    datasource: str
    exclusive: bool
    accepted_at: datetime
    stage: Stage = Stage.UPCOMING
    slots: int = 1
    small: bool = False
    ready_at: datetime | None = None
    content: str | None = None
    once: bool = False

    @property
    def place(self) -> tuple[datetime, str]:
        """What lines are sorted by; two tasks of one instant are ordered by their ids, so everybody sees one order."""
        return (self.accepted_at, self.task_id)

    @property
    def is_sent(self) -> bool:
        """Whether Druid may have it, or has had it."""
        return self.stage in {Stage.SENT, Stage.PROVING}


class Reason(StrEnum):
    """Why a task is QUEUED: stable codes, which stand before the text in `status_reason`."""

    ORDER = "order"
    LOCK = "lock"
    SLOT = "slot"
    SMALL_LANE = "small_lane"
    FAIRNESS = "fairness"
    BACKOFF = "backoff"
    CATCHING_UP = "catching_up"
    EARLIER_ATTEMPT = "earlier_attempt"


@dataclass(frozen=True, slots=True)
class Send:
    """Druid may have it now, in so many slots: perhaps fewer than it asked for."""

    slots: int


@dataclass(frozen=True, slots=True)
class Hold:
    """It waits; `detail` says what for, in words that change only when that does."""

    reason: Reason
    detail: str

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


Verdict = Send | Hold
