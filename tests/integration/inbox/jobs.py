"""Rows of an inbox, for tests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from shared import events
from shared.db.engine import Database
from shared.db.models import ValidationJob
from shared.inbox import Inbox
from shared.kafka.envelope import Received
from tests.integration.kafka.rig import an_update

TABLE = ValidationJob.__table__
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def inbox_of(database: Database, owner: str, *, lease_for: timedelta = timedelta(seconds=30)) -> Inbox:
    return Inbox(database, ValidationJob, owner=owner, lease_for=lease_for)


def received(event: events.TaskEvent) -> Received:
    return Received(event, event.event_id, TRACE)


async def put(database: Database, *given: events.TaskEvent, **columns: Any) -> list[events.TaskEvent]:
    """Put one new job for each event, or one in all; in the order of the list."""
    chosen = list(given) or [an_update()]
    inbox = inbox_of(database, "nobody")
    for event in chosen:
        async with database.transaction() as connection:
            assert await inbox.put(connection, received(event), **columns)
    return chosen


async def row_of(database: Database, event: events.TaskEvent) -> dict[str, Any]:
    async with database.transaction() as connection:
        found = await connection.execute(select(TABLE).where(TABLE.c.event_id == event.event_id))
        return dict(found.mappings().one())


async def expire_leases(database: Database) -> None:
    """Let the holders vanish: as if their leases had run out a minute ago."""
    async with database.transaction() as connection:
        await connection.execute(update(ValidationJob).values(lease_until=TABLE.c.lease_until - timedelta(minutes=5)))


async def make_available(database: Database) -> None:
    """As if the time that released rows wait had passed."""
    async with database.transaction() as connection:
        await connection.execute(update(ValidationJob).values(available_at=TABLE.c.created_at))
