"""The list of tasks, page by page, from the projector's table; read-only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, func, literal, or_, select, tuple_

from services.gateway.callers import Caller
from services.gateway.status import LINKED
from services.gateway.task_pages import COLUMNS
from services.gateway.task_query import Cursor, TaskQuery
from services.gateway.visibility import visible_to
from shared.db.engine import Database
from shared.db.models import IngestionTask

_LEDGER_STATUS = "ledger_status"
_SUMMARY = (
    *(IngestionTask.__table__.c[name] for name in (*COLUMNS, *LINKED) if name != _LEDGER_STATUS),
    IngestionTask.ledger["status"].astext.label(_LEDGER_STATUS),
)
_PLACE = func.coalesce(IngestionTask.created_at, IngestionTask.completed_at)


class TaskListRows(Protocol):
    """The tasks that a caller may see, the newest first.

    A task's place is `created_at`, when it was accepted; for one of which only the end is known, `completed_at`. Both
    never change, so tasks that come while pages are read move none that was there: each is on one page. A task is
    listed once its place is known, which is moments after its 202.
    """

    async def page(self, caller: Caller, query: TaskQuery) -> list[Mapping[str, Any]]:
        """Rows after `query.after`, one more than `query.limit` if there are as many.

        They have what a summary shows (`task_pages.COLUMNS`), and what `links_of` asks for.

        Raises:
            DatabaseAwayError: it cannot be told.
        """


class PostgresTaskListRows:
    """The table in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, caller: Caller, query: TaskQuery) -> list[Mapping[str, Any]]:
        """See `TaskListRows.page`."""
        asking = (
            select(*_SUMMARY)
            .where(visible_to(caller), _PLACE.is_not(None), *_conditions(query))
            .order_by(_PLACE.desc(), IngestionTask.id.desc())
            .limit(query.limit + 1)
        )
        async with self._database.transaction() as connection:
            rows = (await connection.execute(asking)).all()
        return [dict(row._mapping) for row in rows]  # noqa: SLF001  # SQLAlchemy's public accessor


def place_of(row: Mapping[str, Any]) -> datetime:
    """A listed row's place in time."""
    place: datetime = row["created_at"] or row["completed_at"]
    return place


def cursor_of(row: Mapping[str, Any]) -> Cursor:
    """The cursor of the page that begins after this row."""
    return Cursor(place_of(row), row["task_id"])


def _conditions(query: TaskQuery) -> list[ColumnElement[bool]]:
    task, found = IngestionTask, []
    if query.datasource is not None:
        found.append(task.datasource_name == query.datasource)
    if query.statuses:
        found.append(task.status.in_([status.value for status in query.statuses]))
    if query.user is not None:
        found.append(task.user_id == query.user)
    if query.text is not None:
        columns = (task.original_filename, task.task_id, task.error_message)
        found.append(or_(*(column.icontains(query.text, autoescape=True) for column in columns)))
    if query.created_after is not None:
        found.append(query.created_after < _PLACE)
    if query.after is not None:
        found.append(tuple_(_PLACE, task.id) < tuple_(literal(query.after.at), literal(query.after.id)))
    return found
