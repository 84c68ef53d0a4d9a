"""Tasks over HTTP, one and many, with doubles for the projector's tables."""

from __future__ import annotations

import asyncio
import csv
import io
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from services.gateway.callers import ANYBODY
from services.gateway.hub import Hub
from services.gateway.task_reading import TaskReading
from shared import ids
from shared.events import TaskStatus
from tests.http.served import problem, served
from tests.unit.gateway.doubles import NOW, InMemoryTaskRows, InMemoryUploadRows
from tests.unit.gateway.families_of import PARENT, task
from tests.unit.gateway.read_doubles import InMemoryFeedRows, InMemoryTaskListRows
from tests.unit.projector.histories import updated, uploaded

LIST = "/api/ingest/tasks"
STATUS = f"/api/ingest/status/{PARENT}"
TASK = f"/api/ingest/tasks/{PARENT}"
BOTH = pytest.mark.parametrize("where", [STATUS, TASK])


class Gateway:
    """The application, and what it looks at."""

    def __init__(self) -> None:
        self.tasks = InMemoryTaskRows()
        self.feed = InMemoryFeedRows()
        self.client = httpx.AsyncClient()

    def shows(self, status: str, task_id: str = PARENT, **changes: Any) -> None:
        self.tasks.rows[task_id] = task(task_id, status=status, updated_at=NOW, **changes)

    async def listens(self) -> None:
        """Wait until somebody listens to the feed."""
        while self.feed.asked < 2:  # noqa: ASYNC110  # a double sets no event
            await asyncio.sleep(0.001)

    async def moves(self, status: TaskStatus) -> None:
        """What the projector does: the row first, and the word of it with the same commit."""
        self.shows(status)
        await self.feed.tell(uploaded(PARENT))
        await self.feed.tell(updated(status, 1, PARENT))


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    made = Gateway()
    await made.client.aclose()
    rows = InMemoryTaskListRows(made.tasks.rows)
    async with served(
        upload_rows=InMemoryUploadRows(), task_rows=made.tasks, task_list_rows=rows, feed_rows=made.feed
    ) as client:
        made.client = client
        yield made


@BOTH
async def test_a_task_is_the_same_document_on_both_pages(gateway: Gateway, where: str) -> None:
    gateway.shows("RUNNING")
    answer = await gateway.client.get(where)
    assert answer.status_code == 200, answer.text
    assert answer.content == (await gateway.client.get(STATUS)).content
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.json()["links"] == {"status": STATUS, "events": f"{TASK}/events"}


@BOTH
async def test_whoever_has_the_document_is_told_so(gateway: Gateway, where: str) -> None:
    gateway.shows("RUNNING")
    etag = (await gateway.client.get(where)).headers["etag"]
    same = await gateway.client.get(where, headers={"If-None-Match": etag})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
    gateway.shows("LOADING")
    other = await gateway.client.get(where, headers={"If-None-Match": etag})
    assert (other.status_code, other.json()["status"]) == (200, "LOADING")
    assert other.headers["etag"] != etag


@BOTH
async def test_a_task_that_nobody_knows_is_not_found(gateway: Gateway, where: str) -> None:
    for task_id in (PARENT, ids.fresh_task_id(), "nonsense"):
        for headers in ({}, {"Prefer": "wait=5"}):
            answer = await gateway.client.get(where.replace(PARENT, task_id), headers=headers)
            problem(answer, 404, "unknown-task")


@pytest.mark.parametrize("changes", [{"tenant": "others"}, {"tenant": "other", "datasource_name": None}])
async def test_another_tenants_task_is_one_that_nobody_knows(gateway: Gateway, changes: dict[str, Any]) -> None:
    gateway.shows("RUNNING", **changes)
    foreign = problem(await gateway.client.get(TASK), 404, "unknown-task")
    del gateway.tasks.rows[PARENT]
    assert problem(await gateway.client.get(TASK), 404, "unknown-task") == foreign


async def waited(gateway: Gateway, seconds: int, **headers: str) -> tuple[httpx.Response, float]:
    begun = time.monotonic()
    answer = await gateway.client.get(TASK, headers={"Prefer": f"wait={seconds}", **headers})
    return answer, time.monotonic() - begun


async def test_a_wait_ends_as_soon_as_the_task_has_moved(gateway: Gateway) -> None:
    gateway.shows("PENDING")
    waiting = asyncio.create_task(waited(gateway, 30))
    await gateway.listens()
    assert not waiting.done()
    await gateway.moves(TaskStatus.VALIDATING)
    answer, seconds = await waiting
    assert (answer.status_code, answer.json()["status"]) == (200, "VALIDATING")
    assert answer.headers["preference-applied"] == "wait=30"
    assert seconds < 10


async def test_a_wait_for_another_task_goes_on(gateway: Gateway) -> None:
    gateway.shows("PENDING")
    reading = TaskReading(gateway.tasks, InMemoryUploadRows(), Hub(gateway.feed))
    begun = time.monotonic()
    waiting = asyncio.create_task(reading.wait(PARENT, ANYBODY, None, timedelta(seconds=0.2)))
    await gateway.listens()
    await gateway.feed.tell(uploaded(ids.fresh_task_id()))
    assert (await waiting).has_ended is False
    assert time.monotonic() - begun >= 0.2


@pytest.mark.parametrize(("with_etag", "status"), [(True, 304), (False, 200)])
async def test_a_wait_for_nothing_ends_in_time(gateway: Gateway, *, with_etag: bool, status: int) -> None:
    gateway.shows("RUNNING")
    etag = (await gateway.client.get(TASK)).headers["etag"]
    answer, _ = await waited(gateway, 0, **({"If-None-Match": etag} if with_etag else {}))
    assert (answer.status_code, answer.headers["etag"]) == (status, etag)
    assert answer.headers["preference-applied"] == "wait=0"


async def test_nobody_waits_for_what_has_changed_or_ended(gateway: Gateway) -> None:
    gateway.shows("RUNNING")
    answer, seconds = await waited(gateway, 60, **{"If-None-Match": '"older"'})
    assert (answer.status_code, seconds < 10) == (200, True)
    gateway.shows("FAILED")
    answer, seconds = await waited(gateway, 60)
    assert (answer.status_code, seconds < 10) == (200, True)
    answer, seconds = await waited(gateway, 60, **{"If-None-Match": answer.headers["etag"]})
    assert (answer.status_code, seconds < 10) == (304, True)


async def test_a_wait_is_a_minute_at_most(gateway: Gateway) -> None:
    gateway.shows("COMPLETED")
    answer, _ = await waited(gateway, 3600)
    assert answer.headers["preference-applied"] == "wait=60"


def listed(gateway: Gateway, number: int) -> list[str]:
    names = [ids.fresh_task_id() for _ in range(number)]
    for seconds, name in enumerate(names):
        gateway.shows("COMPLETED", name, created_at=NOW + timedelta(seconds=seconds), original_filename='a "b",\nc')
    return names[::-1]


async def test_pages_lead_to_each_other(gateway: Gateway) -> None:
    expected, seen = listed(gateway, 5), []
    where: str | None = f"{LIST}?limit=2&status=COMPLETED&q=%22b%22"
    while where:
        answer = await gateway.client.get(where)
        assert answer.status_code == 200, answer.text
        seen += [one["task_id"] for one in answer.json()["tasks"]]
        where = answer.json()["next"]
        assert answer.headers.get("link") == (f'<{where}>; rel="next"' if where else None)
        if where:
            assert dict(parse_qsl(urlsplit(where).query)).keys() == {"limit", "status", "q", "cursor"}
    assert seen == expected


async def test_a_listed_task_is_told_in_short(gateway: Gateway) -> None:
    gateway.shows("COMPLETED", ledger={"status": "RECONCILED"}, plan={"chunks": []})
    (one,) = (await gateway.client.get(LIST)).json()["tasks"]
    assert (one["task_id"], one["ledger_status"], one["links"]["status"]) == (PARENT, "RECONCILED", STATUS)
    assert "tenant" not in one
    assert "plan" not in one


async def test_the_list_comes_as_csv(gateway: Gateway) -> None:
    expected = listed(gateway, 3)
    answer = await gateway.client.get(LIST, params={"limit": "2"}, headers={"Accept": "text/csv"})
    assert answer.headers["content-type"].startswith("text/csv; charset=utf-8")
    assert 'rel="next"' in answer.headers["link"]
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [row["task_id"] for row in rows] == expected[:2]
    assert {row["original_filename"] for row in rows} == {'a "b",\nc'}
    assert rows[0]["created_at"] == (NOW + timedelta(seconds=2)).isoformat()
    assert rows[0]["error_message"] == ""


async def test_what_the_list_does_not_take_is_named(gateway: Gateway) -> None:
    found = problem(await gateway.client.get(LIST, params={"datasource_name": "x"}), 422, "unknown-parameter")
    assert (found["field"], "created_after" in found["detail"]) == ("datasource_name", True)
    found = problem(await gateway.client.get(LIST, params={"status": "GONE"}), 422, "invalid-parameter")
    assert found["field"] == "status"
    problem(await gateway.client.get(LIST, headers={"Accept": "image/png"}), 406, "not-acceptable")
