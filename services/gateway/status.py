"""The read side: a task as the projector's table has it, or as the gateway accepted it until the projector knows it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from services.gateway.callers import Caller
from services.gateway.gap import gap_of
from services.gateway.problems import ProblemError, ProblemKind
from services.gateway.rows import FoundUpload, UploadRows, UploadState
from shared import ids
from shared.db.engine import Database
from shared.db.models import IngestionTask
from shared.events import Ledger, LoadMode, TaskStatus

STATUS_PATH = "/api/ingest/status/"
TASKS_PATH = "/api/ingest/tasks/"

_LEDGER_FIELDS = tuple(Ledger.model_fields)
_ROW_COUNTS = ("rows_read", "rows_accepted", "rows_rejected")
_IN_WORDS_OF_THEIR_OWN = {"tenant", "ledger", "rejected_records", "corrected_records", "rows_waived", "waived_records"}
_SHOWN = tuple(
    column.name
    for column in IngestionTask.__table__.columns
    if column.name not in {*_IN_WORDS_OF_THEIR_OWN, *_ROW_COUNTS}
)


# The pages that lead to what was made of a task, each with the column that says whether it is there.
_MADE = {"spec": "spec_key", "report": "report_key", "problems": "rejects_key", "rejects": "rejects_key"}
LINKED = tuple(dict.fromkeys(_MADE.values()))

_UNDO = aliased(IngestionTask)
_UNDONE_BY = (
    select(func.min(_UNDO.task_id))
    .where(_UNDO.undoes == IngestionTask.task_id, _UNDO.status == TaskStatus.COMPLETED.value)
    .scalar_subquery()
)
_TASKS = select(IngestionTask.__table__, _UNDONE_BY.label("undone_by"))


class TaskRows(Protocol):
    """What the projector knows; a row has `undone_by` too, the task that has taken its load back."""

    async def find(self, task_id: str) -> Mapping[str, Any] | None:
        """The row of `ingestion_tasks`, or None."""

    async def corrections(self, task_id: str) -> list[Mapping[str, Any]]:
        """The rows of all corrections of the task, the oldest first."""

    async def undos(self, task_id: str) -> list[Mapping[str, Any]]:
        """The rows of all tasks that were to take the task's load back, the oldest first."""


class PostgresTaskRows:
    """The projector's table, read-only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, task_id: str) -> Mapping[str, Any] | None:
        """See `TaskRows.find`."""
        asking = _TASKS.where(IngestionTask.task_id == task_id)
        async with self._database.transaction() as connection:
            row = (await connection.execute(asking)).one_or_none()
        return None if row is None else dict(row._mapping)  # noqa: SLF001  # SQLAlchemy's public accessor

    async def corrections(self, task_id: str) -> list[Mapping[str, Any]]:
        """See `TaskRows.corrections`."""
        return await self._all(IngestionTask.corrects == task_id)

    async def undos(self, task_id: str) -> list[Mapping[str, Any]]:
        """See `TaskRows.undos`."""
        return await self._all(IngestionTask.undoes == task_id)

    async def _all(self, condition: ColumnElement[bool]) -> list[Mapping[str, Any]]:
        asking = _TASKS.where(condition).order_by(IngestionTask.created_at, IngestionTask.id)
        async with self._database.transaction() as connection:
            rows = (await connection.execute(asking)).all()
        return [dict(row._mapping) for row in rows]  # noqa: SLF001  # SQLAlchemy's public accessor


async def task_document(tasks: TaskRows, uploads: UploadRows, task_id: str, caller: Caller) -> dict[str, Any]:
    """The task as JSON.

    Raises:
        ProblemError: there is none for this caller.
        DatabaseAwayError: it cannot be told.
    """
    row = await found_task(tasks, uploads, task_id, caller)
    corrected = row["rows_rejected"] and not row["corrects"]
    return document_of(row, await tasks.corrections(task_id) if corrected else ())


async def found_task(tasks: TaskRows, uploads: UploadRows, task_id: str, caller: Caller) -> Mapping[str, Any]:
    """The task's row; see `task_row`.

    Raises:
        ProblemError: there is none for this caller.
        DatabaseAwayError: it cannot be told.
    """
    row = await task_row(tasks, uploads, task_id, caller)
    if row is None:
        raise ProblemError(ProblemKind.UNKNOWN_TASK, f"No task {task_id} was ever accepted here.")
    return row


async def task_row(tasks: TaskRows, uploads: UploadRows, task_id: str, caller: Caller) -> Mapping[str, Any] | None:
    """The task's row, or the one that the projector will write first; None if there is none for this caller.

    Raises:
        DatabaseAwayError: it cannot be told.
    """
    row = await tasks.find(task_id)
    if row is None:
        found = await uploads.find(task_id)
        row = None if found is None or found.state is not UploadState.STORED else row_of(found)
    return row if row is not None and caller.sees(row) else None


def row_of(found: FoundUpload) -> dict[str, Any]:
    """The row that the projector will write first for this upload."""
    return dict.fromkeys(column.name for column in IngestionTask.__table__.columns) | {
        "id": ids.task_uuid_of(found.upload.task_id),
        "task_id": found.upload.task_id,
        "tenant": found.upload.tenant,
        "user_id": found.user_id,
        "datasource_name": found.datasource_name,
        "original_filename": found.upload.original_filename,
        "file_uri": found.upload.file_uri,
        "status": TaskStatus.PENDING.value,
        "attempt": 1,
        "created_at": found.stored_at,
        "updated_at": found.stored_at,
        "file_size": found.file_size,
        "mode": found.options.get("mode", LoadMode.APPEND.value),
        "contract_version": found.contract_version or None,
        "corrects": found.corrects,
    }


def document_of(row: Mapping[str, Any], children: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """The answer: every column, the ledger with what is known of it so far, its gap, and where to look."""
    ledger = {name: row[name] if name in _ROW_COUNTS else None for name in _LEDGER_FIELDS} | dict(row["ledger"] or {})
    return {
        **{name: _plain(row[name]) for name in _SHOWN},
        "undone_by": row.get("undone_by"),
        "notices": notices_of(row),
        "ledger": ledger,
        "corrections": corrections_of(row, children),
        "links": links_of(row),
    }


def notices_of(row: Mapping[str, Any]) -> list[Any]:
    """How the file differs from what its datasource has: of a load that was sent, or in a plan."""
    sent = [notice for state in row["states"] or () for notice in state.get("notices", ())]
    return sent or list((row["plan"] or {}).get("notices", ()))


def links_of(row: Mapping[str, Any]) -> dict[str, str]:
    """Where the task can be looked at, what has happened to it, and what was made of it as far as it is there."""
    where = TASKS_PATH + row["task_id"]
    made = {name: f"{where}/{name}" for name, key in _MADE.items() if row[key]}
    return {"status": STATUS_PATH + row["task_id"], "events": f"{where}/events", **made}


def corrections_of(row: Mapping[str, Any], children: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """What became of the rejected rows; None for a correction, whose rejected rows stay in the gap of its parent."""
    if row["corrects"]:
        return None
    gap = gap_of(row, children)
    return {
        "rejected": gap.rejected,
        "corrected": gap.corrected,
        "waived": gap.waived,
        "gap": gap.rows,
        "children": [
            {
                **{name: _plain(child[name]) for name in ("task_id", "status", "rows_accepted", "rows_rejected")},
                "created_at": _plain(child["created_at"]),
            }
            for child in children
        ],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, uuid.UUID) else value
