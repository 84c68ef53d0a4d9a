"""What of an event is told to whoever may see its task: an allow-list of fields for each type. Pure.

Left out is what only services need of each other: keys and addresses of objects, digests and tags, the manifest of the
parts, the intervals and columns of a load (the task's spec has them), a plan's chunks (the task's document has them).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from shared.events import (
    TASK_EVENT_CLASSES,
    CommandName,
    DruidSubmitted,
    FileUploaded,
    FileValidated,
    TaskCommand,
    TaskStatus,
    TaskUpdated,
)

PUBLIC: Mapping[str, tuple[str, ...]] = {
    FileUploaded.event_type: (
        "original_filename",
        "user_id",
        "file_size",
        "sha256",
        "options",
        "contract_version",
    ),
    FileValidated.event_type: (
        "rows_read",
        "rows_accepted",
        "rows_rejected",
        "time_min",
        "time_max",
        "time_column",
        "file_size",
        "contract_version",
    ),
    DruidSubmitted.event_type: (
        "druid_task_id",
        "mode",
        "rows_read",
        "rows_accepted",
        "rows_rejected",
        "notices",
    ),
    TaskUpdated.event_type: (
        "reason",
        "rows_so_far",
        "problems",
        "ledger",
        "rows_read",
        "rows_rejected",
        "contract_version",
        "duplicate_of",
        "undone",
        "verified",
    ),
    TaskCommand.event_type: (
        "command",
        "reason",
        "rows",
        "records",
        "user_id",
        "undoes",
    ),
}
_TOLD = frozenset(name for names in PUBLIC.values() for name in names)
_NEEDED = frozenset({"status", "correction"})
UNTOLD = sorted({name for event in TASK_EVENT_CLASSES for name in event.model_fields} - _TOLD - _NEEDED)
"""The fields that no event tells: they need not be read."""

_STATUS: Mapping[str, TaskStatus] = {
    FileUploaded.event_type: TaskStatus.PENDING,
    FileValidated.event_type: TaskStatus.VALIDATED,
    DruidSubmitted.event_type: TaskStatus.SUBMITTED,
}


@dataclass(frozen=True)
class FedEvent:
    """An event at its place in the feed, beside what is known of its task.

    Args:
        position: its place; higher than that of every event that could be seen before it.
        event_id: its id, which no other event has.
        task_id: whose event it is.
        attempt: which attempt of the task.
        event_type: its type, as in `docs/events.md`.
        occurred_at: when it happened, aware.
        body: its fields; those of `UNTOLD` may be missing.
        tenant: the task's tenant.
        datasource_name: the task's datasource; None where it was never told.
        task_status: the state of the task when the event was read, which may be later than the event.
    """

    position: int
    event_id: uuid.UUID
    task_id: str
    attempt: int
    event_type: str
    occurred_at: datetime
    body: Mapping[str, Any]
    tenant: str
    datasource_name: str | None
    task_status: str

    @property
    def task_has_ended(self) -> bool:
        """Whether the task was at an end when the event was read."""
        return TaskStatus(self.task_status).is_end

    @cached_property
    def document(self) -> dict[str, Any]:
        """The event as JSON."""
        status = status_of(self.event_type, self.body)
        return {
            "id": str(self.position),
            "event_id": str(self.event_id),
            "type": self.event_type,
            "at": self.occurred_at.isoformat(),
            "task_id": self.task_id,
            "datasource_name": self.datasource_name,
            "attempt": self.attempt,
            "status": status.value if status else None,
            "data": words_of(self.event_type, self.body),
        }

    @cached_property
    def frame(self) -> bytes:
        """The event as one of a stream of Server-Sent Events; made once for all who listen."""
        told = json.dumps(self.document, ensure_ascii=False, separators=(",", ":"))
        return f"id: {self.position}\ndata: {told}\n\n".encode()


def words_of(event_type: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The public fields of an event that it says anything in; for a correction also `corrects`, its parent."""
    said = {name: body[name] for name in PUBLIC[event_type] if body.get(name) not in (None, [], {})}
    correction = body.get("correction")
    return said if not correction else {**said, "corrects": correction["parent_task_id"]}


def status_of(event_type: str, body: Mapping[str, Any]) -> TaskStatus | None:
    """The state that an event says its task is in; None for one that moves none: a waiver, a later count."""
    if event_type == TaskUpdated.event_type:
        return None if body.get("verified") else TaskStatus(body["status"])
    if event_type == TaskCommand.event_type:
        return TaskStatus.PENDING if body["command"] == CommandName.UNDO else None
    return _STATUS[event_type]
