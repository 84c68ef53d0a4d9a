from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.submitter.admission import Hold, Send, Turn, decide
from shared.events import LoadMode

START = datetime(2026, 1, 1, tzinfo=UTC)
APPEND, REPLACE = LoadMode.APPEND, LoadMode.REPLACE


def turn(number: int, mode: LoadMode, *, at: int | None = None) -> Turn:
    return Turn(f"t{number:02}", mode, START + timedelta(seconds=number if at is None else at))


@pytest.mark.parametrize(
    ("mine", "other", "held"),
    [(APPEND, APPEND, False), (APPEND, REPLACE, True), (REPLACE, APPEND, True), (REPLACE, REPLACE, True)],
)
def test_who_waits_for_whom(mine: LoadMode, other: LoadMode, held: bool) -> None:  # noqa: FBT001  # a table of cases
    expected = Hold(behind="t01") if held else Send()
    assert decide(turn(2, mine), [turn(1, other), turn(2, mine), turn(3, REPLACE)]) == expected


def test_it_names_the_last_one_in_the_way() -> None:
    line = [turn(1, REPLACE), turn(2, REPLACE), turn(3, APPEND)]
    assert decide(turn(4, APPEND), line) == Hold(behind="t02")
    assert decide(turn(4, REPLACE), line) == Hold(behind="t03")


def test_one_instant_is_ordered_by_id() -> None:
    first, second = turn(1, REPLACE, at=0), turn(2, REPLACE, at=0)
    assert decide(first, [second]) == Send()
    assert decide(second, [first]) == Hold(behind="t01")


@pytest.mark.parametrize(
    ("mine", "other", "held"),
    [(APPEND, APPEND, False), (APPEND, REPLACE, True), (REPLACE, APPEND, True), (REPLACE, REPLACE, True)],
)
def test_what_was_sent_is_waited_for_whatever_its_place(mine: LoadMode, other: LoadMode, held: bool) -> None:  # noqa: FBT001  # a table of cases
    sent = replace(turn(2, other), sent=True)
    assert decide(turn(1, mine), [turn(1, mine), sent]) == (Hold(behind="t02") if held else Send())


def test_what_was_sent_waits_for_nobody() -> None:
    assert decide(replace(turn(2, REPLACE), sent=True), [turn(1, REPLACE)]) == Send()


@given(
    modes=st.lists(st.tuples(st.sampled_from(LoadMode), st.integers(0, 3)), min_size=1, max_size=12),
    picks=st.randoms(use_true_random=False),
)
def test_late_arrivals_keep_the_barrier_and_end(modes: list[tuple[LoadMode, int]], picks: object) -> None:
    """Tasks are heard of, sent and ended in any order; a replace is never with Druid beside another load."""
    choice = picks.choice  # type: ignore[attr-defined]  # Hypothesis gives a random.Random
    unheard = [turn(number, mode, at=at) for number, (mode, at) in enumerate(modes)]
    line: list[Turn] = []
    while unheard or line:
        running = [one for one in line if one.sent]
        sendable = [one for one in line if not one.sent and decide(one, line) == Send()]
        assert unheard or sendable or running, "nobody may go and nobody is on the way"
        chosen = choice([*unheard, *sendable, *running])
        if chosen in unheard:
            unheard.remove(chosen)
            line.append(chosen)
        elif chosen in running:
            line.remove(chosen)
        else:
            assert all({other.mode, chosen.mode} == {APPEND} for other in running)
            line[line.index(chosen)] = replace(chosen, sent=True)


@given(
    modes=st.lists(st.tuples(st.sampled_from(LoadMode), st.integers(0, 3)), min_size=1, max_size=12),
    picks=st.randoms(use_true_random=False),
)
def test_any_schedule_keeps_the_barrier_and_ends(modes: list[tuple[LoadMode, int]], picks: object) -> None:
    """Loads are sent and end in any order that admission allows; a replace never meets another load on its way."""
    turns = [turn(number, mode, at=at) for number, (mode, at) in enumerate(modes)]
    choice = picks.choice  # type: ignore[attr-defined]  # Hypothesis gives a random.Random
    waiting, running, ended = list(turns), list[Turn](), list[Turn]()
    while waiting or running:
        sendable = [one for one in waiting if decide(one, [*waiting, *running]) == Send()]
        assert sendable or running, "nobody may go and nobody is on the way"
        chosen = choice([*sendable, *running])
        if chosen in running:
            running.remove(chosen)
            ended.append(chosen)
            continue
        waiting.remove(chosen)
        running.append(chosen)
        for other in running:
            assert other == chosen or {other.mode, chosen.mode} == {APPEND}
        for earlier in turns:
            if earlier.place < chosen.place and REPLACE in {earlier.mode, chosen.mode}:
                assert earlier in ended
