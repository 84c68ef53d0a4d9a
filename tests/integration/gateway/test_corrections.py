"""Corrections and waivers through real gateways, on the tables that the projector has written."""

from __future__ import annotations

import asyncio
import dataclasses
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from services.projector.projection import project
from shared import ids
from shared.db.engine import Database
from shared.db.models import IngestionTask, OutboxRow, Upload
from shared.events import Correction, TaskEvent, TaskStatus
from tests.integration.gateway.conftest import Process, Start
from tests.unit.projector.histories import loaded, updated, uploaded, validated, waived

ROWS = b'{"record": 3, "fields": ["2024-01-01", "1"]}\n'


async def show(database: Database, task_id: str, events: list[TaskEvent]) -> None:
    """What the projector does with events."""
    row = dataclasses.asdict(project(task_id, events).task)
    async with database.transaction() as connection:
        await connection.execute(
            insert(IngestionTask).values(row).on_conflict_do_update(index_elements=["task_id"], set_=row)
        )


@pytest_asyncio.fixture
async def parent(database: Database) -> str:
    """A COMPLETED task of 1,000 rows with 7 rejected ones."""
    task_id = ids.fresh_task_id()
    await show(
        database, task_id, [*loaded(task_id)[:2], validated(task_id, rejected_records="1-7"), *loaded(task_id)[3:]]
    )
    return task_id


def correct(gateway: Process, task_id: str, **headers: str) -> httpx.Response:
    files = {"file": ("rejects.ndjson", ROWS)}
    path = f"/api/ingest/tasks/{task_id}/corrections"
    return gateway.client.post(path, files=files, headers={"Idempotency-Key": ids.fresh_task_id(), **headers})


def waive(gateway: Process, task_id: str, rows: Any) -> httpx.Response:
    body = {"rows": rows, "reason": "the sensor was off"}
    return gateway.client.post(f"/api/ingest/tasks/{task_id}/waivers", json=body)


def corrections(gateway: Process, task_id: str) -> dict[str, Any]:
    found: dict[str, Any] = gateway.client.get(f"/api/ingest/status/{task_id}").json()["corrections"]
    return found


async def test_of_many_requests_at_two_gateways_one_is_accepted(start: Start, parent: str, database: Database) -> None:
    gateways = [start(), start()]
    with ThreadPoolExecutor(8) as threads:
        answers = await asyncio.gather(
            *(asyncio.wrap_future(threads.submit(correct, gateways[n % 2], parent)) for n in range(8))
        )
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [202] + [409] * 7, [answer.text for answer in answers]
    assert {one.json()["type"] for one in answers if one.status_code == 409} == {
        "urn:ingest:problem:correction-in-flight"
    }
    async with database.transaction() as connection:
        stored = await connection.execute(select(Upload.task_id).where(Upload.corrects == parent))
        assert len(stored.all()) == 1


async def test_the_gap_closes_by_corrections_and_waivers(gateway: Process, parent: str, database: Database) -> None:
    assert corrections(gateway, parent) == {"rejected": 7, "corrected": 0, "waived": 0, "gap": 7, "children": []}
    child = correct(gateway, parent).json()["task_id"]
    correction = Correction(parent_task_id=parent, rows=7)
    begun = uploaded(child, correction=correction)
    await show(database, child, [begun])
    assert correct(gateway, parent).status_code == 409
    good = validated(child, rows_read=4, rows_accepted=4, rows_rejected=0, corrected_records="1-4")
    await show(database, child, [begun, good, updated(TaskStatus.COMPLETED, 60, child)])
    shown = corrections(gateway, parent)
    assert (shown["corrected"], shown["gap"]) == (4, 3)
    assert [(one["task_id"], one["status"]) for one in shown["children"]] == [(child, "COMPLETED")]
    assert waive(gateway, parent, [4]).json()["type"] == "urn:ingest:problem:not-waivable"
    assert waive(gateway, parent, [5, 6]).json()["rows_waived"] == 2
    assert waive(gateway, parent, "all").json()["rows_waived"] == 1
    assert waive(gateway, parent, "all").status_code == 200
    told = [waived(parent, rows=2, records="5-6"), waived(parent, rows=1, sequence=1)]
    await show(database, parent, [*loaded(parent), *told])
    assert corrections(gateway, parent)["gap"] == 0
    assert correct(gateway, parent).json()["type"] == "urn:ingest:problem:not-correctable"


async def test_a_gateway_that_dies_after_the_commit_has_accepted_the_correction(
    start: Start, parent: str, database: Database
) -> None:
    dying = start(INGEST_FAILPOINT="G5")
    with pytest.raises(httpx.TransportError):
        correct(dying, parent, **{"Idempotency-Key": f"again-{parent}"})
    again = correct(start(), parent, **{"Idempotency-Key": f"again-{parent}"})
    assert (again.status_code, again.headers["idempotent-replayed"]) == (202, "true")
    async with database.transaction() as connection:
        stored = await connection.execute(select(Upload.task_id).where(Upload.corrects == parent))
        assert stored.scalars().all() == [again.json()["task_id"]]


async def test_a_gateway_that_dies_before_the_commit_has_left_the_way_free(
    start: Start, parent: str, database: Database
) -> None:
    dying = start(INGEST_FAILPOINT="G3")
    with pytest.raises(httpx.TransportError):
        correct(dying, parent)
    gateway = start()
    accepted = correct(gateway, parent)
    assert accepted.status_code == 202
    async with database.transaction() as connection:
        promised = await connection.execute(select(OutboxRow.key).where(OutboxRow.key == accepted.json()["task_id"]))
        assert len(promised.all()) <= 1  # the relay may have kept the promise already
