"""The feed of events, as the projector has written it (`event_feed`); read-only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ARRAY, Row, Select, Text, func, literal, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB

from services.gateway.callers import Caller
from services.gateway.event_words import UNTOLD, FedEvent
from services.gateway.visibility import visible_to
from shared.db.engine import Database
from shared.db.models import EVENT_FEED_CHANNEL, EventFeed, IngestionTask, TaskHistory


@dataclass(frozen=True)
class Wanted:
    """Which events somebody listens to.

    Args:
        caller: who; only events of tasks that are there for this caller.
        task_id: of this task only.
        datasource: of tasks of this datasource only.
    """

    caller: Caller
    task_id: str | None = None
    datasource: str | None = None

    def has(self, event: FedEvent) -> bool:
        """Whether an event is among them."""
        return (
            self.task_id in {None, event.task_id}
            and self.datasource in {None, event.datasource_name}
            and self.caller.sees({"tenant": event.tenant, "datasource_name": event.datasource_name})
        )


class FeedRows(Protocol):
    """What is asked of the feed.

    Whoever sees a position sees every lower one too that there will ever be (decision 17): a reader that goes on from
    the last position that it has seen misses nothing. Each method may raise `DatabaseAwayError`, but `listen`.
    """

    async def latest(self) -> int:
        """The highest position; 0 while there is none."""

    async def since(self, position: int, limit: int) -> list[FedEvent]:
        """The first events of anybody after a position."""

    async def page(self, wanted: Wanted, position: int, limit: int) -> list[FedEvent]:
        """The first wanted events after a position."""

    async def listen(self, heard: Callable[[], None], stop: asyncio.Event) -> None:
        """Call `heard` soon after events were fed, until `stop`; it may be called for nothing, and miss some."""


class PostgresFeedRows:
    """The table in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def latest(self) -> int:
        """See `FeedRows.latest`."""
        asking = select(func.coalesce(func.max(EventFeed.position), 0))
        async with self._database.transaction() as connection:
            found: int = (await connection.execute(asking)).scalar_one()
        return found

    async def since(self, position: int, limit: int) -> list[FedEvent]:
        """See `FeedRows.since`."""
        return await self._events(_FED.where(EventFeed.position > position), limit)

    async def page(self, wanted: Wanted, position: int, limit: int) -> list[FedEvent]:
        """See `FeedRows.page`."""
        asking = _FED.where(EventFeed.position > position, visible_to(wanted.caller))
        if wanted.task_id is not None:
            asking = asking.where(EventFeed.task_id == wanted.task_id)
        if wanted.datasource is not None:
            asking = asking.where(IngestionTask.datasource_name == wanted.datasource)
        return await self._events(asking, limit)

    async def listen(self, heard: Callable[[], None], stop: asyncio.Event) -> None:
        """See `FeedRows.listen`."""
        await self._database.listen(EVENT_FEED_CHANNEL, heard, stop)

    async def _events(self, asking: Select[Any], limit: int) -> list[FedEvent]:
        ordered = asking.order_by(EventFeed.position).limit(limit)
        async with self._database.transaction() as connection:
            return [_event(row) for row in (await connection.execute(ordered)).all()]


_BODY = type_coerce(TaskHistory.body.op("-")(literal(UNTOLD, ARRAY(Text))), JSONB)
_FED = (
    select(
        EventFeed.position,
        EventFeed.event_id,
        EventFeed.task_id,
        TaskHistory.attempt,
        TaskHistory.event_type,
        TaskHistory.occurred_at,
        _BODY.label("body"),
        IngestionTask.tenant,
        IngestionTask.datasource_name,
        IngestionTask.status.label("task_status"),
    )
    .join(TaskHistory, TaskHistory.event_id == EventFeed.event_id)
    .join(IngestionTask, IngestionTask.task_id == EventFeed.task_id)
)


def _event(row: Row[Any]) -> FedEvent:
    return FedEvent(**row._mapping)  # noqa: SLF001  # SQLAlchemy's public accessor
