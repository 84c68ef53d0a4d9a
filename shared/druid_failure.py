"""What Druid keeps of why a task failed, read from its report and from its list of tasks.

A task's status holds the first and the last 500 characters of a Java stack, which leaves the cause out; a load with
sub-tasks says only the phase in which one of them failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_LONGEST = 4_000
_OF_A_SUB_TASK = "Failed in phase["


def failure_in(report: Mapping[str, Any]) -> str | None:
    """The error of a report with every cause, then what it says of the rows it shows; one a line, no stack.

    Args:
        report: the body of `GET …/task/{id}/reports`.

    Returns:
        At most 4,000 characters; None when the report tells of no error.
    """
    payload = (report.get("ingestionStatsAndErrors") or {}).get("payload") or {}
    lines = without_stack(payload.get("errorMsg") or "")
    if not lines:
        return None
    for events in (payload.get("unparseableEvents") or {}).values():
        lines += [" ".join(str(detail).split()) for event in events or () for detail in event.get("details") or ()]
    return "\n".join(lines)[:_LONGEST]


def without_stack(message: str) -> list[str]:
    """The lines of a Java error that are no frames of its stack."""
    return [line.rstrip() for line in message.splitlines() if line.strip() and not line.startswith("\t")]


def is_of_a_sub_task(failure: str | None) -> bool:
    """Whether the reason is to be looked for in the load's sub-tasks."""
    return failure is None or failure.startswith(_OF_A_SUB_TASK)


def failed_sub_task(tasks: Iterable[Mapping[str, Any]], druid_task_id: str) -> Mapping[str, Any] | None:
    """The first sub-task of a load that failed with a message, out of Druid's list of tasks."""
    mine = (one for one in tasks if one.get("groupId") == druid_task_id != one.get("id"))
    failed = [one for one in mine if one.get("statusCode") == "FAILED" and one.get("errorMsg")]
    return min(failed, key=lambda one: str(one.get("createdTime")), default=None)
