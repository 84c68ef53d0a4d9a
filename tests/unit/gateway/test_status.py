from __future__ import annotations

import json
from typing import Any

import pytest

from services.gateway.callers import ANYBODY
from services.gateway.problems import ProblemError
from services.gateway.status import document_of, row_of, task_document
from shared import ids
from shared.db.models import IngestionTask
from shared.events import Ledger, LedgerStatus
from tests.unit.gateway.doubles import NOW, InMemoryTaskRows, InMemoryUploadRows
from tests.unit.gateway.rows_suite import begun, event_of

SEED_COLUMNS = {
    "id", "task_id", "user_id", "datasource_name", "original_filename", "file_uri", "status", "druid_task_id",
    "created_at", "updated_at", "started_at", "completed_at", "error_message", "validation_errors", "file_size",
    "row_count",
}  # fmt: skip


async def stored(uploads: InMemoryUploadRows) -> str:
    claim = await begun(uploads)
    await uploads.store(claim, event_of(claim.upload), traceparent=None)
    return claim.upload.task_id


async def test_accepted_task_is_pending_before_the_projector_knows_it() -> None:
    uploads = InMemoryUploadRows()
    task_id = await stored(uploads)
    document = await task_document(InMemoryTaskRows(), uploads, task_id, ANYBODY)
    assert document is not None
    assert set(document) >= SEED_COLUMNS | {"status_reason", "attempt", "mode", "ledger", "rows_so_far", "links"}
    assert (document["status"], document["task_id"], document["mode"]) == ("PENDING", task_id, "replace")
    assert document["id"] == str(ids.task_uuid_of(task_id))
    assert document["created_at"] == NOW.isoformat()
    assert document["ledger"] == dict.fromkeys(Ledger.model_fields)
    where = {"status": f"/api/ingest/status/{task_id}", "events": f"/api/ingest/tasks/{task_id}/events"}
    assert document["links"] == where
    json.dumps(document)


async def test_projector_knows_better() -> None:
    uploads, tasks = InMemoryUploadRows(), InMemoryTaskRows()
    task_id = await stored(uploads)
    found = uploads.rows[task_id]
    ledger = Ledger(
        status=LedgerStatus.RECONCILED, rows_read=10, rows_accepted=9, rows_rejected=1, rows_counted=9, query="SELECT"
    )
    tasks.rows[task_id] = row_of(found) | {
        "status": "COMPLETED", "rows_read": 10, "rows_accepted": 9, "rows_rejected": 1, "ledger": ledger.model_dump(),
    }  # fmt: skip
    document = await task_document(tasks, uploads, task_id, ANYBODY)
    assert document is not None
    assert document["status"] == "COMPLETED"
    assert document["ledger"]["status"] == "RECONCILED"
    assert document["ledger"]["rows_counted"] == 9


def test_counts_are_told_before_the_ledger_is_closed() -> None:
    row: dict[str, Any] = dict.fromkeys(IngestionTask.__table__.columns.keys()) | {
        "task_id": "x",
        "rows_read": 3,
        "rows_accepted": 2,
        "rows_rejected": 1,
        "status": "RUNNING",
    }
    ledger = document_of(row)["ledger"]
    assert (ledger["rows_read"], ledger["rows_accepted"], ledger["rows_rejected"]) == (3, 2, 1)
    assert ledger["status"] is None


NOTICE = {"code": "live_type", "message": "`x` is …", "detail": {}}


@pytest.mark.parametrize(
    ("states", "plan", "told"),
    [
        (None, None, []),
        ([{"status": "PENDING"}], {"token": "a"}, []),
        ([{"status": "PENDING"}, {"status": "SUBMITTED", "notices": [NOTICE]}], None, [NOTICE]),
        ([{"status": "COMPLETED"}], {"token": "a", "notices": [NOTICE]}, [NOTICE]),
    ],
)
def test_what_was_noticed_is_told_of_a_load_and_of_a_plan(
    states: list[Any] | None, plan: dict[str, Any] | None, told: list[Any]
) -> None:
    row: dict[str, Any] = dict.fromkeys(IngestionTask.__table__.columns.keys())
    assert document_of(row | {"task_id": "x", "states": states, "plan": plan})["notices"] == told


async def test_upload_that_was_not_accepted_is_no_task() -> None:
    uploads = InMemoryUploadRows()
    claim = await begun(uploads)
    for task_id in (claim.upload.task_id, ids.fresh_task_id()):
        with pytest.raises(ProblemError, match="unknown-task"):
            await task_document(InMemoryTaskRows(), uploads, task_id, ANYBODY)
    await uploads.store(claim, event_of(claim.upload), traceparent=None)
    document = await task_document(InMemoryTaskRows(), uploads, claim.upload.task_id, ANYBODY)
    assert document["task_id"] == claim.upload.task_id
