"""Cancel and retry while a file is validated, on real servers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from services.validator import judge
from services.validator.engine import Accepted, Rejected, run_child
from services.validator.workplace import LOCK_NAME
from shared.db.models import ValidationJob
from shared.events import (
    CommandName,
    FileUploaded,
    FileValidated,
    Stage,
    TaskCommand,
    TaskEvent,
    TaskStatus,
    TaskUpdated,
)
from tests.integration.validator.test_contracts import DEADLINE_SECONDS, NOW, Talk, is_end, talk

__all__ = ["talk"]
LATER = NOW + timedelta(hours=1)
ROWS = "ts,n\n2024-01-01,1\n2024-01-02,2\n"


def command(upload: FileUploaded, name: CommandName, **more: Any) -> TaskCommand:
    return TaskCommand(task_id=upload.task_id, command=name, issued_at=LATER, **more)


def cancel(upload: FileUploaded, **more: Any) -> TaskCommand:
    return command(upload, CommandName.CANCEL, **more)


def retry(upload: FileUploaded, start: Stage, **more: Any) -> TaskCommand:
    return command(upload, CommandName.RETRY, start_from=start, **more)


def large(rows: int = 1_500_000) -> str:
    return "ts,n\n" + "2024-01-01T00:00:00Z,1\n" * rows


def is_status(status: TaskStatus) -> Any:
    return lambda event: isinstance(event, TaskUpdated) and event.status is status


def heard_of(talk: Talk, upload: FileUploaded) -> list[TaskEvent]:
    return [event for event in talk.heard if event.task_id == upload.task_id]


def ends(talk: Talk, upload: FileUploaded) -> list[TaskStatus]:
    said = (event for event in heard_of(talk, upload) if isinstance(event, TaskUpdated) and is_end(event))
    return sorted({event.status for event in said})


async def jobs(talk: Talk, upload: FileUploaded) -> dict[int, Any]:
    asking = select(ValidationJob.__table__).where(ValidationJob.task_id == upload.task_id)
    async with talk.database.transaction() as connection:
        return {row.attempt: row for row in await connection.execute(asking)}


async def closed(talk: Talk, upload: FileUploaded, *attempts: int) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            found = await jobs(talk, upload)
            if all(attempt in found and found[attempt].done_at is not None for attempt in attempts):
                return
            await asyncio.sleep(0.05)


async def objects(talk: Talk, upload: FileUploaded) -> list[str]:
    kinds = ("validated", "rejected", "reports")
    return [found.key for kind in kinds async for found in talk.store.list(f"{kind}/{upload.task_id}/")]


@contextlib.asynccontextmanager
async def held_back(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[asyncio.Event, asyncio.Event]]:
    """Every child's verdict is held back: `reached` is set when there is one, and it goes on with `go_on`."""
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def held(*arguments: Any) -> Accepted | Rejected:
        found = await run_child(*arguments)
        reached.set()
        await go_on.wait()
        return found

    monkeypatch.setattr(judge, "run_child", held)
    yield reached, go_on


async def test_a_running_child_is_stopped_at_once(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lease lasts a minute, and the work would never end by itself: nobody waits for a heartbeat."""
    async with held_back(monkeypatch) as (_, go_on), talk.validator(lease_for=timedelta(seconds=60)):
        upload = await talk.upload(large())
        await talk.hear(upload, is_status(TaskStatus.VALIDATING))
        while not list(talk.work_dir.rglob("source")):  # noqa: ASYNC110  # the child begins with it
            await asyncio.sleep(0.01)
        await talk.producer.emit(cancel(upload))
        end = await talk.hear(upload, is_end)
        async with asyncio.timeout(10):
            while [path.name for path in talk.work_dir.rglob("*") if path.is_file()] != [LOCK_NAME]:  # noqa: ASYNC110  # files
                await asyncio.sleep(0.05)
        go_on.set()
        after = await talk.upload(ROWS)
        await talk.verdict(after)
    assert isinstance(end, TaskUpdated)
    assert (end.status, end.reason) == (TaskStatus.CANCELLED, "cancelled")
    assert ends(talk, upload) == [TaskStatus.CANCELLED]
    assert not any(isinstance(event, FileValidated) for event in heard_of(talk, upload))


async def test_what_a_cancelled_run_has_stored_is_removed(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its parts are there, and its verdict is about to be kept."""
    keep = judge.Judge._keep
    stored, go_on = asyncio.Event(), asyncio.Event()

    async def keep_and_wait(*arguments: Any) -> None:
        await keep(*arguments)
        stored.set()
        await go_on.wait()

    monkeypatch.setattr(judge.Judge, "_keep", keep_and_wait)
    async with talk.validator(lease_for=timedelta(seconds=2)):
        upload = await talk.upload(ROWS)
        await stored.wait()
        assert await objects(talk, upload)
        await talk.producer.emit(cancel(upload))
        await talk.hear(upload, is_end)
        await closed(talk, upload, 1)
    assert await objects(talk, upload) == []
    assert ends(talk, upload) == [TaskStatus.CANCELLED]


async def test_the_objects_of_the_next_attempt_are_left_alone(talk: Talk) -> None:
    """What is left of the first attempt is removed when the second has stored its parts."""
    async with talk.validator(lease_for=timedelta(seconds=3)):
        upload = await talk.upload(large())
        await talk.hear(upload, is_status(TaskStatus.VALIDATING))
        await talk.producer.emit(cancel(upload))
        await talk.producer.emit(retry(upload, Stage.VALIDATION))
        verdict = await talk.verdict_of(upload, 2)
        await closed(talk, upload, 1, 2)
    assert {part.key for part in verdict.parts} <= set(await objects(talk, upload))
    assert all(f"/{verdict.run_id}/" in key for key in await objects(talk, upload))


async def test_a_cancel_that_is_read_before_the_file_is_not_lost(talk: Talk) -> None:
    async with talk.validator():
        upload = await talk.upload(ROWS, announce=False)
        await talk.producer.emit(cancel(upload))
        await talk.command_kept(upload)
        await talk.producer.emit(upload)
        await talk.hear(upload, is_end)
        await closed(talk, upload, 1)
    assert {event.status for event in heard_of(talk, upload) if isinstance(event, TaskUpdated)} == {
        TaskStatus.CANCELLED
    }


async def test_a_file_that_waits_for_its_contract_is_cancelled(talk: Talk) -> None:
    async with talk.validator():
        upload = await talk.upload(ROWS, contract_version=9)
        await talk.hear(upload, is_status(TaskStatus.PENDING))
        await talk.producer.emit(cancel(upload))
        await talk.hear(upload, is_end)
    assert ends(talk, upload) == [TaskStatus.CANCELLED]


async def test_a_verdict_that_is_kept_is_not_the_validators_to_cancel(talk: Talk) -> None:
    async with talk.validator():
        upload = await talk.upload(ROWS)
        await talk.verdict(upload)
        await talk.producer.emit(cancel(upload))
        await talk.command_kept(upload)
        after = await talk.upload(ROWS)
        await talk.verdict(after)
    assert ends(talk, upload) == []
    assert await objects(talk, upload)


async def test_a_verdict_that_is_kept_and_not_said_is_said_all_the_same(talk: Talk) -> None:
    """Killed before it was published; the cancel is read before the row is leased again."""
    async with talk.validator():
        upload = await talk.upload(ROWS)
        verdict = await talk.verdict(upload)
        await closed(talk, upload, 1)
    mine = update(ValidationJob).where(ValidationJob.task_id == upload.task_id)
    async with talk.database.transaction() as connection:
        await connection.execute(mine.values(done_at=None, available_at=datetime.now(UTC) + timedelta(hours=1)))
    async with talk.validator():
        await talk.producer.emit(cancel(upload))
        await talk.command_kept(upload)
        async with talk.database.transaction() as connection:
            await connection.execute(mine.values(available_at=NOW))
        await closed(talk, upload, 1)
    assert (await jobs(talk, upload))[1].outcome["body"]["run_id"] == verdict.run_id
    assert ends(talk, upload) == []


@pytest.mark.parametrize("cancelled_first", [True, False])
async def test_of_a_verdict_and_a_cancel_the_first_stands(
    talk: Talk,
    monkeypatch: pytest.MonkeyPatch,
    cancelled_first: bool,  # noqa: FBT001  # two orders
) -> None:
    async with held_back(monkeypatch) as (reached, go_on), talk.validator():
        upload = await talk.upload(ROWS)
        await reached.wait()
        if cancelled_first:
            await talk.producer.emit(cancel(upload))
            await talk.hear(upload, is_end)
        go_on.set()
        if not cancelled_first:
            await talk.verdict(upload)
            await talk.producer.emit(cancel(upload))
            await talk.command_kept(upload)
        await closed(talk, upload, 1)
    verdicts = {event.event_id for event in heard_of(talk, upload) if isinstance(event, FileValidated)}
    assert (len(verdicts), ends(talk, upload)) == ((0, [TaskStatus.CANCELLED]) if cancelled_first else (1, []))


async def test_a_retry_from_validation_judges_the_file_again(talk: Talk) -> None:
    async with talk.validator():
        upload = await talk.upload(ROWS)
        first = await talk.verdict(upload)
        await talk.producer.emit(retry(upload, Stage.VALIDATION))
        await talk.producer.emit(retry(upload, Stage.SUBMISSION, run_id=first.run_id))
        second = await talk.verdict_of(upload, 2)
        await closed(talk, upload, 1, 2)
        begun = await talk.hear(upload, lambda one: isinstance(one, TaskUpdated) and one.attempt == 2)
    assert second.run_id != first.run_id
    assert (second.accepted_at, second.rows_accepted) == (LATER, 2)
    assert isinstance(begun, TaskUpdated)
    assert (begun.status, begun.reason, begun.occurred_at) == (TaskStatus.PENDING, "retry", LATER)
    assert {part.key for verdict in (first, second) for part in verdict.parts} <= set(await objects(talk, upload))
    assert sorted(await jobs(talk, upload)) == [1, 2]


async def test_a_retry_from_submission_hands_the_same_parts_on(talk: Talk) -> None:
    async with talk.validator():
        upload = await talk.upload(ROWS)
        first = await talk.verdict(upload)
        await talk.producer.emit(retry(upload, Stage.SUBMISSION, run_id=first.run_id))
        second = await talk.verdict_of(upload, 2)
        await closed(talk, upload, 2)
    assert second == first.model_copy(update={"attempt": 2, "accepted_at": LATER})
    assert not any(isinstance(event, TaskUpdated) and event.attempt == 2 for event in heard_of(talk, upload))


async def test_what_another_run_has_made_is_not_handed_on(talk: Talk) -> None:
    """The command names parts that are none of the attempt's: the file is judged again, which is never wrong."""
    async with talk.validator():
        upload = await talk.upload(ROWS)
        first = await talk.verdict(upload)
        await talk.producer.emit(retry(upload, Stage.SUBMISSION, run_id="another"))
        second = await talk.verdict_of(upload, 2)
    assert second.run_id not in {first.run_id, "another"}


async def test_what_a_dead_process_has_kept_is_said_by_the_next(talk: Talk) -> None:
    """Killed at V5: the cancel is kept, and nothing was said."""
    async with talk.validator():
        upload = await talk.upload(ROWS, contract_version=9)
        await talk.hear(upload, is_status(TaskStatus.PENDING))
    end = TaskUpdated(task_id=upload.task_id, status=TaskStatus.CANCELLED, occurred_at=LATER, reason="cancelled")
    outcome = {"type": end.event_type, "body": end.model_dump(mode="json")}
    async with talk.database.transaction() as connection:
        mine = update(ValidationJob).where(ValidationJob.task_id == upload.task_id)
        await connection.execute(mine.values(outcome=outcome, lease_owner=None, available_at=NOW))
    async with talk.validator():
        assert await talk.hear(upload, is_end) == end
        await closed(talk, upload, 1)
