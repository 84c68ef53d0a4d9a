"""Events over HTTP: pages, and streams that end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.gateway import app as app_module
from services.gateway.callers import ANYBODY
from services.gateway.event_stream import EventStream
from services.gateway.feed_rows import Wanted
from services.gateway.hub import Hub
from services.gateway.streaming import HEARTBEAT, Pace, Streams
from shared import ids
from shared.events import TaskEvent, TaskStatus
from tests.http.served import problem, served
from tests.unit.gateway.doubles import InMemoryTaskRows, InMemoryUploadRows
from tests.unit.gateway.families_of import task
from tests.unit.gateway.feed_suite import tell
from tests.unit.gateway.read_doubles import InMemoryFeedRows
from tests.unit.projector.histories import loaded, updated, uploaded

EVENTS = "/api/ingest/events"
STREAM = "text/event-stream"
SHORT = timedelta(seconds=0.02)
PACE = Pace(heartbeat=SHORT, linger=SHORT)


class Gateway:
    """The application, and what it looks at."""

    def __init__(self) -> None:
        self.tasks = InMemoryTaskRows()
        self.rows = InMemoryFeedRows()
        self.client = httpx.AsyncClient()

    async def tell(self, event: TaskEvent) -> None:
        await self.rows.tell(event)
        for told in await self.rows.page(Wanted(ANYBODY, event.task_id), 0, 1):
            self.tasks.rows[event.task_id] = task(event.task_id, status=told.task_status, datasource_name="flights")

    async def stream(self, where: str, **headers: str) -> httpx.Response:
        return await self.client.get(where, headers={"Accept": STREAM, **headers})


@pytest.fixture
async def gateway(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gateway]:
    made = Gateway()
    await made.client.aclose()
    monkeypatch.setattr(app_module, "Streams", lambda rows, hub: Streams(rows, hub, pace=PACE))
    async with served(upload_rows=InMemoryUploadRows(), task_rows=made.tasks, feed_rows=made.rows) as client:
        made.client = client
        yield made


def of(task_id: str) -> str:
    return f"/api/ingest/tasks/{task_id}/events"


def parsed(text: str) -> list[dict[str, str]]:
    """The events of a stream as a browser reads them; comments and `retry` left out."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line and not line.startswith(":"))
        fields.pop("retry", None)
        if fields:
            found.append(fields)
    return found


async def test_the_timeline_has_each_event_once_in_order(gateway: Gateway) -> None:
    task_id = ids.fresh_task_id()
    events = loaded(task_id)
    await tell(gateway, [*events, *events])
    answer = await gateway.client.get(of(task_id))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert [one["event_id"] for one in body["events"]] == [str(event.event_id) for event in events]
    assert (body["next"], body["cursor"]) == (None, body["events"][-1]["id"])
    first, last = body["events"][0], body["events"][-1]
    assert (first["type"], first["status"], first["attempt"]) == ("ingest.file.uploaded.v1", "PENDING", 1)
    assert (first["task_id"], first["datasource_name"]) == (task_id, "flights")
    assert (last["status"], last["data"]["ledger"]["rows_counted"]) == ("COMPLETED", 993)


async def test_a_long_timeline_has_pages(gateway: Gateway) -> None:
    task_id = ids.fresh_task_id()
    await tell(gateway, loaded(task_id))
    where, seen = f"{of(task_id)}?limit=4", []
    while where:
        answer = await gateway.client.get(where)
        seen.append([one["id"] for one in answer.json()["events"]])
        where = answer.json()["next"]
        assert answer.headers.get("link") == (f'<{where}>; rel="next"' if where else None)
    assert [len(page) for page in seen] == [4, 4, 1]
    rest = await gateway.client.get(of(task_id), headers={"Last-Event-ID": seen[1][-1]})
    assert [one["id"] for one in rest.json()["events"]] == seen[2]


async def test_the_events_of_all_have_pages_by_datasource(gateway: Gateway) -> None:
    one, other = ids.fresh_task_id(), ids.fresh_task_id()
    await tell(gateway, loaded(one))
    await gateway.tell(uploaded(other, datasource_name="stock"))
    found = (await gateway.client.get(EVENTS, params={"datasource": "stock"})).json()["events"]
    assert [event["task_id"] for event in found] == [other]
    everything = (await gateway.client.get(EVENTS)).json()
    assert len(everything["events"]) == len(loaded(one)) + 1
    nothing = (await gateway.client.get(EVENTS, params={"cursor": everything["cursor"]})).json()
    assert nothing == {"events": [], "cursor": everything["cursor"], "next": None}


async def test_an_accepted_task_has_no_events_yet(gateway: Gateway) -> None:
    task_id = ids.fresh_task_id()
    gateway.tasks.rows[task_id] = task(task_id, status="PENDING")
    assert (await gateway.client.get(of(task_id))).json() == {"events": [], "cursor": "0", "next": None}


async def test_the_stream_of_an_ended_task_has_all_and_ends(gateway: Gateway) -> None:
    task_id = ids.fresh_task_id()
    events = loaded(task_id)
    await tell(gateway, events)
    answer = await gateway.stream(of(task_id))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text.startswith("retry: 2000\n\n")
    *told, end = parsed(answer.text)
    timeline = (await gateway.client.get(of(task_id))).json()["events"]
    assert [json.loads(one["data"]) for one in told] == timeline
    assert [one["id"] for one in told] == [one["id"] for one in timeline]
    assert (end["event"], json.loads(end["data"])) == ("end", {"task_id": task_id, "last": timeline[-1]["id"]})


@pytest.mark.parametrize("header", [True, False])
async def test_a_stream_goes_on_after_any_event(gateway: Gateway, *, header: bool) -> None:
    task_id = ids.fresh_task_id()
    await tell(gateway, loaded(task_id))
    told = parsed((await gateway.stream(of(task_id))).text)
    for number in (1, 4, 8):
        one = told[number - 1]
        if header:
            rest = await gateway.stream(of(task_id) + "?cursor=0", **{"Last-Event-ID": one["id"]})
        else:
            rest = await gateway.stream(f"{of(task_id)}?cursor={one['id']}")
        assert parsed(rest.text) == told[number:]


async def test_a_browser_that_has_all_of_an_ended_task_is_told_to_stay_away(gateway: Gateway) -> None:
    task_id = ids.fresh_task_id()
    await tell(gateway, loaded(task_id))
    last = parsed((await gateway.stream(of(task_id))).text)[-2]["id"]
    answer = await gateway.stream(of(task_id), **{"Last-Event-ID": last})
    assert (answer.status_code, answer.content) == (204, b"")


async def test_a_stream_lives_until_the_end_of_its_task(gateway: Gateway) -> None:
    """Also when a word from before the end is known after it: topics are read in no order of each other."""
    task_id = ids.fresh_task_id()
    events = loaded(task_id)
    early, late, end = events[:4], events[4], events[5:]
    await tell(gateway, early)
    streaming = asyncio.create_task(gateway.stream(of(task_id)))
    await asyncio.sleep(3 * SHORT.total_seconds())
    assert not streaming.done()
    await tell(gateway, end)
    await gateway.tell(late)
    told = parsed((await streaming).text)
    assert [json.loads(one["data"]).get("event_id") for one in told] == [
        *(str(event.event_id) for event in (*early, *end, late)),
        None,
    ]
    assert HEARTBEAT.decode() in streaming.result().text


async def test_a_failed_task_that_is_tried_again_goes_on(gateway: Gateway) -> None:
    task_id = ids.fresh_task_id()
    await tell(gateway, [uploaded(task_id), updated(TaskStatus.FAILED, 1, task_id)])
    await gateway.tell(updated(TaskStatus.VALIDATING, 2, task_id, attempt=2))
    streaming = asyncio.create_task(gateway.stream(of(task_id)))
    await asyncio.sleep(3 * SHORT.total_seconds())
    assert not streaming.done()
    await gateway.tell(updated(TaskStatus.COMPLETED, 3, task_id, attempt=2))
    assert [one.get("event") for one in parsed((await streaming).text)] == [None] * 4 + ["end"]


async def test_more_events_than_a_page_are_streamed(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.gateway.streaming.PAGE_EVENTS", 3)
    task_id = ids.fresh_task_id()
    await tell(gateway, loaded(task_id))
    assert len(parsed((await gateway.stream(of(task_id))).text)) == len(loaded(task_id)) + 1


async def test_the_stream_of_all_begins_with_what_is_new_and_has_no_end() -> None:
    rows = InMemoryFeedRows()
    hub = Hub(rows)
    old, new = ids.fresh_task_id(), ids.fresh_task_id()
    await tell(ToldRows(rows), loaded(old))
    streams = Streams(rows, hub, pace=replace(PACE, longest=timedelta(seconds=60)))
    pieces = streams.frames(Wanted(ANYBODY), await streams.latest())
    assert parsed((await anext(pieces)).decode()) == []
    assert await anext(pieces) == HEARTBEAT
    told: list[dict[str, str]] = []
    await tell(ToldRows(rows), loaded(new))
    while len(told) < len(loaded(new)):
        told += parsed((await anext(pieces)).decode())
    assert [json.loads(one["data"])["event_id"] for one in told] == [str(event.event_id) for event in loaded(new)]
    assert await anext(pieces) == HEARTBEAT
    await pieces.aclose()
    await hub.close()


async def test_a_stream_has_to_be_asked_for_again_after_a_while() -> None:
    """So the credential of whoever listens is looked at again."""
    rows = InMemoryFeedRows()
    hub = Hub(rows)
    streams = Streams(rows, hub, pace=replace(PACE, longest=timedelta(seconds=0.1)))
    pieces = [piece async for piece in streams.frames(Wanted(ANYBODY), 0)]
    assert set(pieces[1:]) == {HEARTBEAT}
    await hub.close()


class ToldRows:
    """How the double is told."""

    def __init__(self, rows: InMemoryFeedRows) -> None:
        self.rows = rows
        self.tell = rows.tell


async def test_a_client_that_leaves_or_takes_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.gateway.event_stream.SEND_PATIENCE", SHORT)
    rows = InMemoryFeedRows()
    hub = Hub(rows)
    left = asyncio.Event()
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    async def stuck(message: Any) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    streams = Streams(rows, hub, pace=PACE)
    serving = asyncio.create_task(EventStream(streams.frames(Wanted(ANYBODY), 0))({}, receive, send))
    while len(sent) < 3:  # noqa: ASYNC110  # a double sets no event
        await asyncio.sleep(0.001)
    left.set()
    await serving
    left.clear()
    await EventStream(streams.frames(Wanted(ANYBODY), 0))({}, receive, stuck)
    assert hub._listeners == {}
    await hub.close()


async def test_a_database_that_is_away_is_said_and_not_streamed(gateway: Gateway) -> None:
    task_id = ids.fresh_task_id()
    await tell(gateway, loaded(task_id))
    gateway.rows.away = 1
    problem(await gateway.stream(of(task_id)), 503, "database-away")
    gateway.rows.away = 1
    problem(await gateway.stream(EVENTS), 503, "database-away")


@pytest.mark.parametrize("accept", [STREAM, "application/json"])
async def test_what_cannot_be_asked_for_is_named(gateway: Gateway, accept: str) -> None:
    task_id = ids.fresh_task_id()
    await tell(gateway, loaded(task_id))
    headers = {"Accept": accept}
    for where, field, slug in (
        (f"{of(task_id)}?datasource=x", "datasource", "unknown-parameter"),
        (f"{of(task_id)}?cursor=x", "cursor", "invalid-parameter"),
        (f"{EVENTS}?cursor=-1", "cursor", "invalid-parameter"),
        (f"{EVENTS}?datasource=a/b", "datasource", "invalid-parameter"),
        (f"{EVENTS}?since=1", "since", "unknown-parameter"),
    ):
        assert problem(await gateway.client.get(where, headers=headers), 422, slug)["field"] == field
    answer = await gateway.client.get(of(task_id), headers={**headers, "Last-Event-ID": "abc"})
    assert problem(answer, 422, "invalid-parameter")["field"] == "Last-Event-ID"
    for unknown in (ids.fresh_task_id(), "nonsense"):
        problem(await gateway.client.get(of(unknown), headers=headers), 404, "unknown-task")
    problem(await gateway.client.get(EVENTS, headers={"Accept": "text/html"}), 406, "not-acceptable")
