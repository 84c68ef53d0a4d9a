"""What must hold of every decision, in any state; and what each reason means."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.submitter.slots import Cluster
from services.submitter.turn import Hold, Reason, Send, Stage, Turn
from tests.unit.submitter.turns import PATIENT, State, at, sent, states, those_sent, verdicts, waiting

LONG = PATIENT.reserve_after.total_seconds()


@given(state=states())
def test_everybody_who_waits_is_answered_and_nobody_else(state: State) -> None:
    waits = {turn.task_id for turn in state.turns if turn.stage is Stage.WAITING}
    assert set(state.decide()) == waits


@given(state=states())
def test_never_over_capacity(state: State) -> None:
    given_away = sum(those_sent(state.decide()).values())
    assert given_away <= state.room.free


@given(state=states())
def test_the_kept_slot_is_left_to_small_files(state: State) -> None:
    """Large loads never get the last slot that is ours; where there is one only, nothing is kept."""
    before, after = state.room, state.after().room
    if after.used_by_large > before.used_by_large:
        assert after.used_by_large <= after.ours - (1 if after.ours > 1 else 0)


@given(state=states())
def test_a_small_file_finds_the_kept_slot(state: State) -> None:
    """Where the slot is free, the first small file gets it, however many large loads have waited however long."""
    room, told = state.room, state.decide()
    smalls = [
        turn
        for turn in state.turns
        if turn.small and isinstance(told.get(turn.task_id), Hold) and _waits_for_slots(told[turn.task_id])
    ]
    if smalls and room.kept and room.free and room.used_by_small == 0:
        assert any(turn.small and turn.task_id in those_sent(told) for turn in state.turns)


@given(state=states())
def test_no_barrier_is_broken(state: State) -> None:
    sent_now = [turn for turn in state.turns if turn.task_id in those_sent(state.decide())]
    for turn in sent_now:
        for other in state.turns:
            if other.task_id != turn.task_id and other.datasource == turn.datasource:
                beside = other.is_sent or other in sent_now or other.place < turn.place
                assert not (beside and (other.exclusive or turn.exclusive))


@given(state=states())
def test_when_everything_has_ended_somebody_is_sent(state: State) -> None:
    """Nobody waits for what does not come: no load is larger than the cluster, and no lines wait for each other."""
    turns = tuple(turn for turn in state.turns if turn.stage is Stage.WAITING)
    alone = replace(state, turns=turns, cluster=Cluster(max(1, state.cluster.capacity or 0)))
    assert those_sent(alone.decide()) or not turns


@given(state=states(), picks=st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(state: State, picks: Random) -> None:
    mixed = list(state.turns)
    picks.shuffle(mixed)
    assert replace(state, turns=tuple(mixed)).decide() == state.decide()


@given(state=states())
def test_a_second_decision_adds_nothing(state: State) -> None:
    assert those_sent(state.after().decide()) == {}


@given(state=states())
def test_who_gets_a_slot_has_no_poorer_tenant_beside_him_that_could_have_had_it(state: State) -> None:
    """So between two tenants that wait, one is never more than one load ahead of where the other has been."""
    told = state.decide()
    for turn in state.turns:
        verdict = told.get(turn.task_id)
        if not isinstance(verdict, Send) or verdict.slots == 0:
            continue
        for other in state.turns:
            if _could_have_gone(other, told, state) and other.tenant != turn.tenant:
                used = state.after().used_by(turn.tenant) - verdict.slots
                assert used <= state.after().used_by(other.tenant)


def _could_have_gone(turn: Turn, told: dict[str, Send | Hold], state: State) -> bool:
    """Whether it waits for nothing but one slot, which it may have: nothing was reserved, and it is small."""
    verdict = told.get(turn.task_id)
    free = state.room.free
    reserved = any(isinstance(one, Hold) and "next slots" in one.detail for one in told.values())
    return isinstance(verdict, Hold) and turn.small and free > 0 and not reserved and _waits_for_slots(verdict)


def _waits_for_slots(verdict: Send | Hold) -> bool:
    return isinstance(verdict, Hold) and verdict.reason in {Reason.SLOT, Reason.FAIRNESS, Reason.SMALL_LANE}


@given(
    loads=st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()), min_size=1, max_size=40),
    capacity=st.integers(1, 6),
    picks=st.randoms(use_true_random=False),
)
def test_who_gets_a_slot_is_at_most_one_load_ahead_of_any_other_that_waits(
    loads: list[tuple[str, bool]], capacity: int, picks: Random
) -> None:
    """All come at once and end in any order; whoever has lost slots by that gets the next ones."""
    line = [waiting(number, tenant=tenant, small=True) for number, (tenant, _) in enumerate(loads)]
    while line:
        before = State(tuple(line), Cluster(capacity), at(1000))
        after = before.after()
        line = list(after.turns)
        gained = {tenant for tenant in "abcd" if after.used_by(tenant) > before.used_by(tenant)}
        for turn in line:
            if turn.stage is Stage.WAITING:
                assert all(after.used_by(tenant) - after.used_by(turn.tenant) <= 1 for tenant in gained)
        line.remove(picks.choice([turn for turn in line if turn.stage is Stage.SENT]))


def test_one_of_many_files_goes_beside_one_of_few() -> None:
    many = [waiting(number, tenant="many") for number in range(5)]
    few = [waiting(number, tenant="few") for number in (10, 11)]
    assert set(those_sent(verdicts([*many, *few], 3))) == {"t00000", "t00010"}  # and one is kept


def test_a_load_costs_what_it_has_been_given_and_gets_what_there_is() -> None:
    assert those_sent(verdicts([waiting(1, slots=4)], 5)) == {"t00001": 4}
    assert those_sent(verdicts([waiting(1, slots=9)], 5)) == {"t00001": 4}
    assert those_sent(verdicts([waiting(1, slots=9)], 3)) == {"t00001": 1}
    assert those_sent(verdicts([waiting(1, slots=9)], 1)) == {"t00001": 1}
    assert those_sent(verdicts([waiting(1, slots=9)], 8, others=3)) == {"t00001": 4}


@pytest.mark.parametrize(
    ("turns", "capacity", "others", "now", "words"),
    [
        ([sent(0)], 1, 0, 0, "slot: needs 1, 0 of 1 free"),
        ([], 0, 0, 0, "slot: needs 1, 0 of 0 free"),
        ([], 4, 4, 0, "slot: needs 1, 0 of 0 free"),
        ([sent(0)], 2, 0, 0, "small_lane: needs 1, the last free one is kept for small files"),
        ([sent(0), sent(1, tenant="b"), waiting(2, tenant="c")], 2, 0, 0, "fairness: a tenant with fewer slots in use"),
        (
            [sent(0), sent(1), waiting(2, slots=4)],
            5,
            0,
            LONG + 2,
            "fairness: task t00002 has waited longer and gets the next slots",
        ),
        ([], None, 0, 0, "backoff: why"),
        ([sent(0, datasource="d9", exclusive=True)], 9, 0, 0, "lock: task t00000 holds the datasource"),
        ([waiting(0, datasource="d9", exclusive=True)], 9, 0, 0, "lock: task t00000 holds the datasource"),
        ([waiting(0, datasource="d9", exclusive=True)], 0, 0, 0, "order: behind task t00000"),
    ],
)
def test_each_reason(turns: list[Turn], capacity: int | None, others: int, now: float, words: str) -> None:
    mine = waiting(9)
    told = verdicts([mine, *turns], capacity, others=others, now=now)[mine.task_id]
    assert str(told).startswith(words)


def test_a_small_file_passes_large_ones_and_no_more_than_that() -> None:
    large = [sent(0), sent(1), waiting(2)]
    small = [waiting(number, small=True) for number in (3, 4)]
    assert set(those_sent(verdicts([*large, *small], 3))) == {"t00003"}


def test_a_large_load_is_passed_at_first_and_waited_for_after_a_while() -> None:
    """Two of four slots are in use, it needs three, and loads of one slot keep coming."""
    state = [sent(0), sent(1), waiting(2, slots=3), waiting(3)]
    assert set(those_sent(verdicts(state, 5, now=2 + LONG - 1))) == {"t00003"}
    assert those_sent(verdicts(state, 5, now=2 + LONG)) == {}
    assert set(those_sent(verdicts(state[1:], 5, now=2 + LONG))) == {"t00002"}


@given(picks=st.randoms(use_true_random=False), capacity=st.integers(4, 8), tenants=st.integers(1, 3))
def test_a_large_load_is_sent_though_others_never_cease_to_come(picks: Random, capacity: int, tenants: int) -> None:
    """At every step one load ends and two come; it is sent within as many steps as loads were there when it waited."""
    line = [sent(number, tenant=f"b{number % tenants}") for number in range(capacity - 1)]
    large = waiting(50, slots=capacity - 1, tenant="a")
    line.append(large)
    for step in range(100, 100 + 3 * capacity):
        line += [waiting(step * 10 + extra, tenant=f"b{picks.randrange(tenants)}") for extra in (0, 1)]
        state = State(tuple(line), Cluster(capacity), at(50 + LONG + step)).after()
        line = list(state.turns)
        running = [turn for turn in line if turn.stage is Stage.SENT]
        if large.task_id in {turn.task_id for turn in running}:
            return
        line.remove(picks.choice(running))
    pytest.fail("it was passed for ever")


def test_what_costs_no_slot_waits_for_its_turn_only() -> None:
    """An undo is no task of Druid's."""
    undo = waiting(2, slots=0, exclusive=True, datasource="d")
    assert verdicts([undo], None) == {undo.task_id: Send(0)}
    held = verdicts([undo, sent(1, datasource="d")], 9)[undo.task_id]
    assert isinstance(held, Hold)
    assert held.reason is Reason.LOCK


@pytest.mark.parametrize("share", [(90, 10), (10, 90)])
def test_the_tenant_with_few_files_waits_no_longer_than_the_one_with_many(share: tuple[int, int]) -> None:
    """90 files of one and 10 of another, in one burst; three slots, and every load takes as long as any other."""
    tenants = ["many"] * share[0] + ["few"] * share[1] if share[0] == 90 else ["few"] * 10 + ["many"] * 90
    line = [
        waiting(number, tenant=tenant, small=True, accepted_at=at(number / 10)) for number, tenant in enumerate(tenants)
    ]
    waited: dict[str, list[int]] = {"many": [], "few": []}
    for second in range(1000):
        state = State(tuple(line), Cluster(3), at(20 + second)).after()
        running = [turn for turn in state.turns if turn.stage is Stage.SENT]
        for turn in running:
            waited[turn.tenant].append(second)
        line = [turn for turn in state.turns if turn.stage is Stage.WAITING]
        if not line:
            break
    assert (len(waited["many"]), len(waited["few"])) == (90, 10)
    assert sum(waited["few"]) / 10 <= sum(waited["many"]) / 90
