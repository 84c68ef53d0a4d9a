"""A replace is a barrier in its datasource, whatever order tasks are heard of in."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.submitter.order import held_behind, in_the_way
from services.submitter.turn import Hold, Reason, Stage, Turn
from tests.unit.submitter.turns import at, sent, waiting

APPEND, REPLACE = False, True
PAIRS = [(APPEND, APPEND, False), (APPEND, REPLACE, True), (REPLACE, APPEND, True), (REPLACE, REPLACE, True)]


def turn(number: int, exclusive: bool, *, place: int | None = None, stage: Stage = Stage.WAITING) -> Turn:  # noqa: FBT001  # APPEND or REPLACE
    moment = at(number if place is None else place)
    return waiting(number, datasource="d", exclusive=exclusive, accepted_at=moment, stage=stage)


def behind(mine: Turn, *others: Turn) -> str | None:
    found = in_the_way([mine, *others]).get(mine.task_id)
    return found.task_id if found else None


@pytest.mark.parametrize(("mine", "other", "held"), PAIRS)
def test_who_waits_for_whom(mine: bool, other: bool, held: bool) -> None:  # noqa: FBT001  # a table of cases
    assert behind(turn(2, mine), turn(1, other), turn(3, REPLACE)) == ("t00001" if held else None)


def test_it_names_the_last_one_in_the_way() -> None:
    line = [turn(1, REPLACE), turn(2, REPLACE), turn(3, APPEND)]
    assert behind(turn(4, APPEND), *line) == "t00002"
    assert behind(turn(4, REPLACE), *line) == "t00003"


def test_one_instant_is_ordered_by_id() -> None:
    first, second = turn(1, REPLACE, place=0), turn(2, REPLACE, place=0)
    assert behind(first, second) is None
    assert behind(second, first) == "t00001"


def test_another_datasource_is_another_line_and_another_tenant_is_not() -> None:
    """Druid knows no tenants: a name is one datasource, whoever writes to it."""
    mine = turn(2, REPLACE)
    assert behind(mine, replace(turn(1, REPLACE), datasource="other")) is None
    assert behind(mine, replace(turn(1, REPLACE), tenant="other")) == "t00001"


@pytest.mark.parametrize("stage", [Stage.SENT, Stage.PROVING])
@pytest.mark.parametrize(("mine", "other", "held"), PAIRS)
def test_what_was_sent_is_waited_for_whatever_its_place(mine: bool, other: bool, held: bool, stage: Stage) -> None:  # noqa: FBT001  # a table of cases
    assert behind(turn(1, mine), turn(2, other, stage=stage)) == ("t00002" if held else None)


def test_what_was_sent_waits_for_nobody() -> None:
    assert behind(turn(2, REPLACE, stage=Stage.SENT), turn(1, REPLACE)) is None


def test_what_is_said() -> None:
    assert str(held_behind(turn(1, REPLACE), is_sent=False)) == "order: behind task t00001"
    held = held_behind(turn(1, REPLACE), is_sent=True)
    assert held == Hold(Reason.LOCK, "task t00001 holds the datasource until its rows are counted")


@given(
    drawn=st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1, max_size=12),
    picks=st.randoms(use_true_random=False),
)
def test_late_arrivals_keep_the_barrier_and_end(drawn: list[tuple[bool, int]], picks: Random) -> None:
    """Tasks are heard of, sent and ended in any order; a replace is never with Druid beside another load."""
    unheard = [turn(number, exclusive, place=place) for number, (exclusive, place) in enumerate(drawn)]
    line: list[Turn] = []
    while unheard or line:
        running = [one for one in line if one.is_sent]
        held = in_the_way(line)
        sendable = [one for one in line if not one.is_sent and one.task_id not in held]
        assert unheard or sendable or running, "nobody may go and nobody is on the way"
        chosen = picks.choice([*unheard, *sendable, *running])
        if chosen in unheard:
            unheard.remove(chosen)
            line.append(chosen)
        elif chosen in running:
            line.remove(chosen)
        else:
            assert not any(other.exclusive or chosen.exclusive for other in running)
            line[line.index(chosen)] = replace(chosen, stage=Stage.SENT)


@given(
    drawn=st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1, max_size=12),
    picks=st.randoms(use_true_random=False),
)
def test_any_schedule_keeps_the_order_and_ends(drawn: list[tuple[bool, int]], picks: Random) -> None:
    """Where all are heard of in time, loads are sent and end in any order that the line allows, and it is kept."""
    turns = [turn(number, exclusive, place=place) for number, (exclusive, place) in enumerate(drawn)]
    line, ended = list(turns), set[str]()
    while line:
        held = in_the_way(line)
        running = [one for one in line if one.is_sent]
        sendable = [one for one in line if not one.is_sent and one.task_id not in held]
        assert sendable or running, "nobody may go and nobody is on the way"
        chosen = picks.choice([*sendable, *running])
        if chosen in running:
            line.remove(chosen)
            ended.add(chosen.task_id)
            continue
        line[line.index(chosen)] = replace(chosen, stage=Stage.SENT)
        for earlier in turns:
            if earlier.place < chosen.place and (earlier.exclusive or chosen.exclusive):
                assert earlier.task_id in ended


def test_one_of_the_same_content_is_waited_for_by_what_may_be_loaded_once() -> None:
    first = waiting(1, datasource="d", content="x", stage=Stage.UPCOMING)
    once = waiting(2, datasource="d", content="x", once=True)
    forced, other = waiting(3, datasource="d", content="x"), waiting(4, datasource="d", content="y", once=True)
    assert in_the_way([first, once, forced, other]) == {once.task_id: first}


def test_a_later_one_of_the_same_content_is_waited_for_once_it_was_sent() -> None:
    early, late = waiting(1, datasource="d", content="x", once=True), sent(2, datasource="d", content="x", once=True)
    assert in_the_way([early, late]) == {early.task_id: late}
