from __future__ import annotations

from typing import Any

import pytest

from services.gateway.event_words import PUBLIC, UNTOLD, words_of
from shared.events import TASK_EVENT_CLASSES, TaskEvent

# What is told beside `data`, what moves into it under another name, and what nobody is told. A new field of an event
# belongs either here or into `PUBLIC`.
BESIDE = {"task_id", "tenant", "attempt", "datasource_name", "status", "correction"}
INTERNAL = {
    "accepted_at", "bucket", "columns", "corrected_records", "count_metric", "etag", "file_uri", "finished_at",
    "intervals", "issued_at", "loading", "occurred_at", "parts", "plan", "proof_by", "rejected_records", "rejects_key",
    "report_key", "rows_before", "rows_by_time", "run_id", "sequence", "source_sha256", "spec_hash", "spec_key",
    "start_from", "started_at", "submitted_at",
}  # fmt: skip


@pytest.mark.parametrize("event", TASK_EVENT_CLASSES)
def test_of_each_field_is_decided_who_may_know_it(event: type[TaskEvent]) -> None:
    fields = set(event.model_fields)
    undecided = fields - set(PUBLIC[event.event_type]) - BESIDE - INTERNAL - {"options"}
    assert undecided == set()
    assert set(PUBLIC[event.event_type]) <= fields
    assert not set(PUBLIC[event.event_type]) & INTERNAL


def test_what_nobody_is_told_is_not_even_read() -> None:
    assert set(UNTOLD) == INTERNAL | {"task_id", "tenant", "attempt", "datasource_name"}


def test_empty_words_are_left_out() -> None:
    body: dict[str, Any] = {"status": "FAILED", "problems": [], "reason": None, "rows_so_far": 0}
    assert words_of("ingest.task.updated.v1", body) == {"rows_so_far": 0}
