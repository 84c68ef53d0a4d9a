"""The spec of a task over HTTP: it comes from the object store as it is, or the answer says why there is none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from shared import ids
from shared.events import TaskStatus
from shared.storage.memory import InMemoryObjectStore
from tests.http.served import problem, served
from tests.unit.gateway.doubles import InMemoryTaskRows, InMemoryUploadRows
from tests.unit.gateway.families_of import PARENT, task

KEY = f"specs/{PARENT}/2.json"
PAGE = f"/api/ingest/tasks/{PARENT}/spec"
BODY = '{"type":"index_parallel","id":"Größe"}'.encode()


class Gateway:
    """The application, and what it looks at."""

    def __init__(self) -> None:
        self.store = InMemoryObjectStore()
        self.store.buckets["ingest"] = {}
        self.tasks = InMemoryTaskRows()
        self.client = httpx.AsyncClient()

    def shows(self, status: str, **changes: Any) -> None:
        self.tasks.rows[PARENT] = task(status=status, **changes)


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    made = Gateway()
    await made.client.aclose()
    async with served(store=made.store, upload_rows=InMemoryUploadRows(), task_rows=made.tasks) as client:
        made.client = client
        yield made


async def test_it_is_answered_byte_for_byte(gateway: Gateway) -> None:
    gateway.shows("RUNNING", attempt=2, spec_key=KEY)
    gateway.store.buckets["ingest"][KEY] = BODY
    answer = await gateway.client.get(PAGE)
    assert (answer.status_code, answer.content) == (200, BODY)
    assert answer.headers["content-type"] == "application/json"


async def test_the_status_links_to_it_where_there_is_one(gateway: Gateway) -> None:
    where = f"/api/ingest/status/{PARENT}"
    gateway.shows("QUEUED")
    assert "spec" not in (await gateway.client.get(where)).json()["links"]
    gateway.shows("RUNNING", spec_key=KEY)
    assert (await gateway.client.get(where)).json()["links"]["spec"] == PAGE


@pytest.mark.parametrize("status", list(TaskStatus))
async def test_a_task_that_has_none_says_why(gateway: Gateway, status: TaskStatus) -> None:
    gateway.shows(status)
    detail = problem(await gateway.client.get(PAGE), 409, "no-spec")["detail"]
    assert (PARENT in detail, status in detail) == (True, True)
    assert ("Ask again" in detail) is not status.is_end


async def test_an_undo_has_none(gateway: Gateway) -> None:
    gateway.shows("COMPLETED", undoes="another")
    assert "load of task another back" in problem(await gateway.client.get(PAGE), 409, "no-spec")["detail"]


async def test_one_that_was_removed_is_told(gateway: Gateway) -> None:
    gateway.shows("COMPLETED", spec_key=KEY)
    assert KEY in problem(await gateway.client.get(PAGE), 409, "no-spec")["detail"]


async def test_a_task_that_nobody_knows_is_not_found(gateway: Gateway) -> None:
    for task_id in (ids.fresh_task_id(), "nonsense"):
        problem(await gateway.client.get(f"/api/ingest/tasks/{task_id}/spec"), 404, "unknown-task")


async def test_a_store_that_is_away_is_told(gateway: Gateway) -> None:
    gateway.shows("COMPLETED", spec_key=KEY)
    gateway.store.away = True
    answer = await gateway.client.get(PAGE)
    problem(answer, 503, "storage-away")
    assert answer.headers["retry-after"] == "5"
