"""A whole installation beside the running one: own database, bucket, topics and ports, on the same real servers."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import aioboto3
import asyncpg
import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

ROOT = Path(__file__).parents[2]
SERVICES = ("gateway", "validator", "submitter", "monitor", "projector")
ENDS = {"COMPLETED", "FAILED", "REJECTED", "CANCELLED", "SUPERSEDED"}
START_SECONDS = 60.0
END_SECONDS = 180.0
LOOK_SECONDS = 0.1


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Installation:
    """The five services as child processes; any of them can be killed, or started with a fail point."""

    def __init__(self, profile: Mapping[str, str], logs: Path) -> None:
        name = secrets.token_hex(4)
        self.name = f"e2e_{name}"
        self.prefix = f"e2e-{name}."
        self.bucket = f"e2e-{name}"
        self.ports = {service: free_port() for service in SERVICES}
        self.profile = profile
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("KAFKA_", "DB_", "S3_"))},
            **profile,
            "INGEST_PROFILE": os.devnull,
            "DB_NAME": self.name,
            "S3_BUCKET_NAME": self.bucket,
            "KAFKA_TOPIC_PREFIX": self.prefix,
            "KAFKA_PARTITIONS": "3",
            # A killed holder's lease runs out this much sooner than by default.
            **{f"{service.upper()}_LEASE_FOR": "4" for service in ("validator", "submitter", "monitor")},
            "VALIDATOR_WORK_DIR": str(logs / "work"),
            "INGEST_API_URL": f"http://127.0.0.1:{self.ports['gateway']}",
            **{f"{service.upper()}_PORT": str(port) for service, port in self.ports.items()},
        }
        self.http = httpx.Client(base_url=self.environment["INGEST_API_URL"], timeout=60, trust_env=False)
        self.druid = httpx.Client(base_url=profile["DRUID_URL"], timeout=60, trust_env=False)
        self.datasources: set[str] = set()
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._armed: set[str] = set()

    # ---------------------------------------------------------------------------------------------------- life

    def create(self) -> None:
        asyncio.run(self._create())
        self.command("db", "upgrade")
        self.command("topics", "create")
        for service in SERVICES:
            self.start(service, wait=False)
        for service in SERVICES:
            self.wait_ready(service)

    def destroy(self) -> None:
        for service in list(self._running):
            self.stop(service)
        for datasource in self.datasources:
            self.druid.delete(f"/druid/coordinator/v1/datasources/{datasource}")
        asyncio.run(self._destroy())
        self.http.close()
        self.druid.close()

    def start(self, service: str, *, failpoint: str | None = None, wait: bool = True) -> None:
        environment = self.environment | ({"INGEST_FAILPOINT": failpoint} if failpoint else {})
        (self._armed.add if failpoint else self._armed.discard)(service)
        with (self._logs / f"{service}.log").open("ab") as log:
            self._running[service] = subprocess.Popen(
                [sys.executable, "-m", f"services.{service}"], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        if wait:
            self.wait_ready(service)

    def restart(self, service: str, *, failpoint: str | None = None) -> None:
        if service in self._running:
            self.stop(service)
        self.start(service, failpoint=failpoint)

    def stop(self, service: str) -> int:
        process = self._running.pop(service)
        process.terminate()
        return process.wait(60)

    def revive(self, service: str) -> None:
        """Wait until the service has died at its fail point, and start it anew without one."""
        if service not in self._armed:
            return
        code = self._running.pop(service).wait(END_SECONDS)
        assert code == -signal.SIGKILL, f"{service} ended with {code}, not at its fail point"
        self.start(service)

    def wait_ready(self, service: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        url = f"http://127.0.0.1:{self.ports[service]}/readyz"
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(url, timeout=10, trust_env=False).is_success:
                    return
            assert self._running[service].poll() is None, f"{service} ended while starting; see {self._logs}"
            time.sleep(LOOK_SECONDS)
        message = f"{service} is not ready after {START_SECONDS:g} s; see {self._logs / service}.log"
        raise AssertionError(message)

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        program = Path(sys.executable).parent / "ingest"
        return subprocess.run(
            [str(program), *arguments], cwd=ROOT, env=self.environment, check=check, text=True, capture_output=True
        )

    def work_files(self) -> list[str]:
        """What validators have in their work folders now."""
        return [path.name for path in (self._logs / "work").rglob("*") if path.is_file()]

    # --------------------------------------------------------------------------------------------------- tasks

    def datasource(self) -> str:
        name = f"{self.name}_{secrets.token_hex(3)}"
        self.datasources.add(name)
        return name

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

    def task(self, task_id: str) -> dict[str, Any] | None:
        try:
            answer = self.http.get(f"/api/ingest/status/{task_id}")
        except httpx.TransportError:
            return None
        found: dict[str, Any] = answer.json()
        return found if answer.is_success else None

    def end(self, task_id: str) -> dict[str, Any]:
        """The task once it has ended."""
        deadline, task = time.monotonic() + END_SECONDS, None
        while time.monotonic() < deadline:
            task = self.task(task_id)
            if task and task["status"] in ENDS:
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

    def completed(self, task_id: str, *, read: int, rejected: int = 0) -> dict[str, Any]:
        """The task, COMPLETED, with a ledger in which every figure agrees with what was sent."""
        task = self.end(task_id)
        assert task["status"] == "COMPLETED", task
        ledger, accepted = task["ledger"], read - rejected
        assert ledger["status"] == "RECONCILED"
        assert (ledger["rows_read"], ledger["rows_accepted"], ledger["rows_rejected"]) == (read, accepted, rejected)
        assert ledger["rows_counted"] == accepted
        assert ledger["rows_processed"] in {accepted, None}
        return task

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

    def druid_tasks(self, task_id: str, datasource: str) -> list[str]:
        """Ids of the Druid tasks that were made for a task, sub-tasks left out."""
        answer = self.druid.get("/druid/indexer/v1/tasks", params={"datasource": datasource})
        answer.raise_for_status()
        return [one["id"] for one in answer.json() if one["id"].startswith(f"ingest_{task_id}_")]

    def history(self, task_id: str) -> list[dict[str, Any]]:
        """The bodies of a task's events, as the projector kept them."""
        return asyncio.run(self._history(task_id))

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

    # ------------------------------------------------------------------------------------------------- details

    def _s3(self) -> Any:
        return aioboto3.Session().client(
            "s3",
            endpoint_url=self.profile["S3_ENDPOINT_URL"],
            region_name=self.profile["AWS_REGION"],
            aws_access_key_id=self.profile["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.profile["AWS_SECRET_ACCESS_KEY"],
        )

    async def _connect(self, database: str) -> asyncpg.Connection:
        return await asyncpg.connect(
            host=self.profile["DB_HOST"],
            port=int(self.profile["DB_PORT"]),
            user=self.profile["DB_USER"],
            password=self.profile["DB_PASSWORD"],
            database=database,
        )

    async def _create(self) -> None:
        connection = await self._connect(self.profile["DB_NAME"])
        try:
            await connection.execute(f'CREATE DATABASE "{self.name}"')
        finally:
            await connection.close()
        async with self._s3() as s3:
            await s3.create_bucket(Bucket=self.bucket)

    async def _destroy(self) -> None:
        connection = await self._connect(self.profile["DB_NAME"])
        try:
            await connection.execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
        finally:
            await connection.close()
        async with self._s3() as s3:
            while found := (await s3.list_objects_v2(Bucket=self.bucket)).get("Contents"):
                for one in found:
                    await s3.delete_object(Bucket=self.bucket, Key=one["Key"])
            await s3.delete_bucket(Bucket=self.bucket)
        admin = AIOKafkaAdminClient(bootstrap_servers=self.profile["KAFKA_BOOTSTRAP_SERVERS"])
        await admin.start()
        try:
            await admin.delete_topics([name for name in await admin.list_topics() if name.startswith(self.prefix)])
        finally:
            await admin.close()

    async def _history(self, task_id: str) -> list[dict[str, Any]]:
        connection = await self._connect(self.name)
        try:
            rows = await connection.fetch("SELECT body FROM task_history WHERE task_id = $1", task_id)
        finally:
            await connection.close()
        return [json.loads(row["body"]) for row in rows]

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
        async with self._s3() as s3:
            await s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    async def _object(self, key: str) -> bytes:
        async with self._s3() as s3:
            answer = await s3.get_object(Bucket=self.bucket, Key=key)
            body: bytes = await answer["Body"].read()
            return body


@contextlib.contextmanager
def installed(profile: Mapping[str, str], logs: Path) -> Iterator[Installation]:
    installation = Installation(profile, logs)
    try:
        installation.create()
        yield installation
    finally:
        installation.destroy()
