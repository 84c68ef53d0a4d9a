"""Cancel, retry and verify on the real Druid: one end, exact rows, no row twice."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from shared import ids
from shared.db.engine import Database
from shared.db.models import DruidWatch
from shared.druid import DruidState, HttpDruid
from shared.events import (
    CommandName,
    FileValidated,
    LedgerStatus,
    LoadMode,
    Stage,
    TaskCommand,
    TaskEvent,
    TaskStatus,
    TaskUpdated,
)
from tests.integration.druid.chain import Talk, validated, with_keys
from tests.integration.druid.loading import JANUARY, Loader, days, row
from tests.integration.druid.test_services import talk, where

__all__ = ["talk", "where"]
BUSY_ROWS = 3_000_000


def command(event: FileValidated, name: CommandName, **more: Any) -> TaskCommand:
    return TaskCommand(task_id=event.task_id, command=name, issued_at=datetime.now(UTC), **more)


def retried(event: FileValidated, command: TaskCommand) -> FileValidated:
    """The verdict as the validator hands it on again."""
    return event.model_copy(update={"attempt": command.attempt + 1, "accepted_at": command.issued_at})


def retry(event: FileValidated, **more: Any) -> TaskCommand:
    return command(event, CommandName.RETRY, start_from=Stage.SUBMISSION, run_id=event.run_id, **more)


def is_end(task_id: str, attempt: int) -> Callable[[TaskEvent], bool]:
    return lambda one: (
        isinstance(one, TaskUpdated) and one.task_id == task_id and one.attempt == attempt and one.status.is_end
    )


def is_verified(task_id: str, number: int) -> Callable[[TaskEvent], bool]:
    return lambda one: (
        isinstance(one, TaskUpdated) and one.task_id == task_id and one.verified is not None and one.sequence == number
    )


async def end_of(talk: Talk, event: FileValidated, attempt: int = 1) -> TaskUpdated:
    found = await talk.hear(is_end(event.task_id, attempt))
    assert isinstance(found, TaskUpdated)
    return found


async def running(talk: Talk, loader: Loader, rows: int = 3) -> FileValidated:
    """A load that Druid is busy with for a while; its verdict, with parts that hold `rows` rows only."""
    load = await loader.load(days(rows), LoadMode.APPEND)
    line = json.dumps({**row(JANUARY, 1), "ingest_task_id": load.task_id}) + "\n"
    key = f"validated/{load.task_id}/run/large.ndjson.gz"
    await loader.store.put_bytes(key, gzip.compress(line.encode() * BUSY_ROWS, 1))
    event = validated(with_keys(load, key))
    await talk.say(event)
    await talk.hear(
        lambda one: isinstance(one, TaskUpdated) and one.task_id == event.task_id and one.status is TaskStatus.RUNNING
    )
    return event.model_copy(update={"parts": validated(load).parts})


async def test_a_load_that_druid_runs_is_shut_down_and_its_retry_is_loaded_once(
    talk: Talk, loader: Loader, druid: HttpDruid
) -> None:
    event = await running(talk, loader)
    cancel = command(event, CommandName.CANCEL)
    await talk.say(cancel, cancel)
    end = await end_of(talk, event)
    assert (end.status, end.reason) == (TaskStatus.CANCELLED, "cancelled")
    assert end.ledger is not None
    assert (end.ledger.rows_accepted, end.ledger.rows_counted) == (3, 0)
    first = ids.druid_task_id(task_id=event.task_id, attempt=1)
    status = (await druid.task_statuses([first]))[first]
    assert (status.state, "shutdown" in str(status.error).lower()) == (DruidState.FAILED, True), status
    asked = retry(event)
    await talk.say(asked, retried(event, asked), asked)
    second = await end_of(talk, event, 2)
    assert (second.status, second.ledger and second.ledger.status) == (TaskStatus.COMPLETED, LedgerStatus.RECONCILED)
    assert await loader.total() == 3
    ends = [one for one in talk.heard if isinstance(one, TaskUpdated) and one.task_id == event.task_id]
    assert len({one.event_id for one in ends if one.status.is_end}) == 2


async def test_a_cancel_of_what_is_loaded_changes_nothing(talk: Talk, loader: Loader, database: Database) -> None:
    event = validated(await loader.load(days(4), LoadMode.APPEND))
    await talk.say(event)
    assert (await end_of(talk, event)).status is TaskStatus.COMPLETED
    await talk.say(command(event, CommandName.CANCEL))
    after = validated(await loader.load(days(1), LoadMode.APPEND))
    await talk.say(after)
    await end_of(talk, after)
    assert await loader.total() == 5
    async with database.transaction() as connection:
        asking = select(DruidWatch.cancel_asked_at).where(DruidWatch.task_id == event.task_id)
        assert (await connection.execute(asking)).scalar_one() is None
    assert {one.status for one in talk.heard if is_end(event.task_id, 1)(one) and isinstance(one, TaskUpdated)} == {
        TaskStatus.COMPLETED
    }


async def test_rows_that_are_there_prove_the_next_attempt_and_are_not_loaded_again(
    talk: Talk, loader: Loader, druid: HttpDruid
) -> None:
    """The first attempt is in Druid, whatever was said of it: a FAILED that had published looks the same."""
    event = validated(await loader.load(days(6), LoadMode.APPEND))
    await talk.say(event)
    await end_of(talk, event)
    asked = retry(event)
    await talk.say(asked, retried(event, asked))
    end = await end_of(talk, event, 2)
    assert (end.status, end.reason) == (TaskStatus.COMPLETED, "rows_already_there")
    assert end.ledger is not None
    assert end.ledger.query is not None
    assert await druid.sql(end.ledger.query) == [{"rows": 6}]
    second = ids.druid_task_id(task_id=event.task_id, attempt=2)
    assert await druid.task_statuses([second]) == {}
    verify = command(event, CommandName.VERIFY, attempt=2, sequence=1)
    await talk.say(verify)
    said = await talk.hear(is_verified(event.task_id, 1))
    assert isinstance(said, TaskUpdated)
    assert (said.attempt, said.verified and said.verified.status) == (2, LedgerStatus.RECONCILED)


async def test_beside_some_rows_of_the_task_nothing_is_loaded(talk: Talk, loader: Loader) -> None:
    """Two of the rows have got in: as Druid has never been seen to do it, and a hand may."""
    event = validated(await loader.load(days(2), LoadMode.APPEND))
    await talk.say(event)
    await end_of(talk, event)
    asked = retry(event)
    await talk.say(asked, retried(event, asked).model_copy(update={"rows_accepted": 5, "rows_read": 12}))
    end = await end_of(talk, event, 2)
    assert (end.status, end.problems[0].code) == (TaskStatus.FAILED, "rows_already_there")
    assert "2 of 5 rows" in end.problems[0].message
    assert await loader.total() == 2


@pytest.mark.parametrize("mode", [LoadMode.APPEND, LoadMode.REPLACE])
async def test_a_finished_task_is_counted_again_as_druid_is_now(talk: Talk, loader: Loader, mode: LoadMode) -> None:
    event = validated(await loader.load(days(5), mode))
    await talk.say(event)
    await end_of(talk, event)
    await talk.say(command(event, CommandName.VERIFY, sequence=1))
    first = await talk.hear(is_verified(event.task_id, 1))
    swap = validated(await loader.load(days(1), LoadMode.REPLACE))
    await talk.say(swap)
    await end_of(talk, swap)
    await talk.say(command(event, CommandName.VERIFY, sequence=2))
    second = await talk.hear(is_verified(event.task_id, 2))
    assert isinstance(first, TaskUpdated)
    assert isinstance(second, TaskUpdated)
    assert first.verified is not None
    assert second.verified is not None
    assert (first.verified.status, first.verified.rows_counted) == (LedgerStatus.RECONCILED, 5)
    assert (second.verified.status, second.verified.rows_counted) == (LedgerStatus.MISMATCH, 0)
    assert "a later replace" in str(second.verified.reason)
    assert (second.status, second.ledger) == (TaskStatus.COMPLETED, None)
