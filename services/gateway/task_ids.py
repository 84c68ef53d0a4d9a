"""Task ids in addresses, which come from outside."""

from __future__ import annotations

from services.gateway.problems import ProblemError, ProblemKind
from shared import ids


def known_task(task_id: str) -> str:
    """The id, if it can be one.

    Raises:
        ProblemError: it cannot, so there is no such task.
    """
    try:
        ids.task_uuid_of(task_id)
    except ValueError as error:
        detail = f"That is no task id: {error}, like the task_id in the answer to an upload."
        raise ProblemError(ProblemKind.UNKNOWN_TASK, detail) from error
    return task_id
