"""What the validator made of a file, and the file itself, through a real gateway from a real object store."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import json
import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio

from shared import ids
from shared.db.engine import Database
from shared.storage.s3 import S3ObjectStore
from tests.integration.gateway.conftest import Process
from tests.integration.gateway.test_corrections import show
from tests.unit.projector.histories import loaded, validated

ROWS = 200_000
REPORT: dict[str, Any] = {
    "format": "delimited",
    "dialect": {"delimiter": ",", "quote": '"', "header": True, "header_text": "day,city"},
    "columns": [],
    "timestamp": {"column": "day"},
}


def reject(record: int) -> dict[str, Any]:
    error = {"code": "timestamp_invalid", "column": "day", "value": "soon", "message": "no time", "suggestion": None}
    fields = {"day": "soon", "city": f"{hashlib.sha512(str(record).encode()).hexdigest()} {record}"}
    place = {"record": record, "line": record + 1, "byte_offset": 7 * record, "raw": ",".join(fields.values())}
    return {**place, "fields": fields, "errors": [error]}


def memory_mib(gateway: Process) -> float:
    """The most that the process has had in memory so far."""
    status = Path(f"/proc/{gateway.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


@pytest_asyncio.fixture
async def task_id(database: Database, store: S3ObjectStore, tmp_path: Path) -> str:
    """A COMPLETED task with 200,000 rejected rows, which take 100 MB."""
    task_id = ids.fresh_task_id()
    key = f"rejected/{task_id}/r/rejects.ndjson.gz"
    path = tmp_path / "rejects.ndjson.gz"
    with gzip.open(path, "wt", compresslevel=1) as file:
        file.writelines(json.dumps(reject(record), separators=(",", ":")) + "\n" for record in range(1, ROWS + 1))
    await store.put_file(key, path)
    report_key = f"reports/{task_id}/r/report.json"
    await store.put_bytes(report_key, json.dumps(REPORT).encode())
    kept = validated(task_id, rows_rejected=ROWS, report_key=report_key, rejects_key=key)
    await show(database, task_id, [*loaded(task_id)[:2], kept, *loaded(task_id)[3:]])
    return task_id


def lines(gateway: Process, path: str) -> Iterator[bytes]:
    with gateway.client.stream("GET", path) as answer:
        assert answer.status_code == 200
        yield from answer.iter_raw(65_536)


async def test_rejected_rows_are_sent_in_every_form_without_being_held(gateway: Process, task_id: str) -> None:
    base = f"/api/ingest/tasks/{task_id}"
    assert gateway.client.get(f"{base}/report").json() == REPORT
    before = memory_mib(gateway)
    sent = {
        wanted: b"".join(lines(gateway, f"{base}/rejects?format={wanted}"))
        for wanted in ("ndjson", "original", "csv", "xlsx")
    }
    assert memory_mib(gateway) - before < 48, "of 100 MB of rows"
    assert json.loads(sent["ndjson"].splitlines()[-1]) == reject(ROWS)
    assert sent["original"].decode().split("\n")[:2] == ["day,city", reject(1)["raw"]]
    assert len(sent["original"].splitlines()) == ROWS + 1
    last = sent["csv"].decode().splitlines()[-1]
    assert last == f"{ROWS},soon,{reject(ROWS)['fields']['city']},timestamp_invalid in day: no time"
    assert sent["xlsx"].startswith(b"PK")


async def test_pages_of_problems_go_on_deep_in_the_file(gateway: Process, task_id: str) -> None:
    where = f"/api/ingest/tasks/{task_id}/problems?limit=1000&column=day"
    records: list[int] = []
    for _ in range(3):
        answer = gateway.client.get(where)
        records += [one["record"] for one in answer.json()["problems"]]
        where = answer.links["next"]["url"]
    assert records == list(range(1, 3001))
    rare = gateway.client.get(f"/api/ingest/tasks/{task_id}/problems?rule=field_count").json()
    assert (rare["problems"], rare["next_cursor"]) == ([], None)


def test_the_file_is_had_from_the_store_under_its_name(gateway: Process) -> None:
    content = b"day\n2026-01-01\n"
    query = {"datasource_name": f"d{ids.fresh_task_id()}", "filename": "märz 1.csv"}
    accepted = gateway.client.put("/api/ingest/upload", params=query, content=content)
    assert accepted.status_code == 202, accepted.text
    answer = gateway.client.get(f"/api/ingest/tasks/{accepted.json()['task_id']}/content")
    assert answer.status_code == 307
    had = httpx.get(answer.headers["location"], trust_env=False)
    assert (had.status_code, had.content) == (200, content)
    assert "filename*=UTF-8''m%C3%A4rz%201.csv" in had.headers["content-disposition"]
    changed = answer.headers["location"].replace("X-Amz-Expires=300", "X-Amz-Expires=3000")
    assert changed != answer.headers["location"]
    assert httpx.get(changed, trust_env=False).status_code == 403, "nobody makes it live longer"


async def test_what_has_another_digest_or_is_cut_off_leaves_nothing(gateway: Process, store: S3ObjectStore) -> None:
    content = os.urandom(12_000_000)  # so that a multipart upload is under way
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    key = ids.fresh_task_id()
    path = "/api/ingest/upload?datasource_name=cut&filename=a.csv"
    headers = {"content-digest": f"sha-256=:{digest}:", "idempotency-key": key}
    refused = gateway.client.put(path, content=content + b"x", headers=headers)
    assert (refused.status_code, refused.json()["type"]) == (400, "urn:ingest:problem:digest-mismatch")
    address = gateway.client.base_url
    with socket.create_connection((address.host, address.port)) as raw:
        head = f"PUT {path} HTTP/1.1\r\nhost: x\r\nidempotency-key: {key}\r\ncontent-length: {len(content)}\r\n\r\n"
        raw.sendall(head.encode() + content[:9_000_000])
    deadline = time.monotonic() + 20
    while (accepted := gateway.client.put(path, content=content, headers=headers)).status_code == 409:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    assert accepted.status_code == 202, accepted.text
    task_id = accepted.json()["task_id"]
    assert [found.size_bytes async for found in store.list(f"uploads/{task_id}")] == [len(content)]
    assert await store.abort_uploads(f"uploads/{task_id}.csv") == 0
