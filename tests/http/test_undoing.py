"""Asking for a load to be taken back, over HTTP, with doubles for the tables."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from services.gateway.gap import gap_of, is_loaded
from shared import ids
from shared.events import CommandName, TaskCommand
from shared.storage.memory import InMemoryObjectStore
from tests.http.served import served
from tests.unit.gateway.doubles import NOW, InMemoryDecisionRows, InMemoryTaskRows, InMemoryUploadRows
from tests.unit.gateway.families_of import PARENT, child, task

UNDO = ids.undo_task_id(tenant="default", undoes=PARENT)


@dataclass
class Promises:
    """The outbox."""

    made: list[TaskCommand] = field(default_factory=list)

    async def promise(self, command: TaskCommand, *, traceparent: str | None) -> None:
        del traceparent
        self.made.append(command)


@dataclass
class Gateway:
    """The application, and what it looks at."""

    client: httpx.AsyncClient
    tasks: InMemoryTaskRows
    promises: Promises

    async def undo(self, task_id: str = PARENT, content: bytes = b"") -> httpx.Response:
        return await self.client.post(f"/api/ingest/tasks/{task_id}/undo", content=content)


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    store = InMemoryObjectStore()
    store.buckets["ingest"] = {}
    tasks, promises = InMemoryTaskRows(), Promises()
    async with served(
        store=store,
        upload_rows=InMemoryUploadRows(),
        task_rows=tasks,
        decision_rows=InMemoryDecisionRows(),
        undo_rows=promises,
    ) as client:
        yield Gateway(client, tasks, promises)


async def test_a_completed_load_is_asked_to_be_taken_back(gateway: Gateway) -> None:
    gateway.tasks.rows[PARENT] = task()
    answer = await gateway.undo(content=b'{"reason": "the wrong file", "user_id": "ann"}')
    assert answer.status_code == 202
    assert (answer.json()["task_id"], answer.json()["undoes"]) == (UNDO, PARENT)
    assert answer.headers["location"] == f"/api/ingest/status/{UNDO}"
    (command,) = gateway.promises.made
    assert (command.command, command.undoes, command.datasource_name) == (CommandName.UNDO, PARENT, "sales")
    assert (command.reason, command.user_id, command.issued_at) == ("the wrong file", "ann", NOW)


async def test_asking_again_is_the_same_task(gateway: Gateway) -> None:
    gateway.tasks.rows[PARENT] = task()
    first, second = await gateway.undo(), await gateway.undo()
    assert first.json()["task_id"] == second.json()["task_id"] == UNDO
    assert len({one.event_id for one in gateway.promises.made}) == 1
    gateway.tasks.rows[UNDO] = task(UNDO, undoes=PARENT, status="QUEUED")
    third = await gateway.undo()
    assert (third.json()["status"], third.headers["idempotent-replayed"]) == ("QUEUED", "true")
    assert len(gateway.promises.made) == 2


async def test_after_a_failed_one_there_is_a_new_task(gateway: Gateway) -> None:
    gateway.tasks.rows |= {PARENT: task(), UNDO: task(UNDO, undoes=PARENT, status="FAILED")}
    answer = await gateway.undo()
    assert answer.json()["task_id"] == ids.undo_task_id(tenant="default", undoes=PARENT, failed_before=1)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({PARENT: task(status="RUNNING")}, "is RUNNING"),
        ({PARENT: task(status="FAILED")}, "is FAILED"),
        ({PARENT: task(stop_after="plan")}, "has loaded nothing"),
        ({PARENT: task(undoes=UNDO)}, "itself"),
        ({PARENT: task(), UNDO: task(UNDO, undoes=PARENT)}, f"by task {UNDO}"),
    ],
)
async def test_where_there_is_no_load_there_is_a_409(gateway: Gateway, rows: dict[str, Any], words: str) -> None:
    gateway.tasks.rows |= rows
    answer = await gateway.undo()
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:ingest:problem:not-undoable")
    assert words in answer.json()["detail"]
    assert gateway.promises.made == []


async def test_an_unknown_task_is_404_and_an_unknown_field_422(gateway: Gateway) -> None:
    assert (await gateway.undo()).status_code == 404
    gateway.tasks.rows[PARENT] = task()
    assert (await gateway.undo(content=b'{"why": 1}')).status_code == 422


async def test_the_status_shows_who_has_taken_it_back(gateway: Gateway) -> None:
    gateway.tasks.rows[PARENT] = task(undone_by=UNDO)
    assert (await gateway.client.get(f"/api/ingest/status/{PARENT}")).json()["undone_by"] == UNDO


def test_rows_that_were_taken_back_are_neither_rejected_nor_corrected() -> None:
    assert gap_of(task(), [child(), child(undone_by=UNDO)]).corrected == 1
    assert gap_of(task(undone_by=UNDO), []).rejected == 0
    assert not is_loaded(task(stop_after="validation"))
    assert not is_loaded(task(UNDO, undoes=PARENT))


async def test_rows_of_a_load_that_was_taken_back_are_not_waived(gateway: Gateway) -> None:
    gateway.tasks.rows[PARENT] = task(undone_by=UNDO)
    body = '{"rows": "all", "reason": "x"}'
    answer = await gateway.client.post(f"/api/ingest/tasks/{PARENT}/waivers", content=body)
    assert answer.status_code == 409
    assert UNDO in answer.json()["detail"]
