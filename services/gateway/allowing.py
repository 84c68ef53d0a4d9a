"""May a task be cancelled, tried again or counted again now? Pure: decided on its row as the projector shows it.

What is allowed here may have become impossible when the command is read: then it changes nothing. So these answers are
for people; the services that carry commands out have rules of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.gateway.problems import ProblemError, ProblemKind
from shared.events import Stage, TaskStatus

Row = Mapping[str, Any]
RETRYABLE = frozenset({TaskStatus.FAILED, TaskStatus.REJECTED, TaskStatus.CANCELLED})


def allow_cancel(task: Row) -> None:
    """Raises `ProblemError` with the reason when the task cannot be cancelled."""
    task_id, status = task["task_id"], TaskStatus(task["status"])
    if status.is_end:
        detail = f"Task {task_id} is {status}: only what is under way can be cancelled."
        raise ProblemError(ProblemKind.NOT_CANCELLABLE, detail)
    if task["undoes"]:
        detail = f"Task {task_id} takes the load of task {task['undoes']} back, which is not stopped half-way."
        raise ProblemError(ProblemKind.NOT_CANCELLABLE, detail)


def allow_retry(task: Row) -> None:
    """Raises `ProblemError` with the reason when the task cannot be tried again."""
    task_id, status = task["task_id"], TaskStatus(task["status"])
    if not status.is_end:
        detail = f"Task {task_id} is {status}: it can be tried again once it has ended. Cancel it first, or wait."
        raise ProblemError(ProblemKind.NOT_RETRYABLE, detail)
    if status not in RETRYABLE:
        detail = f"Task {task_id} is {status}: there is nothing to try again. Upload the file to load it once more."
        raise ProblemError(ProblemKind.NOT_RETRYABLE, detail)
    if task["undoes"]:
        detail = f"Task {task_id} was to take a load back. Ask for that again: undo task {task['undoes']}."
        raise ProblemError(ProblemKind.NOT_RETRYABLE, detail)
    if task["corrects"]:
        # By now the gap may be smaller than it was told, and another correction may be on its way.
        detail = f"Task {task_id} is a correction. Send its rows again as a new correction of task {task['corrects']}."
        raise ProblemError(ProblemKind.NOT_RETRYABLE, detail)


def allow_verify(task: Row) -> None:
    """Raises `ProblemError` with the reason when there is nothing to count again."""
    task_id, status = task["task_id"], TaskStatus(task["status"])
    if status is not TaskStatus.COMPLETED:
        detail = f"Task {task_id} is {status}: rows are counted again once it is COMPLETED."
        raise ProblemError(ProblemKind.NOT_VERIFIABLE, detail)
    if not task["ledger"]:
        detail = f"Task {task_id} has loaded nothing, so there is nothing to count."
        raise ProblemError(ProblemKind.NOT_VERIFIABLE, detail)


def start_of(task: Row, wanted: Stage | None, run_id: str | None) -> Stage:
    """Where a retry begins; `run_id` is the run of its attempt whose parts can be loaded, None without one.

    Raises:
        ProblemError: it cannot begin where it is wanted to.
    """
    if run_id is None and wanted is Stage.SUBMISSION:
        detail = (
            f"No rows of task {task['task_id']} were handed on, so nothing can be submitted: retry from validation."
        )
        raise ProblemError(ProblemKind.NOT_RETRYABLE, detail, field="from")
    return wanted or (Stage.VALIDATION if run_id is None else Stage.SUBMISSION)
