"""An installation to be tested: services that die at a line, and questions about what became of a file."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import io
import json
import secrets
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from sandbox import installation
from sandbox.installation import ROOT, START_SECONDS, free_port

__all__ = ["ROOT", "Installation", "free_port", "installed"]

ENDS = {"COMPLETED", "FAILED", "REJECTED", "CANCELLED", "SUPERSEDED"}
END_SECONDS = 180.0
LOOK_SECONDS = 0.1
INBOXES = ("validation_jobs", "submissions", "druid_watch", "verifications")
PACE = {
    "KAFKA_PARTITIONS": "3",
    # A killed holder's lease runs out this much sooner than by default.
    **{f"{service.upper()}_LEASE_FOR": "4" for service in ("validator", "submitter", "monitor")},
}


class Installation(installation.Installation):
    """The five services; any of them can be killed, or started with a fail point."""

    def __init__(self, profile: Mapping[str, str], logs: Path) -> None:
        super().__init__(profile, logs, kind="e2e", more=PACE)
        self.http = httpx.Client(base_url=self.environment["INGEST_API_URL"], timeout=60, trust_env=False)
        self.druid = httpx.Client(base_url=profile["DRUID_URL"], timeout=60, trust_env=False)
        self._armed: set[str] = set()

    # ---------------------------------------------------------------------------------------------------- life

    def destroy(self) -> None:
        super().destroy()
        self.http.close()
        self.druid.close()

    def start(self, service: str, *, failpoint: str | None = None, wait: bool = True) -> None:
        (self._armed.add if failpoint else self._armed.discard)(service)
        super().start(service, failpoint=failpoint, wait=wait)

    def revive(self, service: str) -> None:
        """Wait until the service has died at its fail point, and start it anew without one."""
        if service not in self._armed:
            return
        code = self.died(service, END_SECONDS)
        assert code == -signal.SIGKILL, f"{service} ended with {code}, not at its fail point"
        self.start(service)

    def work_files(self) -> list[str]:
        """What validators have in their work folders now."""
        return [path.name for path in (self._logs / "work").rglob("*") if path.is_file()]

    # --------------------------------------------------------------------------------------------------- tasks

    def upload(self, content: bytes | Path, datasource: str, *, filename: str = "rows.csv", **fields: str) -> str:
        """Send a file; the task id of the 202. A cut answer is repeated with the same Idempotency-Key."""
        headers = {"Idempotency-Key": secrets.token_hex(8)}
        data = {"datasource_name": datasource, **fields}
        deadline = time.monotonic() + START_SECONDS
        while True:
            opened = content.open("rb") if isinstance(content, Path) else io.BytesIO(content)
            try:
                files = {"file": (filename, opened)}
                answer = self.http.post("/api/ingest/upload", data=data, files=files, headers=headers)
            except httpx.TransportError:
                assert time.monotonic() < deadline
                self.revive("gateway")
                continue
            finally:
                opened.close()
            assert answer.status_code == 202, answer.text
            task_id: str = answer.json()["task_id"]
            return task_id

    def correct(self, parent: str, content: bytes, *, filename: str = "rejects.ndjson") -> str:
        """Send corrected rows of a task; the task id of the 202."""
        files = {"file": (filename, content)}
        answer = self.http.post(f"/api/ingest/tasks/{parent}/corrections", files=files)
        assert answer.status_code == 202, answer.text
        task_id: str = answer.json()["task_id"]
        return task_id

    def undo(self, task_id: str) -> str:
        """Ask for a load to be taken back; the id of the task that does it."""
        answer = self.http.post(f"/api/ingest/tasks/{task_id}/undo")
        assert answer.status_code == 202, answer.text
        undo_id: str = answer.json()["task_id"]
        return undo_id

    def gap(self, task_id: str) -> int:
        """The rejected rows of a task that are neither corrected nor waived."""
        task = self.task(task_id)
        assert task is not None
        found: int = task["corrections"]["gap"]
        return found

    def gap_becomes(self, task_id: str, rows: int) -> None:
        """Wait until the projector has seen what closes the gap."""
        deadline = time.monotonic() + END_SECONDS
        while (gap := self.gap(task_id)) != rows:
            assert time.monotonic() < deadline, gap
            time.sleep(LOOK_SECONDS)

    def rejects(self, task_id: str) -> list[dict[str, Any]]:
        """The rejected rows of a task."""
        task = self.task(task_id)
        assert task is not None
        lines = gzip.decompress(self.object(task["rejects_key"])).decode().splitlines()
        return [json.loads(line) for line in lines]

    def task(self, task_id: str) -> dict[str, Any] | None:
        try:
            answer = self.http.get(f"/api/ingest/status/{task_id}")
        except httpx.TransportError:
            return None
        found: dict[str, Any] = answer.json()
        return found if answer.is_success else None

    def end(self, task_id: str, *, attempt: int = 1) -> dict[str, Any]:
        """The task once this attempt, or a later one, has ended."""
        deadline, task = time.monotonic() + END_SECONDS, None
        while time.monotonic() < deadline:
            task = self.task(task_id)
            if task and task["status"] in ENDS and task["attempt"] >= attempt:
                return task
            time.sleep(LOOK_SECONDS)
        message = f"the task has not ended after {END_SECONDS:g} s: {task}"
        raise AssertionError(message)

    def reached(self, task_id: str, status: str) -> None:
        """Wait until the task is in this very state."""
        deadline = time.monotonic() + END_SECONDS
        while (task := self.task(task_id)) is None or task["status"] != status:
            assert time.monotonic() < deadline, task
            time.sleep(LOOK_SECONDS)

    def completed(self, task_id: str, *, read: int, rejected: int = 0, attempt: int = 1) -> dict[str, Any]:
        """The task, COMPLETED, with a ledger in which every figure agrees with what was sent."""
        task = self.end(task_id, attempt=attempt)
        assert task["status"] == "COMPLETED", task
        ledger, accepted = task["ledger"], read - rejected
        assert ledger["status"] == "RECONCILED"
        assert (ledger["rows_read"], ledger["rows_accepted"], ledger["rows_rejected"]) == (read, accepted, rejected)
        assert ledger["rows_counted"] == accepted
        assert ledger["rows_processed"] in {accepted, None}
        return task

    def settled(self) -> None:
        """Wait until no row of any inbox is open: what a dead holder has left is said again up to a lease later."""
        deadline = time.monotonic() + END_SECONDS
        while open_rows := asyncio.run(self._open_rows()):
            assert time.monotonic() < deadline, f"{open_rows} rows are still open"
            time.sleep(LOOK_SECONDS)

    # ---------------------------------------------------------------------------------------- the real servers

    def sql(self, query: str) -> list[dict[str, Any]]:
        answer = self.druid.post("/druid/v2/sql", json={"query": query})
        answer.raise_for_status()
        rows: list[dict[str, Any]] = answer.json()
        return rows

    def count(self, datasource: str) -> int:
        rows = self.sql(f'SELECT COUNT(*) AS n FROM "{datasource}"')  # noqa: S608  # a name that the test has made
        found: int = rows[0]["n"]
        return found

    def sums(self, datasource: str) -> dict[str, tuple[int, int]]:
        """How many rows Druid has of each task, and the sum of their ids."""
        query = f'SELECT ingest_task_id, COUNT(*) AS n, SUM(id) AS total FROM "{datasource}" GROUP BY 1'  # noqa: S608  # a name that the test has made
        return {row["ingest_task_id"]: (row["n"], row["total"]) for row in self.sql(query)}

    def druid_tasks(self, task_id: str, datasource: str) -> list[str]:
        """Ids of the Druid tasks that were made for a task, sub-tasks left out."""
        answer = self.druid.get("/druid/indexer/v1/tasks", params={"datasource": datasource})
        answer.raise_for_status()
        return [one["id"] for one in answer.json() if one["id"].startswith(f"ingest_{task_id}_")]

    def history(self, task_id: str) -> list[dict[str, Any]]:
        """The bodies of a task's events, as the projector kept them."""
        return asyncio.run(self._history(task_id))

    def spec(self, task_id: str) -> dict[str, Any]:
        """The Druid task of a task's first attempt, as it was frozen before it was posted."""
        return asyncio.run(self._spec(task_id))

    def ends(self, task_id: str) -> list[str]:
        """The end states that were ever published about a task, each distinct event once."""
        return [body["status"] for body in self.history(task_id) if body.get("status") in ENDS]

    def publish(
        self, topic: str, value: bytes, *, key: bytes | None = None, headers: Any = (), copies: int = 1
    ) -> None:
        asyncio.run(self._publish(topic, value, key, headers, copies))

    def records(self, topic: str) -> list[Any]:
        """Every record of a topic up to now."""
        return asyncio.run(self._records(topic))

    def store_object(self, key: str, body: bytes) -> str:
        asyncio.run(self._store(key, body))
        return f"s3://{self.bucket}/{key}"

    def object(self, key: str) -> bytes:
        return asyncio.run(self._object(key))

    def objects(self, prefix: str) -> list[str]:
        """The keys that begin so."""
        return asyncio.run(self._objects(prefix))

    # ------------------------------------------------------------------------------------------------- details

    async def _open_rows(self) -> int:
        counts = " + ".join(f"(SELECT COUNT(*) FROM {inbox} WHERE done_at IS NULL)" for inbox in INBOXES)  # noqa: S608  # names of ours
        async with self.servers.connection(self.name) as connection:
            found: int = await connection.fetchval(f"SELECT {counts}")
        return found

    async def _history(self, task_id: str) -> list[dict[str, Any]]:
        async with self.servers.connection(self.name) as connection:
            rows = await connection.fetch("SELECT body FROM task_history WHERE task_id = $1", task_id)
        return [json.loads(row["body"]) for row in rows]

    async def _spec(self, task_id: str) -> dict[str, Any]:
        asking = "SELECT spec FROM submissions WHERE task_id = $1 AND attempt = 1"
        async with self.servers.connection(self.name) as connection:
            found: dict[str, Any] = json.loads(await connection.fetchval(asking, task_id))
        return found

    async def _publish(self, topic: str, value: bytes, key: bytes | None, headers: Any, copies: int) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.profile["KAFKA_BOOTSTRAP_SERVERS"])
        await producer.start()
        try:
            for _ in range(copies):
                await producer.send_and_wait(self.prefix + topic, value=value, key=key, headers=list(headers))
        finally:
            await producer.stop()

    async def _records(self, topic: str) -> list[Any]:
        consumer = AIOKafkaConsumer(
            self.prefix + topic,
            bootstrap_servers=self.profile["KAFKA_BOOTSTRAP_SERVERS"],
            auto_offset_reset="earliest",
        )
        await consumer.start()
        found: list[Any] = []
        try:
            ends = await consumer.end_offsets(consumer.assignment())
            while any([await consumer.position(partition) < end for partition, end in ends.items()]):
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    found.extend(records)
        finally:
            await consumer.stop()
        return found

    async def _store(self, key: str, body: bytes) -> None:
        async with self.servers.s3() as s3:
            await s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    async def _objects(self, prefix: str) -> list[str]:
        async with self.servers.s3() as s3:
            answer = await s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix)
            return [one["Key"] for one in answer.get("Contents", [])]

    async def _object(self, key: str) -> bytes:
        async with self.servers.s3() as s3:
            answer = await s3.get_object(Bucket=self.bucket, Key=key)
            body: bytes = await answer["Body"].read()
            return body


@contextlib.contextmanager
def installed(profile: Mapping[str, str], logs: Path) -> Iterator[Installation]:
    running = Installation(profile, logs)
    try:
        running.create()
        yield running
    finally:
        running.destroy()
