"""Contracts over HTTP: kept as they come, had in two forms, never lost to another's change."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from shared.kafka.settings import KafkaSettings
from tests.http.served import problem, served
from tests.unit.gateway.doubles import NOW, InMemoryDatasourceRows, InMemoryTaskRows, InMemoryUploadRows, in_chunks

NAME = "Füße 1?"
PATH = "/api/ingest/datasources/F%C3%BC%C3%9Fe%201%3F"
YAML = {"content-type": "application/yaml"}


def contract(name: str = NAME, note: str = "") -> bytes:
    return f"""# a comment {note}\r
format_version: 1
datasource: {name}
columns:
  - name: price
    type: decimal
    checks: {{max: 12345678901234567.0123456789}}
""".encode()


@pytest.fixture
def rows() -> InMemoryDatasourceRows:
    return InMemoryDatasourceRows()


@pytest.fixture
async def client(rows: InMemoryDatasourceRows) -> AsyncIterator[httpx.AsyncClient]:
    async with served(
        kafka=KafkaSettings(max_record_bytes=4096),
        upload_rows=InMemoryUploadRows(),
        task_rows=InMemoryTaskRows(),
        datasource_rows=rows,
    ) as made:
        yield made


async def test_a_contract_is_kept_and_had_as_it_was_sent(
    client: httpx.AsyncClient, rows: InMemoryDatasourceRows
) -> None:
    sent = await client.put(f"{PATH}?user_id=ada", content=contract(), headers=YAML)
    assert sent.status_code == 201
    assert sent.headers["etag"] == '"1-yaml"'
    assert sent.headers["location"] == f"{PATH}/versions/1"
    body = sent.json()
    assert (body["datasource_name"], body["version"], body["created_by"]) == (NAME, 1, "ada")
    assert body["created_at"] == NOW.isoformat()
    assert rows.promised == [(NAME, 1)]
    for path in (PATH, sent.headers["location"]):
        found = await client.get(path)
        assert found.content == contract()
        assert found.headers["content-type"] == "application/yaml"
        assert found.headers["etag"] == '"1-yaml"'
        assert found.headers["content-location"] == f"{PATH}/versions/1"
        assert "Accept" in found.headers["vary"]


async def test_as_json_it_has_all_its_digits_and_can_be_sent_again(client: httpx.AsyncClient) -> None:
    await client.put(PATH, content=contract(), headers=YAML)
    found = await client.get(PATH, headers={"accept": "application/json"})
    assert found.headers["etag"] == '"1-json"'
    assert "12345678901234567.0123456789" in found.text
    assert found.json()["datasource"] == NAME
    headers = {"content-type": "application/json", "if-match": found.headers["etag"]}
    again = await client.put(PATH, content=found.content, headers=headers)
    assert (again.status_code, again.headers["etag"]) == (201, '"2-json"')
    assert (await client.get(PATH)).content == found.content
    assert (await client.get(PATH, headers={"accept": "application/json"})).content == found.content


async def test_the_same_content_is_the_same_version(client: httpx.AsyncClient, rows: InMemoryDatasourceRows) -> None:
    first = await client.put(PATH, content=contract(), headers=YAML)
    for condition in ({}, {"if-match": '"1-yaml"'}, {"if-match": '"9-yaml"'}, {"if-none-match": "*"}):
        again = await client.put(PATH, content=contract(), headers=YAML | condition)
        assert (again.status_code, again.json()) == (200, first.json())
    assert rows.promised == [(NAME, 1)]


async def test_a_new_version_has_to_follow_the_latest(client: httpx.AsyncClient) -> None:
    early = await client.put(PATH, content=contract(), headers=YAML | {"if-match": '"1-yaml"'})
    assert "no contract yet" in problem(early, 412, "version-changed")["detail"]
    await client.put(PATH, content=contract(), headers=YAML)
    missing = await client.put(PATH, content=contract(note="2"), headers=YAML)
    detail = problem(missing, 428, "version-required")["detail"]
    assert 'If-Match: "1-yaml" (`--follows 1`)' in detail
    assert missing.headers["etag"] == '"1-yaml"'
    second = await client.put(PATH, content=contract(note="2"), headers=YAML | {"if-match": '"1-json"'})
    assert second.status_code == 201
    late = await client.put(PATH, content=contract(note="3"), headers=YAML | {"if-match": '"1-yaml"'})
    assert 'If-Match: "2-yaml"' in problem(late, 412, "version-changed")["detail"]
    first = await client.put(PATH, content=contract(note="3"), headers=YAML | {"if-none-match": "*"})
    problem(first, 412, "version-changed")
    problem(await client.put(PATH, content=contract(), headers=YAML | {"if-match": "1"}), 400, "bad-request")
    history = (await client.get(f"{PATH}/versions")).json()
    assert history["datasource_name"] == NAME
    assert [version["version"] for version in history["versions"]] == [2, 1]
    assert history["versions"][1]["links"] == {"contract": f"{PATH}/versions/1"}


async def test_every_fault_is_told_with_its_place(client: httpx.AsyncClient, rows: InMemoryDatasourceRows) -> None:
    bad = b"format_version: 1\ndatasource: x\ncolours: []\ncolumns:\n  - name: a\n    type: number\n"
    body = problem(await client.put(PATH, content=bad, headers=YAML), 422, "invalid-contract")
    places = {(fault["field"], fault["line"]) for fault in body["faults"]}
    assert places >= {("colours", 3), ("columns[0].type", 6)}
    assert all(fault["column"] >= 1 and fault["message"] for fault in body["faults"])
    assert "more faults)" in body["detail"]
    assert not rows.promised


async def test_the_contract_must_be_of_the_datasource_in_the_address(client: httpx.AsyncClient) -> None:
    body = problem(await client.put(PATH, content=contract("sales"), headers=YAML), 422, "invalid-contract")
    (fault,) = body["faults"]
    assert (fault["field"], fault["line"], fault["column"]) == ("datasource", 3, 1)
    assert repr(NAME) in fault["message"]


@pytest.mark.parametrize(
    ("content", "headers", "status", "slug"),
    [
        (b"", YAML, 422, "invalid-contract"),
        (b"\xff", YAML, 422, "invalid-contract"),
        (b"a: [1", YAML, 422, "invalid-contract"),
        (contract(), {"content-type": "text/plain"}, 415, "unsupported-contract-type"),
        (contract(), {}, 415, "unsupported-contract-type"),
        (b"x" * (1024 * 1024 + 1), YAML, 413, "contract-too-large"),
        (contract(note="x" * 4000), YAML, 413, "contract-too-large"),
    ],
)
async def test_what_is_no_contract(
    client: httpx.AsyncClient, content: bytes, headers: dict[str, str], status: int, slug: str
) -> None:
    problem(await client.put(PATH, content=content, headers=headers), status, slug)


async def test_a_body_that_is_too_large_is_not_read_to_its_end(client: httpx.AsyncClient) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        async for chunk in in_chunks(b"#" * 8 * 1024 * 1024):
            read += len(chunk)
            yield chunk

    response = await client.put(PATH, content=endless(), headers=YAML)
    problem(response, 413, "contract-too-large")
    assert response.headers["connection"] == "close"
    assert read < 2 * 1024 * 1024


async def test_what_is_not_there(client: httpx.AsyncClient) -> None:
    for path in (PATH, f"{PATH}/versions", f"{PATH}/versions/1", "/api/ingest/datasources/%00"):
        problem(await client.get(path), 404, "unknown-contract")
    await client.put(PATH, content=contract(), headers=YAML)
    assert "no version 2" in problem(await client.get(f"{PATH}/versions/2"), 404, "unknown-contract")["detail"]
    problem(await client.get(f"{PATH}/versions/first"), 404, "unknown-contract")
    problem(await client.get(PATH, headers={"accept": "text/html"}), 406, "not-acceptable")
    problem(await client.put("/api/ingest/datasources/a%2Fb", content=contract(), headers=YAML), 404, "not-found")
    problem(await client.delete(PATH), 405, "method-not-allowed")


@pytest.mark.parametrize("user", ["x" * 257, "a%00b"])
async def test_who_sends_it_has_a_name_of_bounded_length(client: httpx.AsyncClient, user: str) -> None:
    response = await client.put(f"{PATH}?user_id={user}", content=contract(), headers=YAML)
    assert problem(response, 422, "invalid-field")["field"] == "user_id"


async def test_a_page_may_send_a_contract_from_an_allowed_origin(client: httpx.AsyncClient) -> None:
    ask = {
        "origin": "http://localhost:3000",
        "access-control-request-method": "PUT",
        "access-control-request-headers": "if-match, content-type",
    }
    assert (await client.options(PATH, headers=ask)).status_code == 200
    refused = await client.put(PATH, content=contract(), headers=YAML | {"origin": "http://evil.example"})
    problem(refused, 403, "forbidden-origin")
