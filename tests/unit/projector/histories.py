"""Events of one task, single and as whole histories, for the projector's tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from shared import ids
from shared.events import (
    Column,
    CommandName,
    DruidSubmitted,
    FileUploaded,
    FileValidated,
    Ledger,
    LedgerStatus,
    LoadMode,
    LoadOptions,
    Part,
    Problem,
    TaskCommand,
    TaskEvent,
    TaskStatus,
    TaskUpdated,
)

START = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
TASK = ids.idempotent_task_id(tenant="default", idempotency_key="projector")
RECONCILED = Ledger(
    status=LedgerStatus.RECONCILED,
    rows_read=1000,
    rows_accepted=993,
    rows_rejected=7,
    rows_processed=993,
    rows_counted=993,
    query="SELECT COUNT(*) …",
    counted_at=START + timedelta(seconds=59),
)
PROBLEM = Problem(code="no_timestamp", message="no column holds times", detail={"columns": ["a", "b"]})


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def uploaded(task_id: str = TASK, **changes: Any) -> FileUploaded:
    fields: dict[str, Any] = {
        "datasource_name": "flights",
        "file_uri": f"s3://ingest/uploads/{task_id}.csv",
        "accepted_at": at(0),
        "original_filename": "flights.csv",
        "user_id": "ada",
        "file_size": 4096,
        "options": LoadOptions(mode=LoadMode.REPLACE),
    }
    return FileUploaded(task_id=task_id, **{**fields, **changes})


def validated(task_id: str = TASK, **changes: Any) -> FileValidated:
    fields: dict[str, Any] = {
        "datasource_name": "flights",
        "accepted_at": at(0),
        "options": LoadOptions(),
        "run_id": "run1",
        "bucket": "ingest",
        "parts": (Part(key="validated/part-00000.json.gz", rows=993, bytes=10, sha256="0" * 64),),
        "columns": (Column(name="a", type="long", source_name="a"),),
        "rows_read": 1000,
        "rows_accepted": 993,
        "rows_rejected": 7,
        "time_min": at(-3600),
        "time_max": at(-60),
        "time_column": "time",
        "file_size": 4097,
        "report_key": "reports/run1.json",
        "rejects_key": "rejected/run1.ndjson.gz",
        "started_at": at(1),
        "finished_at": at(2),
    }
    return FileValidated(task_id=task_id, **{**fields, **changes})


def submitted(task_id: str = TASK, **changes: Any) -> DruidSubmitted:
    fields: dict[str, Any] = {
        "datasource_name": "flights",
        "druid_task_id": ids.druid_task_id(task_id=task_id, attempt=changes.get("attempt", 1)),
        "spec_hash": "0" * 64,
        "intervals": (),
        "rows_read": 1000,
        "rows_accepted": 993,
        "rows_rejected": 7,
        "submitted_at": at(4),
    }
    return DruidSubmitted(task_id=task_id, **{**fields, **changes})


def updated(status: TaskStatus, seconds: float, task_id: str = TASK, **changes: Any) -> TaskUpdated:
    return TaskUpdated(task_id=task_id, status=status, occurred_at=at(seconds), **changes)


def waived(task_id: str = TASK, *, rows: int, records: str | None = None, **changes: Any) -> TaskCommand:
    fields: dict[str, Any] = {"command": CommandName.WAIVE, "issued_at": at(90), "reason": "the sensor was off"}
    return TaskCommand(task_id=task_id, rows=rows, records=records, **{**fields, **changes})


def loaded(task_id: str = TASK) -> list[TaskEvent]:
    """A load that went well, in the order of its steps."""
    return [
        uploaded(task_id),
        updated(TaskStatus.VALIDATING, 1, task_id),
        validated(task_id),
        updated(TaskStatus.QUEUED, 3, task_id, reason="order"),
        submitted(task_id),
        updated(TaskStatus.RUNNING, 5, task_id, rows_so_far=100),
        updated(TaskStatus.RUNNING, 6, task_id, sequence=1, rows_so_far=900),
        updated(TaskStatus.LOADING, 7, task_id),
        updated(TaskStatus.COMPLETED, 60, task_id, ledger=RECONCILED),
    ]


def _seconds() -> st.SearchStrategy[float]:
    return st.integers(0, 10).map(float)


def _updates(task_id: str) -> st.SearchStrategy[TaskEvent]:
    return st.builds(
        lambda status, seconds, **fields: updated(status, seconds, task_id, **fields),
        st.sampled_from(TaskStatus),
        _seconds(),
        attempt=st.integers(1, 3),
        sequence=st.integers(0, 2),
        reason=st.sampled_from([None, "order", "lock"]),
        rows_so_far=st.sampled_from([None, 0, 5]),
        problems=st.sampled_from([(), (PROBLEM,)]),
        ledger=st.sampled_from([None, RECONCILED]),
        rows_read=st.sampled_from([None, 1000]),
        report_key=st.sampled_from([None, "reports/rejected.json"]),
        contract_version=st.sampled_from([None, 1, 2]),
    )


def _others(task_id: str) -> st.SearchStrategy[TaskEvent]:
    makers: list[Callable[[int, float], TaskEvent]] = [
        lambda attempt, seconds: uploaded(task_id, attempt=attempt, accepted_at=at(seconds)),
        lambda attempt, seconds: uploaded(task_id, attempt=attempt, accepted_at=at(seconds), contract_version=3),
        lambda attempt, seconds: validated(task_id, attempt=attempt, finished_at=at(seconds)),
        lambda attempt, seconds: submitted(task_id, attempt=attempt, submitted_at=at(seconds)),
        lambda attempt, seconds: waived(task_id, rows=attempt, records=f"{attempt}", issued_at=at(seconds)),
        lambda attempt, seconds: waived(task_id, rows=9, sequence=attempt, issued_at=at(seconds)),
    ]
    return st.builds(
        lambda make, attempt, seconds: make(attempt, seconds),
        st.sampled_from(makers),
        st.integers(1, 3),
        _seconds(),
    )


def histories(task_id: str = TASK) -> st.SearchStrategy[list[TaskEvent]]:
    """Any events of a task, likely and unlikely ones, each id once: what the topics can hold."""
    return st.lists(
        st.one_of(_updates(task_id), _others(task_id)), min_size=1, max_size=14, unique_by=lambda event: event.event_id
    ).filter(lambda events: any(not isinstance(event, TaskCommand) for event in events))
