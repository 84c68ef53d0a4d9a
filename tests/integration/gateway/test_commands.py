"""Commands that were given, and what is looked up for them, on the real PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, select

from services.gateway.command_rows import PostgresCommandRows
from services.gateway.history import PostgresHistoryRows
from services.projector.handlers import Handlers
from shared import ids
from shared.db.engine import Database
from shared.db.models import OutboxRow
from shared.events import (
    CommandName,
    FileValidated,
    Ledger,
    LedgerStatus,
    Stage,
    TaskCommand,
    TaskEvent,
    TaskStatus,
    TaskUpdated,
)
from shared.kafka.envelope import Received
from tests.contracts.golden import all_golden
from tests.unit.gateway.commands_suite import CommandRowsSuite, retry_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LEDGER = Ledger(status=LedgerStatus.RECONCILED, rows_read=1, rows_accepted=1, rows_rejected=0)


@pytest.fixture
def commands(database: Database) -> PostgresCommandRows:
    return PostgresCommandRows(database)


@pytest.fixture
def history(database: Database) -> PostgresHistoryRows:
    return PostgresHistoryRows(database)


class TestPostgresCommandRows(CommandRowsSuite):
    """The real table passes the suite of the double."""


async def promised(database: Database, task_id: str) -> list[OutboxRow]:
    async with database.transaction() as connection:
        return list((await connection.execute(select(OutboxRow.__table__).where(OutboxRow.key == task_id))).all())  # type: ignore[arg-type]  # rows with its columns


async def test_of_many_at_the_same_time_one_stands_and_is_promised_once(
    commands: PostgresCommandRows, database: Database
) -> None:
    task_id = ids.fresh_task_id()
    stages = [Stage.VALIDATION, Stage.SUBMISSION] * 4
    given = await asyncio.gather(*(commands.give(retry_of(task_id, one), traceparent=None) for one in stages))
    assert len({one.command.start_from for one in given}) == 1
    assert sum(not one.replayed for one in given) == 1
    (row,) = await promised(database, task_id)
    assert row.topic == "task.commands"


async def test_a_command_that_is_given_again_is_promised_again(
    commands: PostgresCommandRows, database: Database
) -> None:
    """The first record may have been parked: whoever asks again has it sent again, as it was."""
    task_id = ids.fresh_task_id()
    await commands.give(retry_of(task_id, Stage.VALIDATION), traceparent=None)
    (first,) = await promised(database, task_id)
    async with database.transaction() as connection:
        await connection.execute(delete(OutboxRow).where(OutboxRow.key == task_id))
    await commands.give(retry_of(task_id, Stage.SUBMISSION, after=5), traceparent=None)
    (again,) = await promised(database, task_id)
    assert (again.event_id, again.body) == (first.event_id, first.body)


async def test_the_run_of_an_attempt_is_the_one_whose_parts_it_has_handed_on(
    history: PostgresHistoryRows, database: Database
) -> None:
    verdict = next(one.read().event for one in all_golden() if one.kind == FileValidated.event_type)
    assert isinstance(verdict, FileValidated)
    task_id = ids.fresh_task_id()
    await project(database, verdict.model_copy(update={"task_id": task_id, "attempt": 2, "run_id": "run-2"}))
    assert [await history.run_of(task_id, attempt) for attempt in (1, 2)] == [None, "run-2"]


async def test_later_counts_are_counted_by_their_numbers(history: PostgresHistoryRows, database: Database) -> None:
    task_id = ids.fresh_task_id()
    end = TaskUpdated(task_id=task_id, status=TaskStatus.COMPLETED, occurred_at=NOW, ledger=LEDGER)
    await project(database, end, TaskUpdated(task_id=task_id, status=TaskStatus.RUNNING, occurred_at=NOW, sequence=7))
    assert await history.counts_of(task_id, 1) == 0
    for number in (1, 2):
        await project(database, end.model_copy(update={"sequence": number, "ledger": None, "verified": LEDGER}))
        assert await history.counts_of(task_id, 1) == number
    assert await history.counts_of(task_id, 2) == 0


async def project(database: Database, *events: TaskEvent) -> None:
    projector = Handlers(database)
    for event in events:
        await projector.on_event(Received(event, event.event_id, None))


async def test_a_command_survives_the_way_through_the_table(commands: PostgresCommandRows) -> None:
    command = TaskCommand(
        task_id=ids.fresh_task_id(),
        command=CommandName.VERIFY,
        issued_at=NOW,
        sequence=3,
        reason="is it \u0000 there?",
        user_id="ann",
    )
    await commands.give(command, traceparent=None)
    assert (await commands.give(command, traceparent=None)).command.sequence == 3
