"""The list of tasks and the feed of events on the real PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import insert

from services.gateway.feed_rows import PostgresFeedRows
from services.gateway.task_list import PostgresTaskListRows
from services.projector.handlers import Handlers
from shared.db.engine import Database
from shared.db.models import IngestionTask
from shared.events import TaskEvent
from shared.kafka.envelope import Received
from tests.unit.gateway.feed_suite import FeedSuite
from tests.unit.gateway.task_list_suite import Show, TaskListSuite


class ToldByTheProjector:
    """The real tables, and the projector that writes them."""

    def __init__(self, database: Database) -> None:
        self.rows = PostgresFeedRows(database)
        self._handlers = Handlers(database)

    async def tell(self, event: TaskEvent) -> None:
        await self._handlers.on_event(Received(event, event.event_id, None))


class TestPostgresTaskListRows(TaskListSuite):
    """The real table passes the suite of the double."""

    @pytest.fixture
    def listing(self, database: Database) -> PostgresTaskListRows:
        return PostgresTaskListRows(database)

    @pytest.fixture
    def show(self, database: Database) -> Show:
        async def showing(row: Mapping[str, Any]) -> None:
            async with database.transaction() as connection:
                await connection.execute(insert(IngestionTask).values(dict(row)))

        return showing


class TestPostgresFeedRows(FeedSuite):
    """The real table passes the suite of the double."""

    @pytest.fixture
    def feed(self, database: Database) -> ToldByTheProjector:
        return ToldByTheProjector(database)
