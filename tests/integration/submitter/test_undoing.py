"""An undo step by step on a real PostgreSQL: its turn, what is frozen, and a death at every line of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from services.submitter import undoing
from services.submitter.undoing import Undoing
from shared import ids
from shared.db.models import LoadTurn
from shared.druid import DruidAwayError
from shared.druid_segments import Segment
from shared.events import CommandName, FileUploaded, LoadMode, TaskCommand, TaskStatus, TaskUpdated
from shared.worker import Done, Wait
from tests.integration.submitter.bench import START, Bench, verdict

APPEND, REPLACE = LoadMode.APPEND, LoadMode.REPLACE
YEAR = "2013-01-01T00:00:00.000Z/2014-01-01T00:00:00.000Z"


class DiedError(Exception):
    """The process, at a fail point."""


@pytest.fixture
def undo(bench: Bench) -> Undoing:
    bench.druid.counts = [2, 2, 0]
    return Undoing(
        bench.database,
        bench.inbox,
        bench.druid,
        bench.segments,
        bench.admitting,
        hold_for=timedelta(seconds=2),
        give_up_after=timedelta(minutes=5),
        clock=lambda: datetime.now(UTC),
    )


def command(event: FileUploaded, *, at: float = 50) -> TaskCommand:
    return TaskCommand(
        task_id=ids.undo_task_id(tenant=event.tenant, undoes=event.task_id),
        command=CommandName.UNDO,
        issued_at=START + timedelta(seconds=at),
        undoes=event.task_id,
        datasource_name=event.datasource_name,
    )


async def loaded(bench: Bench, mode: LoadMode, *, at: float, segment: str) -> FileUploaded:
    event = bench.upload(mode, at=at)
    await bench.say(event, verdict(event))
    assert isinstance(await bench.step(event), Done)
    version = str(int(at)) if mode is REPLACE else "1"
    bench.segments.add(Segment(segment, YEAR, version, len(bench.segments.known)), [event.task_id], rows=2)
    end = {"status": TaskStatus.COMPLETED, "occurred_at": START + timedelta(seconds=at)}
    await bench.say(TaskUpdated(task_id=event.task_id, **end))
    return event


async def step(bench: Bench, undo: Undoing, asked: TaskCommand) -> Done | Wait:
    job = await bench.lease(asked)
    outcome = await undo(job)
    if isinstance(outcome, Wait):
        await bench.inbox.release(job, delay=outcome.delay, reason=outcome.reason)
    return outcome


def said(outcome: Done | Wait) -> TaskUpdated:
    assert isinstance(outcome, Done)
    (event,) = outcome.events
    assert isinstance(event, TaskUpdated)
    return event


async def test_an_append_is_taken_back(bench: Bench, undo: Undoing) -> None:
    bench.segments.add(Segment("kept", YEAR, "1", 7), ["other"])
    wrong = await loaded(bench, APPEND, at=1, segment="wrong")
    asked = command(wrong)
    await bench.say(asked)
    end = said(await step(bench, undo, asked))
    assert (end.status, end.task_id, end.problems) == (TaskStatus.COMPLETED, asked.task_id, ())
    assert end.undone is not None
    assert (end.undone.undoes, end.undone.rows_before, end.undone.rows_removed) == (wrong.task_id, 2, 2)
    assert bench.segments.in_use == {"kept"}
    await bench.say(end)
    async with bench.database.transaction() as connection:
        asking = select(LoadTurn.undone_by).where(LoadTurn.task_id == wrong.task_id)
        assert (await connection.execute(asking)).scalar_one() == asked.task_id


async def test_a_replace_is_taken_back_to_what_it_has_noted(bench: Bench, undo: Undoing) -> None:
    await loaded(bench, APPEND, at=1, segment="former")
    swap = await loaded(bench, REPLACE, at=2, segment="swap")
    bench.segments.in_use.discard("former")  # as the coordinator does with what is hidden
    asked = command(swap)
    await bench.say(asked)
    assert said(await step(bench, undo, asked)).status is TaskStatus.COMPLETED
    assert bench.segments.in_use == {"former"}


async def test_it_has_the_datasource_to_itself(bench: Bench, undo: Undoing) -> None:
    wrong = await loaded(bench, APPEND, at=1, segment="wrong")
    earlier, later = bench.upload(APPEND, at=2), bench.upload(APPEND, at=99)
    asked = command(wrong)
    await bench.say(earlier, verdict(earlier), asked, later, verdict(later))
    held = await step(bench, undo, asked)
    assert isinstance(held, Wait)
    assert [event.status for event in held.events if isinstance(event, TaskUpdated)] == [TaskStatus.QUEUED]
    assert isinstance(await bench.step(later), Wait)
    assert isinstance(await bench.step(earlier), Done)
    await bench.end(earlier)
    await bench.say(said(await step(bench, undo, asked)))
    await bench.admitting.decide_now()
    assert isinstance(await bench.step(later), Done)


@pytest.mark.parametrize("point", ["U1", "U2", "U3", "U4", "U5"])
@pytest.mark.parametrize("mode", [APPEND, REPLACE])
async def test_a_death_at_any_line_changes_nothing(
    bench: Bench, undo: Undoing, mode: LoadMode, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await loaded(bench, APPEND, at=1, segment="former")
    wrong = await loaded(bench, mode, at=2, segment="wrong")
    asked = command(wrong)
    await bench.say(asked)
    bench.druid.counts = [2]

    def die(name: str) -> None:
        if name == point:
            raise DiedError

    with monkeypatch.context() as patch:
        patch.setattr(undoing, "failpoint", die)
        with pytest.raises(DiedError):
            await step(bench, undo, asked)
    end = said(await step(bench, undo, asked))
    assert (end.status, bench.segments.in_use) == (TaskStatus.COMPLETED, {"former"})
    assert end.undone is not None
    assert (end.undone.segments_removed, end.undone.rows_removed) == (1, 2)
    again = said(await step(bench, undo, asked))
    assert again == end


async def test_what_was_frozen_is_carried_out_whatever_is_seen_later(bench: Bench, undo: Undoing) -> None:
    """Between two tries the segment is out of use already, so nothing of the load can be found any more."""
    wrong = await loaded(bench, APPEND, at=1, segment="wrong")
    asked = command(wrong)
    await bench.say(asked)
    mark, bench.segments.mark_used = bench.segments.mark_used, _away  # type: ignore[method-assign, assignment]  # for once
    with pytest.raises(DruidAwayError):
        await step(bench, undo, asked)
    bench.segments.mark_used = mark  # type: ignore[method-assign]  # as above
    bench.druid.counts = [0]
    end = said(await step(bench, undo, asked))
    assert end.status is TaskStatus.COMPLETED
    assert end.undone is not None
    assert end.undone.rows_removed == 2


async def test_it_waits_until_druid_shows_it(bench: Bench, undo: Undoing) -> None:
    await loaded(bench, APPEND, at=1, segment="former")
    swap = await loaded(bench, REPLACE, at=2, segment="swap")
    asked = command(swap)
    bench.segments.late.add("former")
    await bench.say(asked)
    held = await step(bench, undo, asked)
    assert isinstance(held, Wait)
    assert held.reason == undoing.UNDOING
    bench.segments.late.clear()
    assert said(await step(bench, undo, asked)).status is TaskStatus.COMPLETED


async def test_a_load_that_is_not_completed_is_refused(bench: Bench, undo: Undoing) -> None:
    event = bench.upload(APPEND, at=1)
    await bench.say(event, verdict(event))
    await bench.step(event)
    await bench.end(event)
    asked = command(event)
    await bench.say(asked)
    end = said(await step(bench, undo, asked))
    assert (end.status, end.problems[0].code) == (TaskStatus.FAILED, "not_undoable")
    assert bench.segments.marks == []


async def test_a_second_undo_of_the_same_load_is_refused(bench: Bench, undo: Undoing) -> None:
    wrong = await loaded(bench, APPEND, at=1, segment="wrong")
    asked = command(wrong)
    await bench.say(asked)
    await bench.say(said(await step(bench, undo, asked)))
    other = command(wrong, at=60).model_copy(update={"task_id": ids.fresh_task_id()})
    await bench.say(other)
    assert "taken back before" in said(await step(bench, undo, other)).problems[0].message


@pytest.mark.parametrize(("begun", "code"), [(False, "undo_failed"), (True, "undo_incomplete")])
async def test_the_third_death_says_whether_anything_was_marked(
    bench: Bench,
    undo: Undoing,
    begun: bool,  # noqa: FBT001  # two cases
    code: str,
) -> None:
    await loaded(bench, APPEND, at=1, segment="former")
    swap = await loaded(bench, REPLACE, at=2, segment="swap")
    asked = command(swap)
    bench.segments.late.add("former")
    await bench.say(asked)
    if begun:
        await step(bench, undo, asked)
    (end,) = await undo.last_words(await bench.lease(asked), "it died 3 times")
    assert (end.status, end.problems[0].code) == (TaskStatus.FAILED, code)


async def _away(*_: Any) -> None:
    msg = "away"
    raise DruidAwayError(msg)
