"""One correction at a time, whoever asks: the decisions on the real PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from services.gateway.decisions import OvertakenError, PostgresDecisionRows
from services.gateway.rows import PostgresUploadRows
from shared import ids
from shared.db.engine import Database
from shared.db.models import OutboxRow
from shared.events import FileUploaded
from tests.unit.gateway.decisions_suite import DecisionRowsSuite, waiver
from tests.unit.gateway.rows_suite import begun, event_of


@pytest.fixture
def decisions(database: Database) -> PostgresDecisionRows:
    return PostgresDecisionRows(database)


@pytest.fixture
def rows(database: Database) -> PostgresUploadRows:
    return PostgresUploadRows(database)


class TestPostgresDecisionRows(DecisionRowsSuite):
    """The real table passes the suite of the double."""


async def test_of_many_corrections_at_the_same_time_one_is_stored(
    decisions: PostgresDecisionRows, rows: PostgresUploadRows, database: Database
) -> None:
    parent = ids.fresh_task_id()
    look = await decisions.find(parent)
    claims = [await begun(rows) for _ in range(8)]
    outcomes = await asyncio.gather(
        *(rows.store(one, event_of(one.upload), traceparent=None, seen=look) for one in claims),
        return_exceptions=True,
    )
    assert sum(isinstance(one, FileUploaded) for one in outcomes) == 1
    assert sum(isinstance(one, OvertakenError) for one in outcomes) == 7
    async with database.transaction() as connection:
        asking = select(OutboxRow.key).where(OutboxRow.key.in_([one.upload.task_id for one in claims]))
        promised = (await connection.execute(asking)).scalars().all()
    assert promised == [(await decisions.find(parent)).child_task_id]


async def test_a_waiver_and_its_promise_are_one_transaction(
    decisions: PostgresDecisionRows, database: Database
) -> None:
    task_id = ids.fresh_task_id()
    look = await decisions.find(task_id)
    await decisions.waive(look, waiver(task_id, rows=2), traceparent=None)
    with pytest.raises(OvertakenError):
        await decisions.waive(look, waiver(task_id, rows=2, sequence=1), traceparent=None)
    async with database.transaction() as connection:
        rows = (await connection.execute(select(OutboxRow.__table__).where(OutboxRow.key == task_id))).all()
    assert [row.topic for row in rows] == ["task.commands"]
