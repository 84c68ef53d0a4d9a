"""Looks at the projector's tables."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import delete, select

from shared.db.engine import Database
from shared.db.models import IngestionTask, TaskAttempt, TaskHistory

TABLES = (IngestionTask, TaskAttempt, TaskHistory)


async def task_row(database: Database, task_id: str) -> dict[str, Any] | None:
    async with database.transaction() as connection:
        found = await connection.execute(select(IngestionTask.__table__).where(IngestionTask.task_id == task_id))
        row = found.mappings().first()
    return dict(row) if row is not None else None


async def history_count(database: Database, task_id: str) -> int:
    async with database.transaction() as connection:
        found = await connection.execute(select(TaskHistory.event_id).where(TaskHistory.task_id == task_id))
        return len(found.all())


async def checksum(database: Database, task_ids: list[str]) -> list[tuple[int, str]]:
    """Number of rows and a digest of every column, for each of the three tables."""
    sums = []
    async with database.transaction() as connection:
        for table in TABLES:
            found = await connection.execute(select(table.__table__).where(table.task_id.in_(task_ids)))
            rows = sorted(repr(sorted(row.items())) for row in found.mappings())
            sums.append((len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest()))
    return sums


async def forget(database: Database, *task_ids: str) -> None:
    """Empty the three tables, or take these tasks out of them."""
    async with database.transaction() as connection:
        for table in TABLES:
            statement = delete(table)
            await connection.execute(statement.where(table.task_id.in_(task_ids)) if task_ids else statement)


async def until(condition: Callable[[], Awaitable[bool]], *, seconds: float = 30) -> None:
    """Poll until the condition holds; a TimeoutError is the test's failure."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110  # what happens in another process sets no event here
            await asyncio.sleep(0.05)
