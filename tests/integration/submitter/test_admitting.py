"""Decisions on the real tables: one at a time, over all tenants, and what each waiting task is told."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from services.submitter.slots import sub_tasks_in
from shared.db.models import LoadTurn, Submission
from shared.druid import DruidAwayError, DruidState, DruidTaskStatus, Submitted
from shared.druid_slots import DruidSlots
from shared.events import AnyEvent, FileUploaded, LoadMode, Part, TaskEvent, TaskStatus, TaskUpdated
from shared.worker import Done, Wait
from tests.integration.submitter.bench import Bench, verdict

APPEND, REPLACE = LoadMode.APPEND, LoadMode.REPLACE
RUNNING = DruidTaskStatus(DruidState.RUNNING, placed=True, error=None)
OVER = DruidTaskStatus(DruidState.SUCCESS, placed=True, error=None)


def told(outcome: Done | Wait) -> TaskUpdated:
    """The one word that a task is told while it waits."""
    assert isinstance(outcome, Wait)
    (said,) = outcome.events
    assert isinstance(said, TaskUpdated)
    assert (said.status, said.reason) == (TaskStatus.QUEUED, outcome.reason)
    return said


def large(event: FileUploaded, *, parts: int = 1, **changes: Any) -> TaskEvent:
    part = Part(key="validated/part.ndjson.gz", rows=10**6, bytes=1, sha256="0" * 64)
    return verdict(event, rows_accepted=10**6, parts=(part,) * parts, **changes)


async def ready(bench: Bench, count: int, *, first: int = 0, tenant: str = "default") -> list[FileUploaded]:
    """Small appends that have their verdicts, in the order of their places."""
    made = [bench.upload(APPEND, at=first + number).model_copy(update={"tenant": tenant}) for number in range(count)]
    for event in made:
        await bench.say(event, verdict(event, tenant=tenant))
    return made


def runs(bench: Bench, *events: FileUploaded) -> None:
    """Say that these, which Druid was given, have not finished."""
    bench.druid.statuses |= {f"ingest_{event.task_id}_1": RUNNING for event in events}


async def clear(bench: Bench) -> None:
    """End what other tests have left open: slots are everybody's."""
    async with bench.database.transaction() as connection:
        left = (
            (await connection.execute(select(Submission.task_id).where(Submission.done_at.is_(None)))).scalars().all()
        )
        sent = (await connection.execute(select(Submission.task_id))).scalars().all()
    for task_id in {*left, *sent}:
        await bench.say(TaskUpdated(task_id=task_id, status=TaskStatus.FAILED, occurred_at=datetime.now(UTC)))


@pytest.fixture
async def alone(bench: Bench) -> Bench:
    await clear(bench)
    bench.druid.has_slots = DruidSlots(3)
    return bench


async def test_no_more_are_sent_than_there_are_slots_and_the_others_say_so(alone: Bench) -> None:
    events = await ready(alone, 5)
    runs(alone, *events)
    outcomes = [await alone.step(event) for event in events]
    assert [isinstance(one, Done) for one in outcomes] == [True, True, True, False, False]
    assert told(outcomes[3]).reason == "slot: needs 1, 0 of 3 free"


async def test_slots_of_others_are_not_ours_and_our_own_are_not_counted_twice(alone: Bench) -> None:
    first, second, third = await ready(alone, 3)
    runs(alone, first, second)
    alone.druid.has_slots = DruidSlots(3, {"theirs": 1})
    assert isinstance(await alone.step(first), Done)
    alone.druid.has_slots = DruidSlots(3, {"theirs": 1, f"ingest_{first.task_id}_1": 1})
    assert isinstance(await alone.step(second), Done)
    assert told(await alone.step(third)).reason == "slot: needs 1, 0 of 2 free"


@pytest.mark.parametrize("by", ["monitor", "druid", "end"])
async def test_a_slot_is_free_when_druid_has_finished_though_the_task_has_not_ended(alone: Bench, by: str) -> None:
    alone.druid.has_slots = DruidSlots(1)
    first, second = await ready(alone, 2)
    runs(alone, first)
    await alone.step(first)
    assert isinstance(await alone.step(second), Wait)
    match by:
        case "monitor":
            loading = TaskUpdated(task_id=first.task_id, status=TaskStatus.LOADING, occurred_at=datetime.now(UTC))
            await alone.say(loading)
        case "druid":
            alone.druid.statuses = {f"ingest_{first.task_id}_1": OVER}
        case _:
            await alone.end(first)
    assert isinstance(await alone.step(second), Done)


async def test_what_has_left_its_slot_still_holds_its_datasource(alone: Bench) -> None:
    first, second = alone.upload(APPEND, at=1), alone.upload(REPLACE, at=2)
    await alone.say(verdict(first), verdict(second))
    await alone.step(first)
    alone.druid.statuses = {f"ingest_{first.task_id}_1": OVER}
    words = told(await alone.step(second)).reason
    assert words == f"lock: task {first.task_id} holds the datasource until its rows are counted"


async def test_a_large_load_gets_as_many_sub_tasks_as_fit_and_leaves_one_slot(alone: Bench) -> None:
    alone.druid.has_slots = DruidSlots(4)
    event = alone.upload(APPEND, at=1)
    runs(alone, event)
    await alone.say(large(event, parts=9))
    assert isinstance(await alone.step(event), Done)
    tuning = alone.druid.posted[-1]["spec"]["tuningConfig"]
    assert tuning["maxNumConcurrentSubTasks"] == sub_tasks_in(3)
    assert (await alone.row(event))["slots"] == 3
    second, small = alone.upload(APPEND, at=2), alone.upload(APPEND, at=3)
    await alone.say(large(second))
    assert told(await alone.step(second)).reason == "small_lane: needs 1, the last free one is kept for small files"
    await alone.say(verdict(small))
    assert isinstance(await alone.step(small), Done)


async def test_the_tenant_with_fewer_slots_goes_first(alone: Bench) -> None:
    many = await ready(alone, 4, tenant="many")
    few = await ready(alone, 2, first=10, tenant="few")
    runs(alone, *many, *few)
    await alone.step(many[0])  # the decision is about all of them
    assert [await is_admitted(alone, event) for event in (*many, *few)] == [True, True, False, False, True, False]
    assert isinstance(await alone.step(few[0]), Done)
    assert told(await alone.step(many[2])).reason == "fairness: a tenant with fewer slots in use goes first"


async def test_a_change_is_told_once_with_a_number_of_its_own(alone: Bench) -> None:
    first, second, third = (alone.upload(mode, at=at) for at, mode in enumerate((APPEND, REPLACE, APPEND)))
    await alone.say(first, verdict(second), verdict(third))
    words = told(await alone.step(second))
    assert (words.reason, words.sequence) == (f"order: behind task {first.task_id}", 0)
    again = await alone.step(second)
    assert isinstance(again, Wait)
    assert again.events == ()
    await alone.say(verdict(first))
    assert isinstance(await alone.step(first), Done)
    words = told(await alone.step(second))
    assert words.reason is not None
    assert (words.reason.partition(":")[0], words.sequence) == ("lock", 1)
    assert told(await alone.step(third)).reason == f"order: behind task {second.task_id}"


async def test_nobody_is_sent_while_an_earlier_upload_may_be_unread(alone: Bench) -> None:
    event = alone.upload(APPEND, at=1)
    await alone.say(verdict(event))
    alone.line_known = False
    words = told(await alone.step(event))
    assert words.reason == "catching_up: what was accepted before it is being read"
    assert alone.druid.posted == []
    alone.line_known = True
    assert isinstance(await alone.step(event), Done)


async def test_a_druid_that_is_away_for_an_hour_fails_nothing(alone: Bench) -> None:
    """It does not tell its slots, then not whether it has taken the load: one trouble, told once."""
    event = alone.upload(REPLACE, at=1)
    await alone.say(verdict(event))
    heard: list[AnyEvent] = []
    for minute in range(60):
        alone.later = timedelta(minutes=minute)
        alone.druid.has_slots = DruidAwayError("busy") if minute < 20 else DruidSlots(3)
        alone.druid.answer = DruidAwayError("Druid answered 429 to POST: too many tasks")
        outcome = await alone.step(event)
        assert isinstance(outcome, Wait)
        assert timedelta(0) < outcome.delay
        heard += outcome.events
    reasons = [said.reason or "" for said in heard if isinstance(said, TaskUpdated)]
    assert [reason.rpartition(": ")[2] for reason in reasons] == ["busy"]
    assert all(reason.startswith("backoff: Druid is away or busy since ") for reason in reasons)
    assert [said.sequence for said in heard if isinstance(said, TaskUpdated)] == [0]
    alone.druid.answer = Submitted()
    assert isinstance(await alone.step(event), Done)


async def test_many_submitters_never_give_a_slot_away_twice(alone: Bench) -> None:
    """Each of them sees the same three free slots, and all decide at once."""
    events = await ready(alone, 12)
    others = [Bench(alone.database, alone.druid, datasource=alone.datasource) for _ in range(4)]
    await asyncio.gather(*(bench.admitting.decide_now() for bench in (alone, *others)))
    assert sum([await is_admitted(alone, event) for event in events]) == 3


async def test_a_load_whose_worker_dies_after_the_decision_keeps_its_turn(alone: Bench) -> None:
    alone.druid.has_slots = DruidSlots(1)
    first, second = await ready(alone, 2)
    runs(alone, first)
    await alone.step(second)  # its worker's decision admits the first, which nobody has in hand
    assert await is_admitted(alone, first)
    assert isinstance(await alone.step(second), Wait)
    assert isinstance(await alone.step(first), Done)


async def test_five_thousand_that_wait_are_decided_over_quickly(alone: Bench) -> None:
    """The time is printed: `pytest -s -k five_thousand`."""
    count = 5000
    await fill(alone, count)
    loop = asyncio.get_running_loop()
    took, busy = [], []
    for _ in range(5):
        began, used = loop.time(), time.process_time()
        await alone.admitting.decide_now()
        took.append(loop.time() - began)
        busy.append(time.process_time() - used)
    async with alone.database.transaction() as connection:
        mine = LoadTurn.datasource_name.like(f"{alone.datasource}-%")
        held = select(func.count(Submission.event_id)).join(LoadTurn, LoadTurn.task_id == Submission.task_id)
        held = held.where(mine, Submission.hold.is_not(None), Submission.phase == "WAITING")
        assert (await connection.execute(held)).scalar_one() == count - 3
    first = f"{took[0]:.3f} s ({busy[0]:.3f} s of this process)"
    later = f"{min(took[1:]):.3f} s ({min(busy[1:]):.3f} s of this process)"
    print(f"{count} wait: the first decision takes {first}, a later one {later}")  # noqa: T201  # the figure
    await clear_fill(alone)


async def is_admitted(bench: Bench, event: FileUploaded) -> bool:
    return bool((await bench.row(event))["phase"] != "WAITING")


async def fill(bench: Bench, count: int) -> None:
    """Rows as the handlers make them, without a round trip for each."""
    events = [
        bench.upload(APPEND, at=number).model_copy(update={"tenant": f"tenant{number % 7}"}) for number in range(count)
    ]
    body = verdict(events[0]).model_dump(mode="json")
    async with bench.database.transaction() as connection:
        await connection.execute(
            insert(LoadTurn),
            [
                {
                    "task_id": event.task_id,
                    "tenant": event.tenant,
                    "datasource_name": f"{bench.datasource}-{number % 50}",
                    "mode": "append",
                    "accepted_at": event.accepted_at,
                }
                for number, event in enumerate(events)
            ],
        )
        await connection.execute(
            insert(Submission),
            [{"event_id": event.event_id, "task_id": event.task_id, "attempt": 1, "event": body} for event in events],
        )


async def clear_fill(bench: Bench) -> None:
    async with bench.database.transaction() as connection:
        mine = LoadTurn.datasource_name.like(f"{bench.datasource}-%")
        await connection.execute(update(LoadTurn).where(mine).values(ended_at=func.now()))
        rows = select(LoadTurn.task_id).where(mine)
        await connection.execute(update(Submission).where(Submission.task_id.in_(rows)).values(done_at=func.now()))
