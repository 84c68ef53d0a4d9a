"""The gateway's own table of what it has decided about the rejected rows of a task: `correction_decisions`.

Two gateways may look at one task at the same time. Each decides on the version that it saw, and only the first of them
finds that version still there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.engine import Database
from shared.db.models import CorrectionDecision
from shared.events import TaskCommand
from shared.kafka.envelope import encode
from shared.outbox import promise
from shared.record_set import RecordSet

SOURCE = "gateway"


class OvertakenError(Exception):
    """Somebody has decided about the task since it was looked at: look again."""


@dataclass(frozen=True)
class Decided:
    """What was decided about a task so far; `version` 0 is nothing. See `CorrectionDecision`."""

    parent_task_id: str
    version: int = 0
    child_task_id: str | None = None
    waivers: int = 0
    rows_waived: int = 0
    waived_records: str = ""

    @property
    def waived(self) -> RecordSet:
        """The records that were named by waivers."""
        return RecordSet.parse(self.waived_records)


async def look(connection: AsyncConnection, parent_task_id: str) -> Decided:
    """What was decided about the task."""
    table = CorrectionDecision.__table__
    asking = select(table).where(CorrectionDecision.parent_task_id == parent_task_id)
    row = (await connection.execute(asking)).one_or_none()
    return Decided(parent_task_id) if row is None else Decided(**row._mapping)  # noqa: SLF001  # SQLAlchemy's public accessor


async def decide(connection: AsyncConnection, seen: Decided, **change: Any) -> bool:
    """Write the change, in the caller's transaction; False when the task was decided about since `seen`."""
    change["version"] = seen.version + 1
    if seen.version == 0:
        making = insert(CorrectionDecision).values(parent_task_id=seen.parent_task_id, **change)
        made = await connection.execute(making.on_conflict_do_nothing().returning(CorrectionDecision.parent_task_id))
        return made.first() is not None
    changed = await connection.execute(
        update(CorrectionDecision)
        .where(CorrectionDecision.parent_task_id == seen.parent_task_id, CorrectionDecision.version == seen.version)
        .values(**change)
        .returning(CorrectionDecision.parent_task_id)
    )
    return changed.first() is not None


class DecisionRows(Protocol):
    """What the use cases ask of the table. Each method is a transaction and may raise `DatabaseAwayError`."""

    async def find(self, parent_task_id: str) -> Decided:
        """What was decided about the task so far."""

    async def waive(self, seen: Decided, event: TaskCommand, *, traceparent: str | None) -> None:
        """Keep a waiver and the promise of its event, together. Raises `OvertakenError`, and nothing is kept."""


class PostgresDecisionRows:
    """The table in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, parent_task_id: str) -> Decided:
        """See `DecisionRows.find`."""
        async with self._database.transaction() as connection:
            return await look(connection, parent_task_id)

    async def waive(self, seen: Decided, event: TaskCommand, *, traceparent: str | None) -> None:
        """See `DecisionRows.waive`."""
        async with self._database.transaction() as connection:
            if not await decide(connection, seen, **waived_by(seen, event)):
                raise OvertakenError
            await promise(connection, encode(event, source=SOURCE, traceparent=traceparent))


def waived_by(seen: Decided, event: TaskCommand) -> dict[str, Any]:
    """What a waiver changes."""
    return {
        "waivers": seen.waivers + 1,
        "rows_waived": seen.rows_waived + (event.rows or 0),
        "waived_records": str(seen.waived | RecordSet.parse(event.records or "")),
    }
