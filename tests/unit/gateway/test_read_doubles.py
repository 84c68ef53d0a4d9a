"""The doubles of the read side pass the suites of PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.unit.gateway.feed_suite import FeedSuite
from tests.unit.gateway.read_doubles import InMemoryFeedRows, InMemoryTaskListRows
from tests.unit.gateway.task_list_suite import Show, TaskListSuite


class ToldInMemory:
    """The double, and how it is told."""

    def __init__(self) -> None:
        self.rows = InMemoryFeedRows()
        self.tell = self.rows.tell


class TestInMemoryTaskListRows(TaskListSuite):
    """Likewise."""

    @pytest.fixture
    def listing(self) -> InMemoryTaskListRows:
        return InMemoryTaskListRows({})

    @pytest.fixture
    def show(self, listing: InMemoryTaskListRows) -> Show:
        async def showing(row: Mapping[str, Any]) -> None:
            listing.rows[row["task_id"]] = row

        return showing


class TestInMemoryFeedRows(FeedSuite):
    """Likewise."""

    @pytest.fixture
    def feed(self) -> ToldInMemory:
        return ToldInMemory()
