from __future__ import annotations

import pytest
from sqlalchemy import select

from services.gateway.rows import PostgresUploadRows
from shared.db.engine import Database
from shared.db.models import OutboxRow
from tests.unit.gateway.rows_suite import UploadRowsSuite, begun, event_of


@pytest.fixture
def rows(database: Database) -> PostgresUploadRows:
    return PostgresUploadRows(database)


class TestPostgresUploadRows(UploadRowsSuite):
    """The real table passes the suite of the double."""


async def test_row_and_promise_are_one_transaction(rows: PostgresUploadRows, database: Database) -> None:
    claim = await begun(rows)
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert await rows.store(claim, event_of(claim.upload), traceparent=trace)
    await rows.store(claim, event_of(claim.upload), traceparent=trace)
    async with database.transaction() as connection:
        asking = select(OutboxRow.__table__).where(OutboxRow.key == claim.upload.task_id)
        [promised] = (await connection.execute(asking)).all()
    assert promised.topic == "file.uploaded"
    assert promised.headers["traceparent"] == trace
    assert promised.headers["ce_source"] == "/ingest/gateway"
