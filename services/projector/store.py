"""The projector's four tables: what is remembered of a task, what is shown of it, and what listeners are told.

Every function runs in the caller's transaction, after `take_turn`.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import and_, exists, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.projector.shown import Projection
from shared.db.models import EVENT_FEED_CHANNEL, EventFeed, IngestionTask, TaskAttempt, TaskHistory
from shared.db.storable import storable
from shared.events import TASK_EVENT_CLASSES, FileUploaded, TaskEvent, body_of, event_time

_EVENTS: dict[str, TypeAdapter[TaskEvent]] = {event.event_type: TypeAdapter(event) for event in TASK_EVENT_CLASSES}


async def take_turn(connection: AsyncConnection, task_id: str) -> None:
    """Wait until no other transaction works on this task; the turn ends with the transaction.

    Several processes can hold events of one task: it has a partition in each of four topics.
    """
    await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"projector:{task_id}", 0))))


async def remember(connection: AsyncConnection, event: TaskEvent) -> bool:
    """Keep the event; False when a copy is kept already.

    Of copies with different bodies the first stays: a task's events of one type lie in one partition, in an order that
    never changes. Only an upstream's records need not: without a key, its retries lie in any partition, and what
    differs is Kafka's time. Of those the earliest stays.
    """
    row = insert(TaskHistory).values(
        event_id=event.event_id,
        task_id=event.task_id,
        attempt=event.attempt,
        event_type=event.event_type,
        occurred_at=event_time(event),
        body=storable(body_of(event)),
    )
    new, kept = row.excluded, TaskHistory
    is_earlier_upload = and_(
        kept.event_type == FileUploaded.event_type,
        tuple_(new.occurred_at, new.body) < tuple_(kept.occurred_at, kept.body),
    )
    changed = await connection.execute(
        row.on_conflict_do_update(
            index_elements=[kept.event_id],
            set_={"occurred_at": new.occurred_at, "body": new.body},
            where=is_earlier_upload,
        ).returning(kept.event_id)
    )
    return changed.first() is not None


async def remembered(connection: AsyncConnection, task_id: str) -> list[TaskEvent]:
    """Every event that is kept of the task, in no particular order."""
    rows = await connection.execute(
        select(TaskHistory.event_type, TaskHistory.body).where(TaskHistory.task_id == task_id)
    )
    return [_EVENTS[row.event_type].validate_python(row.body) for row in rows]


async def show(connection: AsyncConnection, projection: Projection) -> None:
    """Write the task's row and one row for each attempt, every column of each."""
    await _write(connection, IngestionTask, projection.task, key=("task_id",))
    for attempt in projection.attempts:
        await _write(connection, TaskAttempt, attempt, key=("task_id", "attempt"))


async def feed(connection: AsyncConnection, task_id: str) -> None:
    """Give every event of the task that has none a position in the feed, the earliest the lowest, and wake listeners.

    It has to be the last thing in the transaction: from here to the commit all other processes that feed wait. So
    positions become visible in their order, and a listener that goes on from the highest that it has seen misses none.
    """
    await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("projector:feed", 0))))
    is_fed = exists().where(EventFeed.event_id == TaskHistory.event_id)
    unfed = (
        select(TaskHistory.event_id, TaskHistory.task_id)
        .where(TaskHistory.task_id == task_id, ~is_fed)
        .order_by(TaskHistory.occurred_at, TaskHistory.event_id)
    )
    await connection.execute(insert(EventFeed).from_select(["event_id", "task_id"], unfed))
    await connection.execute(select(func.pg_notify(EVENT_FEED_CHANNEL, "")))


async def _write(
    connection: AsyncConnection, table: type[IngestionTask | TaskAttempt], row: Any, *, key: tuple[str, ...]
) -> None:
    values = {field.name: getattr(row, field.name) for field in dataclasses.fields(row)}
    others = {name: value for name, value in values.items() if name not in key}
    statement = insert(table).values(values).on_conflict_do_update(index_elements=key, set_=others)
    await connection.execute(statement)
