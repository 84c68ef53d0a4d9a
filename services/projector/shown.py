"""What is shown of a task: the columns of the projector's tables."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class TaskRow:
    """The columns of `ingestion_tasks`."""

    id: uuid.UUID
    task_id: str
    tenant: str
    user_id: str | None
    datasource_name: str | None
    original_filename: str | None
    file_uri: str | None
    status: str
    status_reason: str | None
    attempt: int
    druid_task_id: str | None
    created_at: datetime | None
    updated_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    error_message: str | None
    validation_errors: list[Any] | None
    file_size: int | None
    row_count: int | None
    mode: str | None
    rows_read: int | None
    rows_accepted: int | None
    rows_rejected: int | None
    rows_so_far: int | None
    ledger: dict[str, Any] | None
    report_key: str | None
    rejects_key: str | None
    time_min: datetime | None
    time_max: datetime | None
    states: list[dict[str, Any]]
    contract_version: int | None
    corrects: str | None
    rejected_records: str | None
    corrected_records: str | None
    rows_waived: int | None
    waived_records: str | None
    stop_after: str | None
    plan: dict[str, Any] | None
    spec_key: str | None
    duplicate_of: str | None
    undoes: str | None
    undone: dict[str, Any] | None
    verified: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class AttemptRow:
    """The columns of `task_attempts`."""

    task_id: str
    attempt: int
    status: str
    druid_task_id: str | None
    started_at: datetime | None
    ended_at: datetime | None
    error_message: str | None
    ledger: dict[str, Any] | None


@dataclass(frozen=True)
class Projection:
    """All that is shown of a task; the attempts in ascending order."""

    task: TaskRow
    attempts: tuple[AttemptRow, ...]
