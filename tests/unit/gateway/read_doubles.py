"""Stand-ins for what the gateway reads of the projector's tables: the list of tasks, and the feed of events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from services.gateway.callers import Caller
from services.gateway.event_words import FedEvent
from services.gateway.feed_rows import Wanted
from services.gateway.status import LINKED
from services.gateway.task_list import place_of
from services.gateway.task_pages import COLUMNS
from services.gateway.task_query import TaskQuery
from services.projector.projection import can_be_told, project
from services.projector.shown import TaskRow
from shared.db.engine import DatabaseAwayError
from shared.events import TaskEvent, body_of, event_time


class InMemoryTaskListRows:
    """Lists the rows that another double shows."""

    def __init__(self, rows: dict[str, Mapping[str, Any]]) -> None:
        self.rows = rows

    async def page(self, caller: Caller, query: TaskQuery) -> list[Mapping[str, Any]]:
        listed = [row for row in self.rows.values() if caller.sees(row) and _is_asked_for(row, query)]
        listed.sort(key=lambda row: (place_of(row), row["id"]), reverse=True)
        if query.after is not None:
            last = (query.after.at, query.after.id)
            listed = [row for row in listed if (place_of(row), row["id"]) < last]
        return [_in_short(row) for row in listed[: query.limit + 1]]


def _in_short(row: Mapping[str, Any]) -> dict[str, Any]:
    told = {**row, "ledger_status": (row["ledger"] or {}).get("status")}
    return {name: told[name] for name in (*COLUMNS, *LINKED)}


def _is_asked_for(row: Mapping[str, Any], query: TaskQuery) -> bool:
    texts = (row["original_filename"], row["task_id"], row["error_message"])
    return (
        (row["created_at"] or row["completed_at"]) is not None
        and query.datasource in {None, row["datasource_name"]}
        and (not query.statuses or row["status"] in query.statuses)
        and query.user in {None, row["user_id"]}
        and (query.text is None or any(query.text.lower() in (text or "").lower() for text in texts))
        and (query.created_after is None or place_of(row) > query.created_after)
    )


class InMemoryFeedRows:
    """The feed of what was told to it. `away`: questions that fail; `asked`: how often anything was asked."""

    def __init__(self) -> None:
        self.away = 0
        self.asked = 0
        self._known: dict[str, dict[UUID, TaskEvent]] = {}
        self._tasks: dict[str, TaskRow] = {}
        self._fed: dict[UUID, TaskEvent] = {}
        self._heard: set[Callable[[], None]] = set()

    async def tell(self, event: TaskEvent) -> None:
        """What the projector does with an event."""
        known = self._known.setdefault(event.task_id, {})
        known.setdefault(event.event_id, event)
        task = self._tasks[event.task_id] = project(event.task_id, known.values()).task
        if can_be_told(task):
            unfed = [one for event_id, one in known.items() if event_id not in self._fed]
            unfed.sort(key=lambda one: (event_time(one), one.event_id))
            self._fed |= {one.event_id: one for one in unfed}
        for heard in self._heard:
            heard()

    async def latest(self) -> int:
        return len(self._answer())

    async def since(self, position: int, limit: int) -> list[FedEvent]:
        return [event for event in self._answer() if event.position > position][:limit]

    async def page(self, wanted: Wanted, position: int, limit: int) -> list[FedEvent]:
        return [event for event in self._answer() if event.position > position and wanted.has(event)][:limit]

    async def listen(self, heard: Callable[[], None], stop: asyncio.Event) -> None:
        self._heard.add(heard)
        heard()
        await stop.wait()
        self._heard.discard(heard)

    def _answer(self) -> list[FedEvent]:
        self.asked += 1
        if self.away:
            self.away -= 1
            raise DatabaseAwayError
        return [self._read(position, event) for position, event in enumerate(self._fed.values(), start=1)]

    def _read(self, position: int, event: TaskEvent) -> FedEvent:
        task = self._tasks[event.task_id]
        return FedEvent(
            position=position,
            event_id=event.event_id,
            task_id=event.task_id,
            attempt=event.attempt,
            event_type=event.event_type,
            occurred_at=event_time(event),
            body=body_of(event),
            tenant=task.tenant,
            datasource_name=task.datasource_name,
            task_status=task.status,
        )
