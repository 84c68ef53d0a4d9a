"""Looks a task up with its corrections, and with what was decided about them."""

from __future__ import annotations

from services.gateway.callers import Caller
from services.gateway.correcting import CorrectionPlan, Family, plan_correction
from services.gateway.decisions import DecisionRows
from services.gateway.rows import UploadRows
from services.gateway.status import TaskRows, found_task


class Families:
    """Tasks with their corrections, by the projector's tables and the gateway's own."""

    def __init__(self, tasks: TaskRows, uploads: UploadRows, decisions: DecisionRows) -> None:
        self._tasks = tasks
        self._uploads = uploads
        self._decisions = decisions

    async def of(self, task_id: str, caller: Caller) -> Family:
        """The family of a task.

        What was decided is looked up first: what the projector knows may be newer, never older, so a correction that is
        not among its rows has not ended.

        Raises:
            ProblemError: there is no such task.
            DatabaseAwayError: it cannot be told.
        """
        decided = await self._decisions.find(task_id)
        parent = await found_task(self._tasks, self._uploads, task_id, caller)
        return Family(parent, await self._tasks.corrections(task_id), decided)

    async def plan(self, task_id: str, caller: Caller) -> CorrectionPlan:
        """What a correction of the task has to say now; see `of` and `plan_correction`."""
        return plan_correction(await self.of(task_id, caller))
