"""The gateway's process, over HTTP: what is accepted, what a death at each fail point leaves, what is refused."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from sqlalchemy import select

from services.gateway.rows import FoundUpload, PostgresUploadRows, UploadState
from shared import ids
from shared.db.engine import Database
from shared.db.models import OutboxRow
from shared.kafka.settings import KafkaSettings
from shared.storage.port import ObjectNotFoundError
from shared.storage.s3 import S3ObjectStore
from tests.integration.gateway.conftest import ROOT, Process, Start
from tests.unit.gateway.forms import CONTENT_TYPE, upload_form

MIB = 1024 * 1024
UPLOAD = "/api/ingest/upload"
NOBODY = "127.0.0.1:1"
DEADLINE_SECONDS = 30.0
# A chunk has 64 to 256 KiB: the hundredth of 40 MiB comes behind the first part and before the end.
MID_STREAM = {"INGEST_FAILPOINT": "G2@100", "S3_PART_BYTES": str(5 * MIB)}


def post(
    gateway: Process, body: bytes | Iterator[bytes], *, key: str | None = None, content_type: str = CONTENT_TYPE
) -> httpx.Response:
    headers = {"content-type": content_type} | ({} if key is None else {"idempotency-key": key})
    return gateway.client.post(UPLOAD, content=body, headers=headers)


def slug(response: httpx.Response) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    kind: str = response.json()["type"]
    return kind.removeprefix("urn:ingest:problem:")


async def until(reached: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not await reached():
        assert time.monotonic() < deadline, "it did not come"
        await asyncio.sleep(0.05)


async def row_of(database: Database, task_id: str) -> FoundUpload | None:
    return await PostgresUploadRows(database).find(task_id)


async def unfinished(store: S3ObjectStore, task_id: str) -> int:
    """How many multipart uploads of the task the store knows."""
    client = await store.client()
    listed = await client.list_multipart_uploads(Bucket=store.bucket, Prefix=f"uploads/{task_id}")
    return len(listed.get("Uploads", []))


async def promised(database: Database, task_id: str) -> int:
    async with database.transaction() as connection:
        asking = select(OutboxRow.event_id).where(OutboxRow.key == task_id)
        return len((await connection.execute(asking)).all())


async def published(settings: KafkaSettings, task_id: str) -> list[dict[str, Any]]:
    """Every record of the task that the topic has by now."""
    consumer = AIOKafkaConsumer(
        f"{settings.topic_prefix}file.uploaded",
        bootstrap_servers=settings.bootstrap_servers,
        auto_offset_reset="earliest",
        group_id=None,
    )
    await consumer.start()
    try:
        found = []
        while batch := await consumer.getmany(timeout_ms=1000):
            found += [record for records in batch.values() for record in records if record.key == task_id.encode()]
        return [json.loads(record.value) for record in found]
    finally:
        await consumer.stop()


# ---------------------------------------------------------------------------------------------------------- accepted


async def test_large_file_goes_through_whole_and_is_announced(
    gateway: Process, store: S3ObjectStore, database: Database, kafka_settings: KafkaSettings
) -> None:
    content = os.urandom(20 * MIB + 11)
    response = post(gateway, upload_form(content, filename="Messung.CSV.gz", datasource="Füße 1", file_first=True))
    assert response.status_code == 202
    task_id = response.json()["task_id"]
    key = f"uploads/{task_id}.csv.gz"
    digest = hashlib.sha256()
    async for piece in store.read(key):
        digest.update(piece)
    assert digest.hexdigest() == response.json()["sha256"] == hashlib.sha256(content).hexdigest()
    await until(lambda: _nothing_promised(database, task_id))
    [event] = await published(kafka_settings, task_id)
    assert event["file_uri"] == f"s3://{store.bucket}/{key}"
    assert (event["datasource_name"], event["file_size"]) == ("Füße 1", len(content))
    assert event["etag"] == (await store.head(key)).etag


async def _nothing_promised(database: Database, task_id: str) -> bool:
    return await promised(database, task_id) == 0


async def test_task_can_be_asked_for_as_soon_as_it_is_accepted(gateway: Process) -> None:
    response = post(gateway, upload_form())
    status = gateway.client.get(response.headers["location"])
    assert status.status_code == 200
    assert (status.json()["status"], status.json()["file_size"]) == ("PENDING", len(b"time,n\n2026-01-01,1\n"))


async def test_eight_at_once_are_eight_tasks(gateway: Process, store: S3ObjectStore) -> None:
    async with httpx.AsyncClient(base_url=gateway.client.base_url, timeout=60, trust_env=False) as client:
        bodies = [upload_form(bytes([number]) * (2 * MIB)) for number in range(8)]
        headers = {"content-type": CONTENT_TYPE}
        responses = await asyncio.gather(*(client.post(UPLOAD, content=body, headers=headers) for body in bodies))
    assert [response.status_code for response in responses] == [202] * 8
    for number, response in enumerate(responses):
        found = [piece async for piece in store.read(f"uploads/{response.json()['task_id']}.csv")]
        assert set(b"".join(found)) == {number}


def test_health_pages(gateway: Process) -> None:
    assert gateway.client.get("/").status_code == 200
    assert gateway.client.get("/livez").status_code == 200
    ready = gateway.client.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]) == (200, {"postgresql": "ok", "s3": "ok", "kafka": "ok"})


# ----------------------------------------------------------------------------------------------------------- refused


def test_body_that_is_cut_off_is_no_upload(gateway: Process) -> None:
    response = post(gateway, upload_form(b"x" * (9 * MIB), closed=False))
    assert (response.status_code, slug(response)) == (400, "incomplete-body")


async def test_client_that_goes_away_leaves_nothing(gateway: Process, store: S3ObjectStore, database: Database) -> None:
    task_id = ids.idempotent_task_id(tenant="default", idempotency_key="goes-away")
    body = upload_form(b"x" * (20 * MIB))
    with socket.create_connection(("127.0.0.1", gateway.client.base_url.port or 0)) as connection:
        head = f"POST {UPLOAD} HTTP/1.1\r\nHost: x\r\nContent-Type: {CONTENT_TYPE}\r\nIdempotency-Key: goes-away\r\n"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[: 12 * MIB])
        await until(lambda: _is_receiving(database, task_id))
    await until(lambda: _has_no_row(database, task_id))
    assert await unfinished(store, task_id) == 0
    with pytest.raises(ObjectNotFoundError):
        await store.head(f"uploads/{task_id}.csv")


async def _is_receiving(database: Database, task_id: str) -> bool:
    found = await row_of(database, task_id)
    return found is not None and found.state is UploadState.RECEIVING


async def _has_no_row(database: Database, task_id: str) -> bool:
    return await row_of(database, task_id) is None


@pytest.mark.parametrize("announced", [True, False])
def test_too_large_a_file_is_refused_while_it_is_sent(start: Start, *, announced: bool) -> None:
    gateway = start(MAX_UPLOAD_BYTES=str(2 * MIB))
    body = upload_form(b"x" * (64 * MIB))
    response = post(gateway, body if announced else (body[start : start + MIB] for start in range(0, len(body), MIB)))
    assert (response.status_code, slug(response)) == (413, "too-large")
    assert gateway.client.get("/").status_code == 200


def test_objects_and_tasks_that_are_not_there(gateway: Process) -> None:
    missing = gateway.client.get(f"/api/ingest/status/{ids.fresh_task_id()}")
    assert (missing.status_code, slug(missing)) == (404, "unknown-task")
    assert slug(gateway.client.get("/api/ingest/status/nonsense")) == "unknown-task"
    assert slug(gateway.client.delete(UPLOAD)) == "method-not-allowed"


def test_other_hosts_and_taken_ports_are_one_clear_line(gateway: Process, environment: dict[str, str]) -> None:
    taken = str(gateway.client.base_url.port)
    for variables, words in (
        ({"GATEWAY_HOST": "0.0.0.0"}, "loopback"),  # noqa: S104  # that it is refused is the point
        ({"GATEWAY_PORT": taken}, taken),
        ({"MAX_UPLOAD_BYTES": "many"}, "MAX_UPLOAD_BYTES"),
    ):
        ended = subprocess.run(
            [sys.executable, "-m", "services.gateway"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **environment, **variables},
            capture_output=True,
            text=True,
            timeout=DEADLINE_SECONDS,
            check=False,
        )
        assert ended.returncode == 1
        [line] = [line for line in ended.stderr.splitlines() if '"level"' not in line]
        assert words in line


# ---------------------------------------------------------------------------------------------- servers that are away


async def test_kafka_away_fails_no_upload(start: Start, database: Database) -> None:
    gateway = start(KAFKA_BOOTSTRAP_SERVERS=NOBODY)
    response = post(gateway, upload_form())
    assert response.status_code == 202
    assert await promised(database, response.json()["task_id"]) == 1
    assert gateway.client.get("/livez").status_code == 200
    ready = gateway.client.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["checks"]["kafka"] != "ok"


def test_object_store_away_is_said(start: Start) -> None:
    gateway = start(S3_ENDPOINT_URL=f"http://{NOBODY}", S3_ATTEMPTS="1")
    for size in (10, 20 * MIB):
        response = post(gateway, upload_form(b"x" * size))
        assert (response.status_code, slug(response)) == (503, "storage-away")
        assert int(response.headers["retry-after"]) > 0


def test_wrong_credentials_of_the_object_store_are_said_without_them(start: Start) -> None:
    gateway = start(AWS_SECRET_ACCESS_KEY="wrong-secret")
    response = post(gateway, upload_form())
    assert (response.status_code, slug(response)) == (503, "storage-refused")
    assert "wrong-secret" not in response.text + gateway.log.read_text()


def test_database_away_is_said(start: Start) -> None:
    gateway = start(DB_PORT="1")
    response = post(gateway, upload_form())
    assert (response.status_code, slug(response)) == (503, "database-away")
    status = gateway.client.get(f"/api/ingest/status/{ids.fresh_task_id()}")
    assert (status.status_code, slug(status)) == (503, "database-away")


# ------------------------------------------------------------------------------------------------ deaths and their end


def die(gateway: Process, body: bytes, *, key: str) -> str:
    """Send an upload to a gateway that dies at its fail point; returns the task's id."""
    with pytest.raises(httpx.TransportError):
        post(gateway, body, key=key)
    gateway.process.wait(DEADLINE_SECONDS)
    return ids.idempotent_task_id(tenant="default", idempotency_key=key)


async def test_death_before_the_row_leaves_nothing(start: Start, database: Database) -> None:
    task_id = die(start(INGEST_FAILPOINT="G1"), upload_form(), key="g1")
    assert await row_of(database, task_id) is None
    assert post(start(), upload_form(), key="g1").status_code == 202


async def test_death_in_mid_stream_is_swept(start: Start, store: S3ObjectStore, database: Database) -> None:
    task_id = die(start(**MID_STREAM), upload_form(b"x" * (40 * MIB)), key="g2")
    assert await _is_receiving(database, task_id)
    assert await unfinished(store, task_id) == 1
    start(UPLOAD_TIMEOUT="PT0.001S", UPLOAD_EXPIRY="PT0.002S", SWEEP_INTERVAL="PT0.1S")
    await until(lambda: _has_no_row(database, task_id))
    assert await unfinished(store, task_id) == 0


async def test_death_in_mid_stream_can_be_sent_again_at_once(
    start: Start, store: S3ObjectStore, database: Database
) -> None:
    body = upload_form(b"x" * (40 * MIB))
    task_id = die(start(**MID_STREAM), body, key="g2-again")
    assert await _is_receiving(database, task_id)
    response = post(start(), body, key="g2-again")
    assert (response.status_code, response.json()["task_id"]) == (202, task_id)
    assert (await store.head(f"uploads/{task_id}.csv")).size_bytes == 40 * MIB
    assert await unfinished(store, task_id) == 0


@pytest.mark.parametrize("size", [10, 20 * MIB])
async def test_death_before_the_commit_uses_the_object_again(
    start: Start, store: S3ObjectStore, database: Database, size: int
) -> None:
    key = f"g3-{size}"
    task_id = die(start(INGEST_FAILPOINT="G3"), upload_form(b"x" * size), key=key)
    orphan = await store.head(f"uploads/{task_id}.csv")
    assert await _is_receiving(database, task_id)
    gateway = start()
    assert slug(post(gateway, upload_form(b"y" * size), key=key)) == "upload-in-flight"
    response = post(gateway, upload_form(b"x" * size), key=key)
    assert (response.status_code, response.json()["task_id"]) == (202, task_id)
    assert await store.head(f"uploads/{task_id}.csv") == orphan


async def test_death_before_the_commit_is_swept(start: Start, store: S3ObjectStore, database: Database) -> None:
    task_id = die(start(INGEST_FAILPOINT="G3"), upload_form(), key="g3-swept")
    await store.head(f"uploads/{task_id}.csv")
    start(UPLOAD_TIMEOUT="PT0.001S", UPLOAD_EXPIRY="PT0.002S", SWEEP_INTERVAL="PT0.1S")
    await until(lambda: _has_no_row(database, task_id))
    with pytest.raises(ObjectNotFoundError):
        await store.head(f"uploads/{task_id}.csv")


async def test_lost_answer_is_replayed_and_announced_once(
    start: Start, database: Database, kafka_settings: KafkaSettings
) -> None:
    task_id = die(start(INGEST_FAILPOINT="G5"), upload_form(), key="g5")
    gateway = start()
    response = post(gateway, upload_form(), key="g5")
    assert (response.status_code, response.json()["task_id"]) == (202, task_id)
    assert response.headers["idempotent-replayed"] == "true"
    assert slug(post(gateway, upload_form(b"other"), key="g5")) == "idempotency-key-reused"
    await until(lambda: _nothing_promised(database, task_id))
    assert len({event["task_id"] for event in await published(kafka_settings, task_id)}) == 1


async def test_request_under_way_is_finished_before_the_end(start: Start, database: Database) -> None:
    gateway = start()
    task_id = ids.idempotent_task_id(tenant="default", idempotency_key="under-way")
    body = upload_form(b"x" * MIB)
    with socket.create_connection(("127.0.0.1", gateway.client.base_url.port or 0)) as connection:
        head = f"POST {UPLOAD} HTTP/1.1\r\nHost: x\r\nContent-Type: {CONTENT_TYPE}\r\nIdempotency-Key: under-way\r\n"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:1000])
        await until(lambda: _is_receiving(database, task_id))
        gateway.process.terminate()
        await until(lambda: _refuses_connections(gateway))
        connection.sendall(body[1000:])
        assert connection.recv(65_536).startswith(b"HTTP/1.1 202")
    gateway.process.wait(DEADLINE_SECONDS)
    assert "Traceback" not in gateway.log.read_text()


async def _refuses_connections(gateway: Process) -> bool:
    try:
        socket.create_connection(("127.0.0.1", gateway.client.base_url.port or 0)).close()
    except ConnectionRefusedError:
        return True
    return False
