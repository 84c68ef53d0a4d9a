"""A file as the whole body of a request: accepted as in a form, or nothing of it is left."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.gateway.fields import UPLOAD
from shared.storage.memory import InMemoryObjectStore
from tests.http.served import problem, served
from tests.unit.gateway.doubles import InMemoryTaskRows, InMemoryUploadRows, in_chunks
from tests.unit.gateway.forms import CONTENT_TYPE, upload_form

PATH = "/api/ingest/upload"
BODY = b"time,n\n2026-01-01,1\n"
# For each field a value that is allowed, or None where another one says the same here.
SAID = {
    "datasource_name": "sales & more+",
    "user_id": "änn",
    "mode": "replace",
    "timestamp_column": "time",
    "timestamp_format": "%d.%m.%Y",
    "time_zone": "Europe/Berlin",
    "max_rejected_rows": "7",
    "max_rejected_ratio": "0.5",
    "delimiter": "\\t",
    "encoding": "cp1252",
    "sheet": "2",
    "format": "delimited",
    "header": "true",
    "skip_rows": "3",
    "comment": "#",
    "quote": "'",
    "escape": "\\",
    "decimal_mark": ",",
    "thousands": ".",
    "contract_version": "1",
    "force": "true",
    "stop_after": "plan",
    "confirm": "token",
}


class Gateway:
    """The application, and what it looks at."""

    def __init__(self, client: httpx.AsyncClient, rows: InMemoryUploadRows, store: InMemoryObjectStore) -> None:
        self.client = client
        self.rows = rows
        self.store = store

    async def put(self, body: bytes = BODY, /, query: Any = None, **headers: str) -> httpx.Response:
        said = {"datasource_name": "sales", "filename": "märz.csv"} if query is None else query
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.put(PATH, params=said, content=in_chunks(body, 7), headers=sent)

    async def post(self, body: bytes, **headers: str) -> httpx.Response:
        sent = {"content-type": CONTENT_TYPE} | {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(PATH, content=body, headers=sent)

    @property
    def is_empty(self) -> bool:
        return not (self.rows.rows or self.rows.promised or self.store.buckets["ingest"] or self.store.unfinished)


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    store, rows = InMemoryObjectStore(), InMemoryUploadRows()
    store.buckets["ingest"] = {}
    async with served(store=store, upload_rows=rows, task_rows=InMemoryTaskRows()) as client:
        yield Gateway(client, rows, store)


def digest(algorithm: str, body: bytes = BODY) -> str:
    return f"{algorithm}=:{base64.b64encode(hashlib.new(algorithm.replace('-', ''), body).digest()).decode()}:"


async def test_the_body_is_the_file(gateway: Gateway) -> None:
    answer = await gateway.put()
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert (body["datasource_name"], body["original_filename"], body["file_size"]) == ("sales", "märz.csv", len(BODY))
    assert body["sha256"] == hashlib.sha256(BODY).hexdigest()
    assert answer.headers["location"] == body["links"]["status"]
    assert gateway.store.buckets["ingest"] == {f"uploads/{body['task_id']}.csv": BODY}


async def test_it_is_the_same_as_a_form_with_every_option(gateway: Gateway) -> None:
    assert set(SAID) == set(UPLOAD.fields)
    gateway.rows.contracts[SAID["datasource_name"]] = 1
    by_put = await gateway.put(query={**SAID, "filename": "a.csv"}, idempotency_key="one")
    fields = [(name, value) for name, value in SAID.items() if name != "datasource_name"]
    form = upload_form(BODY, filename="a.csv", datasource=SAID["datasource_name"], fields=fields)
    by_form = await gateway.post(form, idempotency_key="two")
    assert (by_put.status_code, by_form.status_code) == (202, 202), (by_put.text, by_form.text)
    first, second = (event.model_dump(exclude={"task_id", "file_uri", "event_id"}) for event in gateway.rows.promised)
    assert first == second
    again = await gateway.post(form, idempotency_key="one")
    assert (again.json(), again.headers["idempotent-replayed"]) == (by_put.json(), "true")


async def test_a_file_needs_no_name(gateway: Gateway) -> None:
    answer = await gateway.put(query={"datasource_name": "sales"})
    assert (answer.status_code, answer.json()["original_filename"]) == (202, None)


@pytest.mark.parametrize(
    ("query", "slug", "field"),
    [
        ("filename=a.csv", "missing-field", "datasource_name"),
        ("datasource_name=a/b", "invalid-field", "datasource_name"),
        ("datasource_name=a&datasource_name=a", "repeated-field", "datasource_name"),
        ("datasource_name=a&datasource=b", "unknown-field", "datasource"),
        ("datasource_name=a&file=b", "unknown-field", "file"),
        ("datasource_name=a&mode=both", "invalid-field", "mode"),
        ("datasource_name=a&user_id=%ff", "invalid-field", "user_id"),
        ("datasource_name=a&filename=%ff", "invalid-field", "filename"),
        ("datasource_name=a&contract_version=9", "invalid-field", "contract_version"),
        (f"datasource_name=a&delimiter={'x' * 65}", "invalid-field", "delimiter"),
    ],
)
async def test_a_query_that_cannot_be_used_is_told_before_the_file_is_read(
    gateway: Gateway, query: str, slug: str, field: str
) -> None:
    read = False

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        yield BODY
        read = True
        yield BODY

    answer = await gateway.client.put(f"{PATH}?{query}", content=body())
    assert problem(answer, 422, slug)["field"] == field
    assert (read, gateway.is_empty) == (False, True)


@pytest.mark.parametrize("field", ["Content-Digest", "Repr-Digest"])
@pytest.mark.parametrize("algorithm", ["sha-256", "sha-512"])
async def test_a_body_with_its_digest_is_accepted_and_another_leaves_nothing(
    gateway: Gateway, field: str, algorithm: str
) -> None:
    refused = problem(await gateway.put(**{field: digest(algorithm, BODY + b"x")}), 400, "digest-mismatch")
    assert (refused["field"], algorithm in refused["detail"], gateway.is_empty) == (field, True, True)
    answer = await gateway.put(**{field: digest(algorithm)})
    assert answer.status_code == 202
    assert "want-content-digest" not in answer.headers


async def test_every_digest_has_to_fit(gateway: Gateway) -> None:
    both = f"{digest('sha-256')}, {digest('sha-512', b'x')}"
    problem(await gateway.put(content_digest=both), 400, "digest-mismatch")
    headers = [("content-digest", digest("sha-256")), ("content-digest", digest("sha-512", b"x"))]
    answer = await gateway.client.put(PATH, params={"datasource_name": "a"}, content=BODY, headers=headers)
    problem(answer, 400, "digest-mismatch")
    answer = await gateway.put(content_digest=digest("sha-256"), repr_digest=digest("sha-256", b"x"))
    assert problem(answer, 400, "digest-mismatch")["field"] == "Repr-Digest"
    assert gateway.is_empty
    known = f"md5=:AAAA:, {digest('sha-256')};with=parameters ,{digest('sha-512')}"
    assert (await gateway.put(content_digest=known)).status_code == 202


async def test_digests_of_other_algorithms_are_not_heeded_and_that_is_said(gateway: Gateway) -> None:
    answer = await gateway.put(content_digest="md5=:AAAA:, crc32c=:AAAA:")
    assert (answer.status_code, answer.headers["want-content-digest"]) == (202, "sha-256=10, sha-512=9")


@pytest.mark.parametrize(
    "said",
    [
        "",
        "sha-256",
        "sha-256=abc",
        "sha-256=:AAAA:",
        "sha-256=:A:",
        "SHA-256=:AAAA:",
        hashlib.sha256(BODY).hexdigest(),
    ],
)
async def test_a_digest_that_cannot_be_read_is_not_passed_over(gateway: Gateway, said: str) -> None:
    refused = problem(await gateway.put(repr_digest=said), 400, "invalid-digest")
    assert (refused["field"], gateway.is_empty) == ("Repr-Digest", True)


async def test_the_file_is_what_is_compared_under_a_key(gateway: Gateway) -> None:
    first = await gateway.put(idempotency_key="k")
    again = await gateway.put(idempotency_key="k", content_digest=digest("sha-256"))
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    problem(await gateway.put(BODY + b"x", idempotency_key="k"), 422, "idempotency-key-reused")
    assert len(gateway.rows.promised) == 1


@pytest.mark.parametrize(
    ("headers", "status", "slug"),
    [
        ({"content_encoding": "gzip"}, 415, "content-coding"),
        ({"content_type": CONTENT_TYPE}, 415, "not-raw"),
        ({"content_range": "bytes 0-9/20"}, 400, "bad-request"),
        ({"idempotency_key": "a b"}, 400, "invalid-idempotency-key"),
    ],
)
async def test_what_is_no_file_as_it_is_is_refused(
    gateway: Gateway, headers: dict[str, str], status: int, slug: str
) -> None:
    answer = await gateway.put(**headers)
    problem(answer, status, slug)
    assert gateway.is_empty
    assert (answer.headers.get("accept-encoding") == "identity") == (slug == "content-coding")


@pytest.mark.parametrize("headers", [{"content_encoding": "Identity"}, {"content_type": "text/csv"}])
async def test_what_says_the_same_is_taken(gateway: Gateway, headers: dict[str, str]) -> None:
    assert (await gateway.put(**headers)).status_code == 202


async def test_no_byte_is_no_file(gateway: Gateway) -> None:
    assert problem(await gateway.put(b""), 422, "empty-file")["field"] == "file"
    assert gateway.is_empty


async def test_a_file_that_is_too_large_leaves_nothing(gateway: Gateway) -> None:
    answer = await gateway.client.put(
        PATH, params={"datasource_name": "a"}, content=BODY, headers={"content-length": str(2**40)}
    )
    problem(answer, 413, "too-large")
    assert gateway.is_empty


async def test_a_store_that_is_away_leaves_nothing(gateway: Gateway) -> None:
    gateway.store.away = True
    problem(await gateway.put(), 503, "storage-away")
    gateway.store.away = False
    assert not gateway.rows.promised
    assert (await gateway.put()).status_code == 202
