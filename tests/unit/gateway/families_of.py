"""Tasks and their corrections as the projector would show them."""

from __future__ import annotations

from typing import Any

from shared import ids
from shared.db.models import IngestionTask
from tests.unit.gateway.doubles import NOW

PARENT = ids.idempotent_task_id(tenant="default", idempotency_key="parent")
CHILD = ids.idempotent_task_id(tenant="default", idempotency_key="child")


def task(task_id: str = PARENT, **changes: Any) -> dict[str, Any]:
    """A row of `ingestion_tasks`: COMPLETED with the rejected records 3, 77 and 78, unless it is said otherwise."""
    return dict.fromkeys(column.name for column in IngestionTask.__table__.columns) | {
        "id": ids.task_uuid_of(task_id),
        "task_id": task_id,
        "tenant": "default",
        "attempt": 1,
        "datasource_name": "sales",
        "status": "COMPLETED",
        "rows_read": 100,
        "rows_accepted": 97,
        "rows_rejected": 3,
        "rejected_records": "3,77-78",
        "created_at": NOW,
        **changes,
    }


def child(task_id: str = CHILD, *, accepted: int = 1, **changes: Any) -> dict[str, Any]:
    """A correction of it, COMPLETED with record 3, unless it is said otherwise."""
    said = {"corrects": PARENT, "rows_accepted": accepted, "rows_rejected": 0, "corrected_records": "3"}
    return task(task_id, **{**said, **changes})
