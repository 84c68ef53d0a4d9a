"""The same bytes a second time, on a real PostgreSQL: noticed under the line's lock, whatever the order of words."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update

from shared.db.models import LoadTurn
from shared.events import (
    Correction,
    FileUploaded,
    LoadMode,
    LoadOptions,
    TaskEvent,
    TaskStatus,
    TaskUpdated,
)
from shared.worker import DEATHS_ALLOWED, Done, Wait
from tests.integration.submitter.bench import Bench, verdict

APPEND, REPLACE = LoadMode.APPEND, LoadMode.REPLACE
BYTES = "b" * 64


def same(event: FileUploaded, **changes: Any) -> Any:
    return verdict(event, **{"source_sha256": BYTES, **changes})


async def ended(bench: Bench, event: TaskEvent, status: TaskStatus = TaskStatus.COMPLETED) -> None:
    await bench.say(TaskUpdated(task_id=event.task_id, status=status, occurred_at=datetime.now(UTC)))


async def loaded(bench: Bench, mode: LoadMode, *, at: float, **changes: Any) -> FileUploaded:
    event = bench.upload(mode, at=at)
    await bench.say(event, same(event, **changes))
    assert isinstance(await bench.step(event), Done)
    await ended(bench, event)
    return event


async def refused(bench: Bench, event: FileUploaded) -> TaskUpdated:
    outcome = await bench.step(event)
    assert isinstance(outcome, Done)
    (said,) = outcome.events
    assert isinstance(said, TaskUpdated)
    return said


@pytest.mark.parametrize("first", [APPEND, REPLACE])
async def test_the_same_bytes_again_are_rejected_with_a_link(bench: Bench, first: LoadMode) -> None:
    before = await loaded(bench, first, at=1)
    again = bench.upload(APPEND, at=2)
    await bench.say(again, same(again))
    said = await refused(bench, again)
    assert (said.status, said.duplicate_of, said.problems[0].code) == (
        TaskStatus.REJECTED, before.task_id, "duplicate",
    )  # fmt: skip
    assert len(bench.druid.posted) == 1


@pytest.mark.parametrize("end", [TaskStatus.FAILED, TaskStatus.CANCELLED, TaskStatus.SUPERSEDED, TaskStatus.REJECTED])
async def test_what_was_not_loaded_is_no_twin(bench: Bench, end: TaskStatus) -> None:
    first, second = bench.upload(APPEND, at=1), bench.upload(APPEND, at=2)
    await bench.say(first, same(first))
    await bench.step(first)
    await ended(bench, first, end)
    await bench.say(second, same(second))
    await bench.step(second)
    assert len(bench.druid.posted) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"options": LoadOptions(force=True)},
        {"contract_version": 2},
        {"source_sha256": "c" * 64},
        {"source_sha256": None},
    ],
)
async def test_what_is_loaded_all_the_same(bench: Bench, changes: dict[str, Any]) -> None:
    await loaded(bench, APPEND, at=1)
    again = bench.upload(APPEND, at=2)
    await bench.say(again, verdict(again, **{"source_sha256": BYTES, **changes}))
    await bench.step(again)
    assert len(bench.druid.posted) == 2


async def test_replacing_with_the_same_bytes_is_allowed(bench: Bench) -> None:
    await loaded(bench, APPEND, at=1)
    await loaded(bench, REPLACE, at=2)
    assert len(bench.druid.posted) == 2


async def test_what_a_replace_has_wiped_may_come_again(bench: Bench) -> None:
    await loaded(bench, APPEND, at=1)
    await loaded(bench, REPLACE, at=2, source_sha256="c" * 64)
    again = bench.upload(APPEND, at=3)
    await bench.say(again, same(again))
    await bench.step(again)
    assert len(bench.druid.posted) == 3


async def test_what_was_taken_back_may_come_again(bench: Bench) -> None:
    first = await loaded(bench, APPEND, at=1)
    async with bench.database.transaction() as connection:
        mine = update(LoadTurn).where(LoadTurn.task_id == first.task_id)
        await connection.execute(mine.values(undone_by=bench.upload(APPEND, at=9).task_id))
    again = bench.upload(APPEND, at=2)
    await bench.say(again, same(again))
    await bench.step(again)
    assert len(bench.druid.posted) == 2


async def test_a_correction_is_not_compared(bench: Bench) -> None:
    """Rows that are put right may be the same twice: each has its place in the gap of its parent."""
    first = await loaded(bench, APPEND, at=1)
    correction = Correction(parent_task_id=first.task_id, rows=2)
    again = bench.upload(APPEND, at=2).model_copy(update={"correction": correction, "sha256": BYTES})
    await bench.say(same(again), again)
    await bench.step(again)
    assert len(bench.druid.posted) == 2


async def test_a_twin_under_way_is_waited_for_and_then_decides(bench: Bench) -> None:
    first, second = bench.upload(APPEND, at=1), bench.upload(APPEND, at=2)
    await bench.say(first, same(first), second, same(second))
    await bench.step(first)
    held = await bench.step(second)
    assert isinstance(held, Wait)
    assert held.reason == f"lock: task {first.task_id} holds the datasource until its rows are counted"
    await ended(bench, first)
    assert (await refused(bench, second)).duplicate_of == first.task_id


async def test_an_earlier_upload_that_is_still_judged_is_a_twin_by_its_digest(bench: Bench) -> None:
    first, second = bench.upload(APPEND, at=1), bench.upload(APPEND, at=2)
    first = first.model_copy(update={"sha256": BYTES, "contract_version": 0})
    await bench.say(first, second, same(second))
    assert isinstance(await bench.step(second), Wait)
    await ended(bench, first, TaskStatus.REJECTED)
    await bench.step(second)
    assert len(bench.druid.posted) == 1


async def test_a_later_one_that_was_sent_first_is_the_twin(bench: Bench) -> None:
    """The digest of the earlier file, an upstream's, was not known when the later one was sent."""
    early, late = bench.upload(APPEND, at=1), bench.upload(APPEND, at=2)
    await bench.say(early, late, same(late))
    await bench.step(late)
    await bench.say(same(early))
    assert isinstance(await bench.step(early), Wait)
    await ended(bench, late)
    assert (await refused(bench, early)).duplicate_of == late.task_id


async def test_of_two_at_once_one_is_loaded(bench: Bench) -> None:
    events = [bench.upload(APPEND, at=number) for number in range(6)]
    await bench.say(*events, *(same(event) for event in events))
    jobs = [await bench.lease(event) for event in events]
    outcomes = await asyncio.gather(*(bench.effect(job) for job in reversed(jobs)))
    assert [isinstance(one, Done) for one in outcomes].count(True) == 1
    assert len(bench.druid.posted) == 1


async def test_what_was_decided_is_said_again_and_not_decided_again(bench: Bench) -> None:
    """Killed after the publication; meanwhile the twin is taken back, and still nothing is loaded."""
    first = await loaded(bench, APPEND, at=1)
    again = bench.upload(APPEND, at=2)
    await bench.say(again, same(again))
    job = await bench.lease(again)
    said = await bench.effect(job)
    async with bench.database.transaction() as connection:
        mine = update(LoadTurn).where(LoadTurn.task_id == first.task_id)
        await connection.execute(mine.values(undone_by=again.task_id))
    job = await bench.lease(again)
    assert await bench.effect(job) == said
    assert isinstance(said, Done)
    assert await bench.effect.last_words(job, f"died {DEATHS_ALLOWED} times") == said.events
    assert len(bench.druid.posted) == 1
