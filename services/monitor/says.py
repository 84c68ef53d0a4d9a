"""The events of the monitor, made from what it was told and what it found; pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.druid import DruidWait
from shared.events import CommandName, DruidSubmitted, Ledger, Problem, TaskCommand, TaskStatus, TaskUpdated

Said = TaskUpdated | TaskCommand

CANCELLED = "cancelled"


_WAITING = {
    DruidWait.LOCK: "lock: Druid waits until no other task holds the time that is loaded",
    DruidWait.SLOT: "slot: Druid waits for a free worker",
}


def waiting(event: DruidSubmitted, waits_for: DruidWait, *, occurred_at: datetime) -> TaskUpdated:
    """Druid has the load and has not begun; each reason is said once, in the order in which Druid has them."""
    sequence = 1 + list(_WAITING).index(waits_for)
    return _update(event, TaskStatus.SUBMITTED, occurred_at, sequence=sequence, reason=_WAITING[waits_for])


def running(event: DruidSubmitted, *, occurred_at: datetime, sequence: int, rows: int | None) -> TaskUpdated:
    """Druid reads rows; `sequence` numbers the reports of one attempt."""
    return _update(event, TaskStatus.RUNNING, occurred_at, sequence=sequence, rows_so_far=rows)


def loading(event: DruidSubmitted, *, occurred_at: datetime) -> TaskUpdated:
    """Druid says SUCCESS; whether the rows can be queried is not known yet."""
    return _update(event, TaskStatus.LOADING, occurred_at)


def completed(event: DruidSubmitted, *, occurred_at: datetime, ledger: Ledger) -> TaskUpdated:
    """Every row is accounted for."""
    return _update(event, TaskStatus.COMPLETED, occurred_at, ledger=ledger)


def failed(event: DruidSubmitted, *, occurred_at: datetime, ledger: Ledger, problem: Problem) -> TaskUpdated:
    """The rows are not all there."""
    return _update(event, TaskStatus.FAILED, occurred_at, ledger=ledger, problems=(problem,))


def cancelled(event: DruidSubmitted, *, occurred_at: datetime, ledger: Ledger, problem: Problem | None) -> TaskUpdated:
    """Somebody has cancelled it, and Druid has ended it; `problem` is about rows that have got in all the same."""
    reason, problems = (CANCELLED, ()) if problem is None else (problem.code, (problem,))
    return _update(event, TaskStatus.CANCELLED, occurred_at, ledger=ledger, reason=reason, problems=problems)


def verified(command: TaskCommand, *, occurred_at: datetime, ledger: Ledger) -> TaskUpdated:
    """The rows of a finished task were counted again, for the `sequence`-th time."""
    return TaskUpdated(
        task_id=command.task_id,
        tenant=command.tenant,
        attempt=command.attempt,
        status=TaskStatus.COMPLETED,
        sequence=command.sequence,
        occurred_at=occurred_at,
        verified=ledger,
    )


def repost(event: DruidSubmitted, *, issued_at: datetime, sequence: int) -> TaskCommand:
    """Ask the submitter to post the same bytes again: Druid has lost the task and none of its rows are there."""
    return TaskCommand(
        task_id=event.task_id,
        tenant=event.tenant,
        attempt=event.attempt,
        command=CommandName.REPOST,
        issued_at=issued_at,
        sequence=sequence,
        reason="Druid does not know the task and has none of its rows",
    )


def _update(event: DruidSubmitted, status: TaskStatus, occurred_at: datetime, **more: Any) -> TaskUpdated:
    return TaskUpdated(
        task_id=event.task_id,
        tenant=event.tenant,
        attempt=event.attempt,
        status=status,
        occurred_at=occurred_at,
        **more,
    )
