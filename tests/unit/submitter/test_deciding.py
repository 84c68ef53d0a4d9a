"""What a decision writes, and what it leaves alone."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from services.submitter.deciding import Changes, Entry, Tact, changes
from services.submitter.turn import Hold, Reason, Send, Stage, Verdict
from tests.unit.submitter.turns import START, at, waiting

ROW = uuid.uuid4()
SLOT, LANE = Hold(Reason.SLOT, "needs 1, 0 of 3 free"), Hold(Reason.SMALL_LANE, "needs 1")
ORDER = Hold(Reason.ORDER, "behind task x")
ENTRY = Entry(waiting(1), event_id=ROW, due=True)
TOLD = replace(ENTRY, hold=str(SLOT), told=str(SLOT), told_at=START, due=False)


def made(
    entry: Entry, verdict: Verdict, *, asking: bool = False, after: float = 60, tact: Tact | None = None
) -> Changes:
    told = {entry.turn.task_id: verdict}
    rows = {ROW} if asking else set()
    return changes([entry], told, asking=rows, now=at(after), tact=tact or Tact())


def test_a_new_row_is_given_its_first_reason_and_its_worker_comes_anyway() -> None:
    assert made(ENTRY, SLOT) == Changes(hold={ROW: str(SLOT)})


def test_a_row_that_is_sent_is_admitted_with_its_slots() -> None:
    assert made(ENTRY, Send(3)) == Changes(admit={ROW: 3})


def test_a_row_in_a_workers_hand_is_admitted_when_he_asks_or_has_let_go() -> None:
    in_hand = replace(ENTRY, leased=True)
    assert made(in_hand, Send(1)) == Changes(again=True)
    assert made(in_hand, Send(1), asking=True) == Changes(admit={ROW: 1})


def test_what_was_told_is_not_told_again() -> None:
    assert made(TOLD, SLOT) == Changes()


def test_a_new_reason_is_told() -> None:
    assert made(TOLD, ORDER) == Changes(hold={ROW: str(ORDER)}, hurry=[ROW])


def test_a_reason_that_is_decided_and_not_told_yet_is_told_once_the_row_is_free() -> None:
    decided = replace(TOLD, hold=str(ORDER))
    assert made(replace(decided, leased=True), ORDER) == Changes()
    assert made(decided, ORDER) == Changes(hurry=[ROW])


def test_a_reason_that_comes_back_before_it_was_told_is_not_told() -> None:
    assert made(replace(TOLD, hold=str(ORDER)), SLOT) == Changes(hold={ROW: str(SLOT)})


@pytest.mark.parametrize(("verdict", "after", "told"), [(LANE, 4, False), (LANE, 5, True), (ORDER, 0, True)])
def test_words_about_slots_do_not_follow_each_other_closely(verdict: Hold, after: float, told: bool) -> None:  # noqa: FBT001  # a table of cases
    assert bool(made(TOLD, verdict, after=after).hurry) is told


def test_few_are_told_at_once() -> None:
    entries = [replace(TOLD, turn=waiting(number), event_id=uuid.uuid4()) for number in range(9)]
    verdicts: dict[str, Verdict] = {entry.turn.task_id: ORDER for entry in entries}
    written = changes(entries[::-1], verdicts, asking=(), now=at(60), tact=Tact(most=3))
    assert written.hurry == [entry.event_id for entry in entries[:3]]


def test_a_row_that_is_tried_again_later_is_not_hurried() -> None:
    """Its effect has failed, perhaps for its own sake: its wait runs out by itself."""
    assert made(replace(TOLD, hold=None, told="retry"), ORDER) == Changes(hold={ROW: str(ORDER)})


def test_rows_that_do_not_wait_are_left_alone() -> None:
    gone = replace(ENTRY, turn=waiting(1, stage=Stage.SENT))
    assert made(gone, Send(1)) == Changes()
    assert changes([replace(ENTRY, event_id=None)], {"t00001": SLOT}, asking=(), now=at(0), tact=Tact()) == Changes()
    assert changes([ENTRY], {}, asking=(), now=at(0), tact=Tact(pause=timedelta(0))) == Changes()
