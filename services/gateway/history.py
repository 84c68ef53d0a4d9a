"""What the gateway looks up in the projector's `task_history`, read-only."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Integer, cast, func, select

from shared.db.engine import Database
from shared.db.models import TaskHistory
from shared.events import FileValidated, TaskUpdated


class HistoryRows(Protocol):
    """What the projector remembers. Each method may raise `DatabaseAwayError`."""

    async def run_of(self, task_id: str, attempt: int) -> str | None:
        """The run whose parts the attempt has handed on; None when it has none."""

    async def counts_of(self, task_id: str, attempt: int) -> int:
        """How often the rows of the attempt were counted again."""


class PostgresHistoryRows:
    """The projector's table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run_of(self, task_id: str, attempt: int) -> str | None:
        """See `HistoryRows.run_of`."""
        asking = select(TaskHistory.body["run_id"].astext).where(
            TaskHistory.task_id == task_id,
            TaskHistory.attempt == attempt,
            TaskHistory.event_type == FileValidated.event_type,
        )
        async with self._database.transaction() as connection:
            return (await connection.execute(asking)).scalar_one_or_none()

    async def counts_of(self, task_id: str, attempt: int) -> int:
        """See `HistoryRows.counts_of`."""
        asking = select(func.max(cast(TaskHistory.body["sequence"].astext, Integer))).where(
            TaskHistory.task_id == task_id,
            TaskHistory.attempt == attempt,
            TaskHistory.event_type == TaskUpdated.event_type,
            TaskHistory.body.has_key("verified"),
        )
        async with self._database.transaction() as connection:
            return (await connection.execute(asking)).scalar_one_or_none() or 0
