"""What Druid itself says of the task of a first attempt."""

from __future__ import annotations

import time
from typing import Any

from shared.druid import row_stats
from tests.e2e.installation import END_SECONDS, Installation

LOOK_SECONDS = 0.025


def await_reading(installation: Installation, task_id: str, *, at_least: int) -> int:
    """Wait until Druid has read so many rows of a load; how many they are."""
    deadline = time.monotonic() + END_SECONDS
    while (rows := rows_read(installation, task_id)) < at_least:
        assert time.monotonic() < deadline, f"Druid has read {rows} rows"
        time.sleep(LOOK_SECONDS)
    return rows


def rows_read(installation: Installation, task_id: str) -> int:
    answer = installation.druid.get(f"/druid/indexer/v1/task/ingest_{task_id}_1/reports")
    stats = row_stats(answer.json()) if answer.is_success else None
    return stats.processed if stats else 0


def await_success(installation: Installation, task_id: str) -> None:
    deadline = time.monotonic() + END_SECONDS
    while status_in_druid(installation, task_id) != "SUCCESS":
        assert time.monotonic() < deadline
        time.sleep(LOOK_SECONDS)


def status_in_druid(installation: Installation, task_id: str) -> str | None:
    """What Druid calls the first attempt's task; None when it does not know it."""
    druid_task_id = f"ingest_{task_id}_1"
    answer = installation.druid.post("/druid/indexer/v1/taskStatus", json=[druid_task_id]).raise_for_status()
    told: dict[str, Any] = answer.json()
    return told[druid_task_id]["status"] if druid_task_id in told else None
