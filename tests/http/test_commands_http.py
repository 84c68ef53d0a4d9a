"""Cancelling, trying again and counting again over HTTP, with doubles for the tables."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from shared import ids
from shared.events import CommandName, Stage, TaskStatus
from shared.storage.memory import InMemoryObjectStore
from tests.http.served import problem, served
from tests.unit.gateway.doubles import (
    NOW,
    InMemoryCommandRows,
    InMemoryHistoryRows,
    InMemoryTaskRows,
    InMemoryUploadRows,
)
from tests.unit.gateway.families_of import PARENT, child, task

ENDS = [status for status in TaskStatus if status.is_end]
UNDER_WAY = [status for status in TaskStatus if not status.is_end]
LEDGER = {"status": "RECONCILED"}


class Gateway:
    """The application, and what it looks at."""

    def __init__(self, client: httpx.AsyncClient, tasks: InMemoryTaskRows) -> None:
        self.client = client
        self.tasks = tasks
        self.commands = InMemoryCommandRows()
        self.history = InMemoryHistoryRows()

    def shows(self, status: str, **changes: Any) -> None:
        self.tasks.rows[PARENT] = task(status=status, **changes)

    async def say(self, command: str, body: Any = None, task_id: str = PARENT) -> httpx.Response:
        content = None if body is None else json.dumps(body)
        return await self.client.post(f"/api/ingest/tasks/{task_id}/{command}", content=content)


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    store = InMemoryObjectStore()
    store.buckets["ingest"] = {}
    made = Gateway(httpx.AsyncClient(), InMemoryTaskRows())
    await made.client.aclose()
    async with served(
        store=store,
        upload_rows=InMemoryUploadRows(),
        task_rows=made.tasks,
        command_rows=made.commands,
        history_rows=made.history,
    ) as client:
        made.client = client
        yield made


@pytest.mark.parametrize("status", UNDER_WAY)
async def test_whatever_is_under_way_can_be_cancelled(gateway: Gateway, status: str) -> None:
    gateway.shows(status, attempt=2)
    answer = await gateway.say("cancel", {"reason": "the wrong file", "user_id": "ann"})
    assert answer.status_code == 202, answer.text
    where = f"/api/ingest/status/{PARENT}"
    assert answer.json() == {"task_id": PARENT, "command": "cancel", "attempt": 2, "links": {"status": where}}
    assert (answer.headers["location"], "idempotent-replayed" in answer.headers) == (where, False)
    (event,) = gateway.commands.promised
    assert (event.command, event.attempt, event.sequence) == (CommandName.CANCEL, 2, 0)
    assert (event.reason, event.user_id, event.issued_at) == ("the wrong file", "ann", NOW)


@pytest.mark.parametrize("status", ENDS)
async def test_what_has_ended_cannot_be_cancelled(gateway: Gateway, status: str) -> None:
    gateway.shows(status)
    found = problem(await gateway.say("cancel"), 409, "not-cancellable")
    assert status in found["detail"]
    assert gateway.commands.promised == []


async def test_the_same_command_again_is_the_same_command(gateway: Gateway) -> None:
    gateway.shows("RUNNING")
    first, again = await gateway.say("cancel"), await gateway.say("cancel", {"reason": "really"})
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.headers["idempotent-replayed"] == "true"
    assert len({event.event_id for event in gateway.commands.promised}) == 1
    assert [event.reason for event in gateway.commands.promised] == [None, None]


@pytest.mark.parametrize("status", ["FAILED", "REJECTED", "CANCELLED"])
async def test_what_has_failed_is_tried_again_from_the_rows_that_were_handed_on(gateway: Gateway, status: str) -> None:
    gateway.shows(status, attempt=3)
    gateway.history.runs[PARENT, 3] = "run-3"
    answer = await gateway.say("retry")
    assert answer.status_code == 202, answer.text
    assert (answer.json()["attempt"], answer.json()["from"]) == (4, "submission")
    (event,) = gateway.commands.promised
    assert (event.attempt, event.start_from, event.run_id) == (3, Stage.SUBMISSION, "run-3")


async def test_without_a_verdict_a_retry_begins_with_the_validation(gateway: Gateway) -> None:
    gateway.shows("REJECTED", attempt=2)
    gateway.history.runs[PARENT, 1] = "of an earlier attempt"
    assert (await gateway.say("retry")).json()["from"] == "validation"
    (event,) = gateway.commands.promised
    assert (event.start_from, event.run_id) == (Stage.VALIDATION, None)


async def test_a_retry_begins_where_it_is_wanted_to(gateway: Gateway) -> None:
    gateway.shows("FAILED")
    gateway.history.runs[PARENT, 1] = "run"
    assert (await gateway.say("retry", {"from": "validation"})).json()["from"] == "validation"
    assert gateway.commands.promised[0].run_id is None


async def test_what_was_never_handed_on_cannot_be_submitted(gateway: Gateway) -> None:
    gateway.shows("REJECTED")
    found = problem(await gateway.say("retry", {"from": "submission"}), 409, "not-retryable")
    assert (found["field"], "from validation" in found["detail"]) == ("from", True)


async def test_of_two_retries_the_first_stands(gateway: Gateway) -> None:
    gateway.shows("FAILED")
    gateway.history.runs[PARENT, 1] = "run"
    await gateway.say("retry", {"from": "validation"})
    found = problem(await gateway.say("retry", {"from": "submission"}), 409, "retry-in-flight")
    assert "from validation" in found["detail"]
    assert {event.start_from for event in gateway.commands.promised} == {Stage.VALIDATION}


@pytest.mark.parametrize("status", [*UNDER_WAY, TaskStatus.COMPLETED, TaskStatus.SUPERSEDED])
async def test_only_what_has_failed_is_tried_again(gateway: Gateway, status: str) -> None:
    gateway.shows(status)
    assert status in problem(await gateway.say("retry"), 409, "not-retryable")["detail"]
    assert gateway.commands.promised == []


async def test_a_correction_is_sent_again_and_not_tried_again(gateway: Gateway) -> None:
    """Its parent's gap may be smaller by now, and another correction on its way."""
    failed = child(status="FAILED")
    gateway.tasks.rows[failed["task_id"]] = failed
    found = problem(await gateway.say("retry", task_id=failed["task_id"]), 409, "not-retryable")
    assert PARENT in found["detail"]


@pytest.mark.parametrize(("command", "status"), [("cancel", "RUNNING"), ("retry", "FAILED")])
async def test_an_undo_is_neither_cancelled_nor_tried_again(gateway: Gateway, command: str, status: str) -> None:
    gateway.shows(status, undoes="another")
    assert "another" in (await gateway.say(command)).json()["detail"]
    assert gateway.commands.promised == []


async def test_counts_are_numbered_from_one(gateway: Gateway) -> None:
    gateway.shows("COMPLETED", ledger=LEDGER)
    answer = await gateway.say("verify")
    again = await gateway.say("verify")
    assert (answer.status_code, again.headers["idempotent-replayed"]) == (202, "true")
    gateway.history.counts[PARENT, 1] = 1
    await gateway.say("verify")
    assert [event.sequence for event in gateway.commands.promised] == [1, 1, 2]


@pytest.mark.parametrize(
    ("status", "ledger"),
    [(one, LEDGER) for one in TaskStatus if one is not TaskStatus.COMPLETED] + [("COMPLETED", None)],
)
async def test_only_what_was_loaded_is_counted_again(gateway: Gateway, status: str, ledger: Any) -> None:
    gateway.shows(status, ledger=ledger)
    problem(await gateway.say("verify"), 409, "not-verifiable")
    assert gateway.commands.promised == []


@pytest.mark.parametrize("command", ["cancel", "retry", "verify"])
async def test_a_task_that_nobody_knows_is_not_found(gateway: Gateway, command: str) -> None:
    problem(await gateway.say(command, task_id=ids.fresh_task_id()), 404, "unknown-task")
    problem(await gateway.say(command, task_id="nonsense"), 404, "unknown-task")


@pytest.mark.parametrize(
    ("command", "body", "field"),
    [
        ("retry", {"from": "druid"}, "from"),
        ("retry", {"start_from": "validation"}, "start_from"),
        ("cancel", {"from": "validation"}, "from"),
        ("verify", {"reason": ""}, "reason"),
        ("cancel", [], None),
    ],
)
async def test_a_body_that_is_no_such_form_is_refused(
    gateway: Gateway, command: str, body: Any, field: str | None
) -> None:
    gateway.shows("FAILED" if command == "retry" else "COMPLETED" if command == "verify" else "RUNNING", ledger=LEDGER)
    found = problem(await gateway.say(command, body), 422, "invalid-field")
    assert found.get("field") == field
    assert "reason" in found["detail"]
    assert gateway.commands.promised == []
