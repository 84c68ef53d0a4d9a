"""Corrections and waivers over HTTP, with doubles for the tables."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from shared import ids
from shared.storage.memory import InMemoryObjectStore
from tests.http.served import problem, served
from tests.unit.gateway.doubles import InMemoryDecisionRows, InMemoryTaskRows, InMemoryUploadRows, in_chunks
from tests.unit.gateway.families_of import PARENT, child, task
from tests.unit.gateway.forms import CONTENT_TYPE, upload_form

ROWS = b'{"record": 3, "fields": {"time": "2026-01-01"}}\n'


class Gateway:
    """The application, and what it looks at."""

    def __init__(self, client: httpx.AsyncClient, rows: InMemoryUploadRows, tasks: InMemoryTaskRows) -> None:
        self.client = client
        self.rows = rows
        self.tasks = tasks
        self.decisions = rows.decisions

    async def correct(self, task_id: str = PARENT, *, key: str | None = None, **form: Any) -> httpx.Response:
        body = upload_form(**{"content": ROWS, "filename": "rejects.ndjson", "datasource": None, **form})
        headers = {"content-type": CONTENT_TYPE} | ({"idempotency-key": key} if key else {})
        path = f"/api/ingest/tasks/{task_id}/corrections"
        return await self.client.post(path, content=in_chunks(body), headers=headers)

    async def waive(self, rows: Any, task_id: str = PARENT, **more: Any) -> httpx.Response:
        body = {"rows": rows, "reason": "the sensor was off", **more}
        return await self.client.post(f"/api/ingest/tasks/{task_id}/waivers", content=json.dumps(body))

    async def status(self) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.client.get(f"/api/ingest/status/{PARENT}")).json()
        return answer


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    store = InMemoryObjectStore()
    store.buckets["ingest"] = {}
    decisions = InMemoryDecisionRows()
    rows, tasks = InMemoryUploadRows(decisions), InMemoryTaskRows()
    tasks.rows[PARENT] = task()
    async with served(store=store, upload_rows=rows, task_rows=tasks, decision_rows=decisions) as client:
        yield Gateway(client, rows, tasks)


@pytest.mark.parametrize(("of_parent", "pinned"), [(2, 2), (None, 0)])
async def test_a_contract_that_came_later_does_not_judge_a_correction(
    gateway: Gateway, of_parent: int | None, pinned: int
) -> None:
    gateway.tasks.rows[PARENT] = task(contract_version=of_parent)
    gateway.rows.contracts["sales"] = 3
    answer = await gateway.correct(key="one")
    assert (answer.status_code, answer.json()["contract_version"]) == (202, of_parent), answer.text
    assert [event.contract_version for event in gateway.rows.promised] == [pinned]
    again = await gateway.correct(key="one")
    assert (again.status_code, again.json()["contract_version"]) == (202, of_parent), again.text


async def test_a_correction_goes_where_its_parent_went(gateway: Gateway) -> None:
    answer = await gateway.correct(fields=[("user_id", "ann")])
    assert answer.status_code == 202, answer.text
    (event,) = gateway.rows.promised
    assert event.task_id == answer.json()["task_id"] != PARENT
    assert (event.datasource_name, event.user_id, event.options.mode) == ("sales", "ann", "append")
    assert event.correction is not None
    assert (event.correction.parent_task_id, event.correction.rows) == (PARENT, 3)
    status = (await gateway.client.get(answer.headers["location"])).json()
    assert (status["corrects"], status["corrections"]) == (PARENT, None)


async def test_a_second_correction_waits_for_the_first(gateway: Gateway) -> None:
    first = (await gateway.correct()).json()["task_id"]
    refused = problem(await gateway.correct(), 409, "correction-in-flight")
    assert first in refused["detail"]
    gateway.tasks.rows[first] = child(first)
    answer = await gateway.correct()
    assert answer.status_code == 202
    correction = gateway.rows.promised[-1].correction
    assert correction is not None
    assert (correction.rows, correction.completed) == (2, (first,))


async def test_of_two_that_arrive_at_the_same_time_one_is_accepted(gateway: Gateway) -> None:
    gateway.decisions.overtaken = 1
    refused = problem(await gateway.correct(), 409, "correction-in-flight")
    assert "accepted meanwhile" in refused["detail"]
    assert gateway.rows.promised == []


async def test_the_same_correction_again_gets_the_same_answer_whatever_became_of_it(gateway: Gateway) -> None:
    first = await gateway.correct(key="k1")
    gateway.tasks.rows[first.json()["task_id"]] = child(first.json()["task_id"], accepted=3)
    again = await gateway.correct(key="k1")
    assert (again.status_code, again.json()) == (202, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    assert len(gateway.rows.promised) == 1


async def test_a_key_stands_for_one_kind_of_upload(gateway: Gateway) -> None:
    await gateway.correct(key="k1")
    other = ids.fresh_task_id()
    gateway.tasks.rows[other] = task(other)
    problem(await gateway.correct(other, key="k1"), 422, "idempotency-key-reused")
    body = upload_form(ROWS, filename="rejects.ndjson", datasource="sales")
    headers = {"content-type": CONTENT_TYPE, "idempotency-key": "k1"}
    answer = await gateway.client.post("/api/ingest/upload", content=in_chunks(body), headers=headers)
    problem(answer, 422, "idempotency-key-reused")


@pytest.mark.parametrize(
    "field", ["datasource_name", "mode", "timestamp_column", "timestamp_format", "max_rejected_ratio"]
)
async def test_what_the_parent_has_said_is_not_said_again(gateway: Gateway, field: str) -> None:
    refused = problem(await gateway.correct(fields=[(field, "x")]), 422, "unknown-field")
    assert refused["field"] == field
    assert "user_id" in refused["detail"]


@pytest.mark.parametrize("what", ["corrections", "waivers"])
async def test_an_unknown_task_is_told(gateway: Gateway, what: str) -> None:
    for task_id in (ids.fresh_task_id(), "no-id"):
        answer = await (gateway.correct(task_id) if what == "corrections" else gateway.waive("all", task_id))
        problem(answer, 404, "unknown-task")


async def test_a_task_that_only_the_gateway_knows_yet_is_pending(gateway: Gateway) -> None:
    body = upload_form(b"time\n2026-01-01\n")
    accepted = await gateway.client.post("/api/ingest/upload", content=body, headers={"content-type": CONTENT_TYPE})
    refused = problem(await gateway.correct(accepted.json()["task_id"]), 409, "not-correctable")
    assert "is PENDING" in refused["detail"]


async def test_a_correction_is_not_corrected_itself(gateway: Gateway) -> None:
    child_id = (await gateway.correct()).json()["task_id"]
    assert PARENT in problem(await gateway.correct(child_id), 409, "not-correctable")["detail"]


async def test_waived_rows_close_the_gap(gateway: Gateway) -> None:
    answer = await gateway.waive([77, 3])
    assert (answer.status_code, answer.json()["rows_waived"]) == (202, 2)
    rest = await gateway.waive("all")
    assert (rest.status_code, rest.json()["rows_waived"]) == (202, 1)
    first, second = gateway.decisions.promised
    assert (first.command, first.rows, first.records, first.sequence) == ("waive", 2, "3,77", 0)
    assert (second.rows, second.records, second.sequence) == (1, None, 1)
    assert first.event_id != second.event_id
    problem(await gateway.correct(), 409, "not-correctable")


@pytest.mark.parametrize("rows", ["all", [3]])
async def test_the_same_waiver_again_waives_nothing_more(gateway: Gateway, rows: Any) -> None:
    await gateway.waive(rows)
    again = await gateway.waive(rows)
    assert (again.status_code, again.json()["rows_waived"]) == (200, 0)
    assert len(gateway.decisions.promised) == 1


async def test_a_waiver_that_was_overtaken_looks_again(gateway: Gateway) -> None:
    gateway.decisions.overtaken = 2
    assert (await gateway.waive("all")).status_code == 202
    gateway.decisions.overtaken = 9
    gateway.tasks.rows[PARENT] = task(rows_rejected=9)
    problem(await gateway.waive("all"), 409, "correction-in-flight")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"all",
        b"[]",
        b'{"rows": "all"}',
        b'{"rows": "some", "reason": "x"}',
        b'{"rows": [], "reason": "x"}',
        b'{"rows": [0], "reason": "x"}',
        b'{"rows": "all", "reason": ""}',
        b'{"rows": [1.5], "reason": "x"}',
        b'{"rows": [9223372036854775808], "reason": "x"}',
        b'{"rows": "all", "reason": "x", "row": 1}',
    ],
)
async def test_a_waiver_that_cannot_be_understood_says_what_was_expected(gateway: Gateway, body: bytes) -> None:
    answer = await gateway.client.post(f"/api/ingest/tasks/{PARENT}/waivers", content=body)
    assert "Send JSON such as" in problem(answer, 422, "invalid-field")["detail"]


async def test_a_waiver_has_a_largest_size(gateway: Gateway) -> None:
    answer = await gateway.client.post(f"/api/ingest/tasks/{PARENT}/waivers", content=b"x" * 300_000)
    problem(answer, 413, "too-large")


async def test_the_status_shows_the_gap_and_the_corrections(gateway: Gateway) -> None:
    gateway.tasks.rows[PARENT] = task(rows_waived=1)
    gateway.tasks.rows["x"] = child()
    shown = await gateway.status()
    assert {name: value for name, value in shown["corrections"].items() if name != "children"} == {
        "rejected": 3,
        "corrected": 1,
        "waived": 1,
        "gap": 1,
    }
    (one,) = shown["corrections"]["children"]
    assert (one["status"], one["rows_accepted"]) == ("COMPLETED", 1)
    assert shown["corrects"] is None
    assert not {"rejected_records", "corrected_records", "waived_records", "rows_waived"} & set(shown)
