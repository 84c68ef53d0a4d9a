from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator

import httpx
import pytest

from shared.events import FileUploaded
from shared.storage.memory import InMemoryObjectStore
from tests.http.served import problem, served
from tests.unit.gateway.doubles import InMemoryDatasourceRows, InMemoryTaskRows, InMemoryUploadRows, in_chunks
from tests.unit.gateway.forms import CONTENT_TYPE, upload_form

UPLOAD = "/api/ingest/upload"


@pytest.fixture
def rows() -> InMemoryUploadRows:
    return InMemoryUploadRows()


@pytest.fixture
def store() -> InMemoryObjectStore:
    made = InMemoryObjectStore()
    made.buckets["ingest"] = {}
    return made


@pytest.fixture
async def client(rows: InMemoryUploadRows, store: InMemoryObjectStore) -> AsyncIterator[httpx.AsyncClient]:
    async with served(
        store=store, upload_rows=rows, task_rows=InMemoryTaskRows(), datasource_rows=InMemoryDatasourceRows()
    ) as made:
        yield made


async def post(client: httpx.AsyncClient, body: bytes, **headers: str) -> httpx.Response:
    sent = {"content-type": CONTENT_TYPE} | {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post(UPLOAD, content=in_chunks(body), headers=sent)


async def test_upload_is_accepted_and_can_be_followed_at_once(client: httpx.AsyncClient) -> None:
    response = await post(client, upload_form())
    assert response.status_code == 202
    body = response.json()
    assert body["status"] == "PENDING"
    assert body["contract_version"] is None
    assert response.headers["location"] == body["links"]["status"] == f"/api/ingest/status/{body['task_id']}"
    assert response.headers["retry-after"] == "1"
    status = await client.get(response.headers["location"])
    assert status.status_code == 200
    assert status.json()["task_id"] == body["task_id"]
    assert status.json()["status"] == "PENDING"
    assert status.json()["contract_version"] is None


async def test_health(client: httpx.AsyncClient) -> None:
    assert (await client.get("/")).json() == {"service": "gateway", "status": "ok"}
    assert (await client.get("/livez")).status_code == 200


async def test_trace_goes_on_with_the_event(client: httpx.AsyncClient, rows: InMemoryUploadRows) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await post(client, upload_form(), traceparent=trace)
    await post(client, upload_form(), traceparent="garbage")
    assert rows.traceparents == [trace, None]


async def test_key_replays_the_answer(client: httpx.AsyncClient) -> None:
    first = await post(client, upload_form(), idempotency_key="k")
    second = await post(client, upload_form(), idempotency_key="k")
    assert first.json() == second.json()
    assert second.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers


async def test_the_latest_contract_judges_unless_another_is_named(
    client: httpx.AsyncClient, rows: InMemoryUploadRows
) -> None:
    rows.contracts["sales"] = 3
    latest = (await post(client, upload_form(), idempotency_key="k")).json()
    named = (await post(client, upload_form(fields=[("contract_version", "2")]))).json()
    assert (latest["contract_version"], named["contract_version"]) == (3, 2)
    assert [event.contract_version for event in rows.promised] == [3, 2]
    rows.contracts["sales"] = 4
    assert (await post(client, upload_form(), idempotency_key="k")).json() == latest
    other = upload_form(fields=[("contract_version", "4")])
    problem(await post(client, other, idempotency_key="k"), 422, "idempotency-key-reused")
    status = await client.get(f"/api/ingest/status/{latest['task_id']}")
    assert status.json()["contract_version"] == 3


@pytest.mark.parametrize("version", ["4", "0", "none", "1.0", "-1", "٣", "9999999999"])
async def test_a_contract_that_is_none_is_refused(
    client: httpx.AsyncClient, rows: InMemoryUploadRows, store: InMemoryObjectStore, version: str
) -> None:
    rows.contracts["sales"] = 3
    response = await post(client, upload_form(fields=[("contract_version", version)]))
    assert problem(response, 422, "invalid-field")["field"] == "contract_version"
    assert version in response.json()["detail"]
    assert not store.buckets["ingest"]
    assert not rows.rows


async def test_problems_of_a_request(client: httpx.AsyncClient) -> None:
    assert problem(await post(client, upload_form(datasource=None)), 422, "missing-field")["field"] == "datasource_name"
    problem(await post(client, upload_form(closed=False)), 400, "incomplete-body")
    problem(await post(client, upload_form(), idempotency_key="a b"), 400, "invalid-idempotency-key")
    problem(await client.post(UPLOAD, json={"file": "x"}), 415, "not-multipart")
    problem(await client.post(UPLOAD, headers={"content-type": "multipart/form-data"}), 415, "not-multipart")


async def test_problems_of_the_path(client: httpx.AsyncClient) -> None:
    problem(await client.get("/nowhere"), 404, "not-found")
    problem(await client.get(UPLOAD + "/"), 404, "not-found")
    assert problem(await client.get(UPLOAD), 405, "method-not-allowed")["instance"] == UPLOAD
    assert (await client.get(UPLOAD)).headers["allow"] == "POST"
    problem(await client.get("/api/ingest/status/2JZyBtTQWUZnEqA4i4EhCy"), 404, "unknown-task")
    malformed = problem(await client.get("/api/ingest/status/%00abc"), 404, "unknown-task")
    assert "22 characters" in malformed["detail"]


async def test_servers_that_are_away(
    client: httpx.AsyncClient, store: InMemoryObjectStore, rows: InMemoryUploadRows
) -> None:
    store.away = True
    response = await post(client, upload_form())
    problem(response, 503, "storage-away")
    assert int(response.headers["retry-after"]) > 0
    store.away = False
    rows.away = 1
    problem(await post(client, upload_form()), 503, "database-away")
    store.buckets.clear()
    problem(await post(client, upload_form()), 503, "storage-refused")


async def test_defect_is_logged_once_with_its_task_and_tells_nothing(
    client: httpx.AsyncClient,
    rows: InMemoryUploadRows,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def broken(*_arguments: object, **_keywords: object) -> FileUploaded | None:
        msg = "secret inside"
        raise RuntimeError(msg)

    rows.store = broken  # type: ignore[method-assign]  # a defect
    with caplog.at_level(logging.INFO):
        response = await post(client, upload_form())
    problem(response, 500, "internal")
    assert "secret" not in response.text
    printed = capsys.readouterr()
    written = printed.out + printed.err + caplog.text
    assert written.count("request_failed") == 1
    assert "task_id" in written


async def test_early_answer_closes_the_connection(client: httpx.AsyncClient) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield upload_form(datasource=".x")
        yield b"rest"

    response = await client.post(UPLOAD, content=body(), headers={"content-type": CONTENT_TYPE})
    problem(response, 422, "invalid-field")
    assert response.headers["connection"] == "close"
    assert "connection" not in (await post(client, upload_form(datasource=None))).headers


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1"])
async def test_allowed_origin_may_read_answers_and_problems(client: httpx.AsyncClient, origin: str) -> None:
    for response in (
        await post(client, upload_form(), origin=origin),
        await client.get("/x", headers={"origin": origin}),
    ):
        assert response.headers["access-control-allow-origin"] == origin
    assert "Location" in response.headers["access-control-expose-headers"]
    ask = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "idempotency-key",
    }
    assert (await client.options(UPLOAD, headers=ask)).status_code == 200


async def test_other_web_site_cannot_post_through_a_users_browser(
    client: httpx.AsyncClient, rows: InMemoryUploadRows
) -> None:
    response = await post(client, upload_form(), origin="http://evil.example")
    problem(response, 403, "forbidden-origin")
    assert "access-control-allow-origin" not in response.headers
    assert not rows.rows


async def test_every_answer_is_json(client: httpx.AsyncClient) -> None:
    for path in ("/", "/livez", "/nowhere", "/docs", "/openapi.json"):
        json.loads((await client.get(path)).text)
