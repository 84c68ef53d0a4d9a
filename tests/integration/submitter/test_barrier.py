"""In whatever order words arrive: a replace and another load of its datasource are never with Druid at once."""

from __future__ import annotations

import asyncio

import pytest

from shared.events import DruidSubmitted, LoadMode, ProofBy
from shared.loading import Loading
from shared.worker import Done, Wait
from tests.integration.submitter.bench import Bench, verdict

APPEND, REPLACE = LoadMode.APPEND, LoadMode.REPLACE


@pytest.mark.parametrize(("sent", "late"), [(APPEND, REPLACE), (REPLACE, APPEND), (REPLACE, REPLACE)])
async def test_a_load_that_druid_has_is_waited_for_by_one_of_an_earlier_place(
    bench: Bench, sent: LoadMode, late: LoadMode
) -> None:
    first, second = bench.upload(sent, at=10), bench.upload(late, at=9)
    await bench.say(first, verdict(first))
    assert isinstance(await bench.step(first), Done)
    await bench.say(second, verdict(second))
    held = await bench.step(second)
    assert isinstance(held, Wait)
    assert held.reason == f"lock: task {first.task_id} holds the datasource until its rows are counted"
    assert len(bench.druid.posted) == 1
    await bench.end(first)
    assert isinstance(await bench.step(second), Done)
    assert len(bench.druid.posted) == 2


async def test_an_append_that_is_proven_by_the_difference_has_its_datasource_alone(bench: Bench) -> None:
    """Rows that carry no id could not be told from those of another load; those that do run side by side."""
    without_id = {"loading": Loading(task_id_column=False)}
    first, second, third = (bench.upload(APPEND, at=number) for number in range(3))
    await bench.say(first, verdict(first, loading=Loading()))
    assert isinstance(await bench.step(first), Done)
    await bench.say(second, verdict(second, **without_id))
    assert isinstance(await bench.step(second), Wait)
    await bench.end(first)
    done = await bench.step(second)
    assert isinstance(done, Done)
    (said,) = done.events
    assert isinstance(said, DruidSubmitted)
    assert (said.proof_by, said.rows_before) == (ProofBy.DIFFERENCE, 0)
    await bench.say(third, verdict(third, loading=Loading()))
    held = await bench.step(third)
    assert isinstance(held, Wait)
    assert held.reason == f"lock: task {second.task_id} holds the datasource until its rows are counted"


async def test_a_load_that_has_its_turn_keeps_it_from_one_of_an_earlier_place(bench: Bench) -> None:
    """Druid is away when it is this load's turn; until Druid is back, a replace of an earlier place arrives."""
    first, second = bench.upload(REPLACE, at=10), bench.upload(REPLACE, at=9)
    await bench.say(first, verdict(first))
    bench.druid.answer = ConnectionError("away")
    with pytest.raises(ConnectionError):
        await bench.effect(await bench.lease(first))
    bench.druid.answer = type(bench.druid)().answer
    await bench.say(second, verdict(second))
    assert isinstance(await bench.step(second), Wait)
    assert isinstance(await bench.step(first), Done)


async def test_the_intervals_of_a_replace_are_read_when_nothing_else_may_be_sent_any_more(bench: Bench) -> None:
    """While the replace asks Druid what there is, an append of an earlier place arrives and asks for its turn."""
    replace, append = bench.upload(REPLACE, at=10), bench.upload(APPEND, at=9)
    await bench.say(replace, verdict(replace))
    job = await bench.lease(replace)
    asked, answered = asyncio.Event(), asyncio.Event()

    async def used_intervals(datasource: str) -> tuple[str, ...]:
        del datasource
        asked.set()
        await answered.wait()
        return ()

    bench.druid.used_intervals = used_intervals  # type: ignore[method-assign]  # the answer comes when the test says
    running = asyncio.create_task(bench.effect(job))
    await asked.wait()
    await bench.say(append, verdict(append))
    held = await bench.effect((await bench.inbox.lease(1))[0])
    answered.set()
    assert isinstance(held, Wait)
    assert isinstance(await running, Done)
    assert [len(bench.druid.posted), bench.druid.posted[0]["id"]] == [1, f"ingest_{replace.task_id}_1"]


async def test_two_that_ask_at_once_take_turns(bench: Bench) -> None:
    """Of loads that may not run together, one is sent."""
    events = [bench.upload(REPLACE, at=number) for number in range(6)]
    for event in reversed(events):
        await bench.say(verdict(event))
    jobs = [await bench.lease(event) for event in events]
    outcomes = await asyncio.gather(*(bench.effect(job) for job in reversed(jobs)))
    assert sum(isinstance(one, Done) for one in outcomes) == 1
    assert len(bench.druid.posted) == 1


async def test_a_task_has_one_place_whatever_a_second_record_says(bench: Bench) -> None:
    """Two records of one upstream file lie in two partitions; the validator has read the other one first."""
    first = bench.upload(REPLACE, at=1)
    again = first.model_copy(update={"accepted_at": bench.upload(REPLACE, at=3).accepted_at})
    other = bench.upload(REPLACE, at=2)
    await bench.say(first, verdict(again), verdict(other))
    assert isinstance(await bench.step(other), Wait)
    assert isinstance(await bench.step(first), Done)
    await bench.end(first)
    assert isinstance(await bench.step(other), Done)


async def test_the_mode_in_the_line_is_the_mode_that_is_executed(bench: Bench) -> None:
    """The second record of the same upstream file asks for a replace; the line was made for an append."""
    first = bench.upload(APPEND, at=1)
    await bench.say(first, verdict(bench.upload(REPLACE, at=1, task_id=first.task_id)))
    assert isinstance(await bench.step(first), Done)
    assert bench.druid.posted[0]["spec"]["ioConfig"]["appendToExisting"] is True
    assert bench.druid.posted[0]["context"]["useConcurrentLocks"] is True


async def test_a_task_that_has_ended_is_not_sent(bench: Bench) -> None:
    """One of its messages was parked, and its task is FAILED for it; its verdict comes all the same."""
    event = bench.upload(APPEND, at=1)
    await bench.say(event)
    await bench.end(event)
    await bench.say(verdict(event))
    assert await bench.step(event) == Done(())
    assert bench.druid.posted == []


async def test_a_task_that_ends_while_druid_is_away_is_not_sent(bench: Bench) -> None:
    event = bench.upload(REPLACE, at=1)
    await bench.say(verdict(event))
    intervals, bench.druid.used_intervals = bench.druid.used_intervals, _away  # type: ignore[method-assign]  # for once
    with pytest.raises(ConnectionError):
        await bench.effect(await bench.lease(event))
    bench.druid.used_intervals = intervals  # type: ignore[method-assign]  # as above
    await bench.end(event)
    assert await bench.step(event) == Done(())
    assert bench.druid.posted == []


async def test_what_druid_was_given_is_said(bench: Bench) -> None:
    event = bench.upload(APPEND, at=1)
    await bench.say(verdict(event))
    outcome = await bench.step(event)
    assert isinstance(outcome, Done)
    (said,) = outcome.events
    assert isinstance(said, DruidSubmitted)
    row = await bench.row(event)
    assert (said.druid_task_id, said.spec_hash) == (row["druid_task_id"], row["spec_hash"])
    assert row["phase"] == "POSTED"


async def _away(datasource: str) -> tuple[str, ...]:
    raise ConnectionError(datasource)
