"""Cancelling a task, trying it again, counting its rows again: the request becomes a command, promised in the outbox.

A command's event id is made of task, attempt, command and sequence, so the same request again is the same command.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import Field

from services.gateway.allowing import Row, allow_cancel, allow_retry, allow_verify, start_of
from services.gateway.callers import Caller
from services.gateway.command_rows import CommandRows
from services.gateway.history import HistoryRows
from services.gateway.json_forms import CommandForm, json_form
from services.gateway.problems import ProblemError, ProblemKind
from services.gateway.rows import UploadRows
from services.gateway.status import TaskRows, found_task
from shared.events import CommandName, Stage, TaskCommand
from shared.telemetry import logger, task_scope

_log = logger(__name__)


class RetryForm(CommandForm):
    """The body of a retry: `from` says where the new attempt begins."""

    start_from: Stage | None = Field(default=None, alias="from")


@dataclass(frozen=True)
class Given:
    """A command that will be carried out; `attempt` is the attempt that it makes or is about."""

    command: TaskCommand
    attempt: int
    replayed: bool


class Commanding:
    """The use case.

    Args:
        tasks: what is known of tasks.
        uploads: the gateway's own uploads, which the projector may not know yet.
        history: what is remembered of tasks.
        rows: where commands are kept.
        clock: the time, aware UTC.
        announce: called after a promise was committed.
    """

    def __init__(  # what it looks at, each told once, where it is put together
        self,
        tasks: TaskRows,
        uploads: UploadRows,
        history: HistoryRows,
        rows: CommandRows,
        *,
        clock: Callable[[], datetime],
        announce: Callable[[], None],
    ) -> None:
        self._tasks = tasks
        self._uploads = uploads
        self._history = history
        self._rows = rows
        self._clock = clock
        self._announce = announce

    async def give(
        self, name: CommandName, task_id: str, body: bytes, *, caller: Caller, traceparent: str | None
    ) -> Given:
        """Promise `cancel`, `retry` or `verify`.

        Raises:
            ProblemError: the request cannot be understood, there is no such task, or its state does not allow it.
            DatabaseAwayError: it may be promised later.
        """
        form = json_form(body, RetryForm if name is CommandName.RETRY else CommandForm)
        with task_scope(task_id):
            task = await found_task(self._tasks, self._uploads, task_id, caller)
            command = TaskCommand(
                task_id=task_id,
                tenant=task["tenant"],
                attempt=task["attempt"],
                command=name,
                issued_at=self._clock(),
                reason=form.reason,
                user_id=form.user_id,
                **await self._particulars(name, task, form),
            )
            kept = await self._rows.give(command, traceparent=traceparent)
            self._announce()
            if kept.command.start_from is not command.start_from:
                raise _in_flight(kept.command)
            _log.info("command_given", command=name.value, attempt=command.attempt, replayed=kept.replayed)
        made = command.attempt + 1 if name is CommandName.RETRY else command.attempt
        return Given(kept.command, made, kept.replayed)

    async def _particulars(self, name: CommandName, task: Row, form: CommandForm) -> dict[str, Any]:
        """What else the command says, once it is certain that it is allowed."""
        task_id, attempt = task["task_id"], task["attempt"]
        if isinstance(form, RetryForm):
            allow_retry(task)
            run_id = await self._history.run_of(task_id, attempt)
            start = start_of(task, form.start_from, run_id)
            return {"start_from": start, "run_id": run_id if start is Stage.SUBMISSION else None}
        if name is CommandName.VERIFY:
            allow_verify(task)
            # One that is not answered yet is the same as this one.
            return {"sequence": await self._history.counts_of(task_id, attempt) + 1}
        allow_cancel(task)
        return {}


def _in_flight(first: TaskCommand) -> ProblemError:
    start = first.start_from.value if first.start_from else "validation"
    detail = f"Task {first.task_id} is being tried again already, from {start}: wait for what becomes of it."
    return ProblemError(ProblemKind.RETRY_IN_FLIGHT, detail)
