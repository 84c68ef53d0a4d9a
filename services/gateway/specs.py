"""What Druid was asked for: the spec of a task, as the submitter kept it in the object store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.gateway.callers import Caller
from services.gateway.problems import ProblemError, ProblemKind
from services.gateway.rows import UploadRows
from services.gateway.status import TaskRows, found_task
from shared.events import TaskStatus
from shared.storage.port import ObjectNotFoundError, ObjectStore


class Specs:
    """The use case.

    Args:
        tasks: what is known of tasks.
        uploads: the gateway's own uploads, which the projector may not know yet.
        store: where the specs are.
    """

    def __init__(self, tasks: TaskRows, uploads: UploadRows, store: ObjectStore) -> None:
        self._tasks = tasks
        self._uploads = uploads
        self._store = store

    async def read(self, task_id: str, caller: Caller) -> bytes:
        """The spec of the task's latest attempt, as JSON; some KiB, as large as its columns and parts are many.

        Raises:
            ProblemError: there is no such task, or it has no spec; the detail says why.
            DatabaseAwayError, StorageAwayError, StorageRefusedError: it cannot be told now.
        """
        task = await found_task(self._tasks, self._uploads, task_id, caller)
        if task["spec_key"] is None:
            raise ProblemError(ProblemKind.NO_SPEC, f"Task {task_id} {why_none(task)}")
        try:
            return b"".join([piece async for piece in self._store.read(task["spec_key"])])
        except ObjectNotFoundError as error:
            detail = f"The spec of task {task_id} is no longer in the object store, where it was {task['spec_key']!r}."
            raise ProblemError(ProblemKind.NO_SPEC, detail) from error


def why_none(task: Mapping[str, Any]) -> str:
    """Why a task has no spec, as the end of a sentence that begins with the task. Pure."""
    status = TaskStatus(task["status"])
    if task["undoes"]:
        return f"takes the load of task {task['undoes']} back: it sends no rows to Druid, so it has no spec."
    if not status.is_end:
        return f"is {status}: its spec is made when its load is sent to Druid. Ask again once it is SUBMITTED."
    if status is TaskStatus.COMPLETED:
        return "is COMPLETED without one: nothing was sent to Druid for this attempt, or by a release that kept none."
    return (
        f"is {status}: nothing was sent to Druid for it, so no spec was kept. Its `error_message` says what happened."
    )
