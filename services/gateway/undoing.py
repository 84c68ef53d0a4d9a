"""Taking a load back: the request becomes a task of its own, which is commanded and followed like any other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from services.gateway.callers import Caller
from services.gateway.decisions import SOURCE
from services.gateway.gap import is_loaded
from services.gateway.json_forms import CommandForm, json_form
from services.gateway.problems import ProblemError, ProblemKind
from services.gateway.rows import UploadRows
from services.gateway.status import TaskRows, found_task
from shared import ids
from shared.db.engine import Database
from shared.events import CommandName, TaskCommand, TaskStatus
from shared.kafka.envelope import encode
from shared.outbox import promise
from shared.telemetry import logger, task_scope

_log = logger(__name__)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """The task that takes the load back; `replayed` when it was asked for before and is known already."""

    task_id: str
    status: str
    replayed: bool = False


class UndoRows(Protocol):
    """Where commands are promised. The method is a transaction and may raise `DatabaseAwayError`."""

    async def promise(self, command: TaskCommand, *, traceparent: str | None) -> None:
        """Keep the promise of a command."""


class PostgresUndoRows:
    """The outbox in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def promise(self, command: TaskCommand, *, traceparent: str | None) -> None:
        """See `UndoRows.promise`."""
        async with self._database.transaction() as connection:
            await promise(connection, encode(command, source=SOURCE, traceparent=traceparent))


class Undos:
    """The use case.

    Args:
        tasks: what is known of tasks.
        uploads: the gateway's own uploads, which the projector may not know yet.
        rows: where commands are promised.
        clock: the time, aware UTC.
        announce: called after a promise was committed.
    """

    def __init__(
        self,
        tasks: TaskRows,
        uploads: UploadRows,
        rows: UndoRows,
        *,
        clock: Callable[[], datetime],
        announce: Callable[[], None],
    ) -> None:
        self._tasks = tasks
        self._uploads = uploads
        self._rows = rows
        self._clock = clock
        self._announce = announce

    async def ask(self, task_id: str, body: bytes, *, caller: Caller, traceparent: str | None) -> Asked:
        """Ask for the load of a task to be taken back. The same request again is the same task, until it has failed.

        Raises:
            ProblemError: there is no such task, or no load of it.
            DatabaseAwayError: it may be asked for later.
        """
        form = json_form(body, CommandForm)
        with task_scope(task_id):
            task = await found_task(self._tasks, self._uploads, task_id, caller)
            undos = await self._tasks.undos(task_id)
            check(task, undos)
            failed = sum(TaskStatus(one["status"]).is_end for one in undos)
            undo_id = ids.undo_task_id(tenant=task["tenant"], undoes=task_id, failed_before=failed)
            known = next((one for one in undos if one["task_id"] == undo_id), None)
            if known is not None:
                return Asked(undo_id, known["status"], replayed=True)
            command = TaskCommand(
                task_id=undo_id,
                tenant=task["tenant"],
                command=CommandName.UNDO,
                issued_at=self._clock(),
                reason=form.reason,
                user_id=form.user_id,
                undoes=task_id,
                datasource_name=task["datasource_name"],
            )
            await self._rows.promise(command, traceparent=traceparent)
            self._announce()
            _log.info("undo_asked", undo=undo_id)
        return Asked(undo_id, TaskStatus.PENDING.value)


def check(task: Row, undos: Sequence[Row]) -> None:
    """Whether there is a load to take back.

    Raises:
        ProblemError: there is none; the detail says why.
    """
    task_id, status = task["task_id"], task["status"]
    done = next((one for one in undos if one["status"] == TaskStatus.COMPLETED), None)
    if task["undoes"]:
        detail = f"Task {task_id} took the load of {task['undoes']} back itself. Send that file again to have its rows."
    elif done is not None:
        detail = f"The load of task {task_id} was taken back before, by task {done['task_id']}."
    elif status != TaskStatus.COMPLETED:
        detail = f"Task {task_id} is {status}: what is taken back is a load that is COMPLETED."
    elif not is_loaded(task):
        detail = f"Task {task_id} has loaded nothing: it stopped after its {task['stop_after']}, as was asked."
    else:
        return
    raise ProblemError(ProblemKind.NOT_UNDOABLE, detail)
