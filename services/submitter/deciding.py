"""What a decision changes in the table: pure, from the rows as they are and the verdicts on them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from services.submitter.turn import Hold, Reason, Stage, Turn, Verdict

_CODES = tuple(f"{reason}:" for reason in Reason)
_SLOT_KINDS = tuple(f"{reason}:" for reason in (Reason.SLOT, Reason.SMALL_LANE, Reason.FAIRNESS))


@dataclass(frozen=True, slots=True)
class Entry:
    """An open task and its row, if it has one.

    Args:
        turn: the task.
        event_id: names the row; None while there is none.
        hold: what it waits for, as last decided.
        told: the last words that its worker has left in the row: what its user was told, or why it is tried again.
        told_at: when its user was told.
        leased: whether a worker has it in hand.
        due: whether one would take it now.
    """

    turn: Turn
    event_id: UUID | None = None
    hold: str | None = None
    told: str | None = None
    told_at: datetime | None = None
    leased: bool = False
    due: bool = False

    @property
    def may_be_hurried(self) -> bool:
        """Whether its wait is one for its turn; one for another reason is left to run out."""
        return not self.due and not self.leased and (self.told is None or self.told.startswith(_CODES))


@dataclass
class Changes:
    """What is to be written.

    Args:
        admit: rows that have their turn, and the slots that they are given.
        hold: what rows wait for, where that is new.
        hurry: rows whose worker is to come at once, because there is something to tell.
        again: whether something could not be written because a worker has the row in hand, and will let go soon.
    """

    admit: dict[UUID, int] = field(default_factory=dict)
    hold: dict[UUID, str] = field(default_factory=dict)
    hurry: list[UUID] = field(default_factory=list)
    again: bool = False


@dataclass(frozen=True)
class Tact:
    """How much is told: a reason that comes and goes with every load would be told thousands of times.

    Args:
        pause: how long a word about slots stays before another word about slots follows it.
        most: how many rows are told something new in one decision; the first word is told to all.
    """

    pause: timedelta = timedelta(seconds=5)
    most: int = 100


def changes(
    entries: Collection[Entry],
    verdicts: Mapping[str, Verdict],
    *,
    asking: Collection[UUID],
    now: datetime,
    tact: Tact,
) -> Changes:
    """Compare the rows with their verdicts.

    Args:
        entries: the open tasks.
        verdicts: by task id; tasks without one are left alone.
        asking: rows whose own workers have asked: those have them in hand, and wait for the answer.
        now: aware UTC, by the clock of the rows.
        tact: how much is told.
    """
    made = Changes()
    for entry in sorted(entries, key=lambda one: one.turn.place):
        verdict = verdicts.get(entry.turn.task_id)
        if entry.event_id is None or verdict is None or entry.turn.stage is not Stage.WAITING:
            continue
        if isinstance(verdict, Hold):
            _hold(made, entry, entry.event_id, str(verdict), now, tact)
        elif entry.leased and entry.event_id not in asking:
            made.again = True
        else:
            made.admit[entry.event_id] = verdict.slots
    return made


def _hold(made: Changes, entry: Entry, event_id: UUID, words: str, now: datetime, tact: Tact) -> None:
    if words == entry.told:
        if entry.hold != words:
            made.hold[event_id] = words
        return
    if entry.told is not None and entry.told.startswith(_CODES):
        if len(made.hurry) >= tact.most or _too_soon(entry, words, now, tact):
            return
        if entry.may_be_hurried:
            made.hurry.append(event_id)
    if entry.hold != words:
        made.hold[event_id] = words


def _too_soon(entry: Entry, words: str, now: datetime, tact: Tact) -> bool:
    both_of_slots = words.startswith(_SLOT_KINDS) and (entry.told or "").startswith(_SLOT_KINDS)
    return both_of_slots and entry.told_at is not None and now - entry.told_at < tact.pause


def is_quick(verdict: Verdict) -> bool:
    """Whether a task waits for what can come at any moment, without a word from anybody."""
    return isinstance(verdict, Hold) and verdict.reason not in {Reason.ORDER, Reason.LOCK}
