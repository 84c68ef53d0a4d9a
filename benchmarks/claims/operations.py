"""Single small operations, each beside the bare call that it rests on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from pydantic import SecretStr

from benchmarks.bench import Bench
from benchmarks.claim import Claim
from benchmarks.figure import Aim, Figure, Of, WrongAnswerError, percentile, summary
from benchmarks.files import write_small
from benchmarks.known_tasks import known_tasks
from benchmarks.sending import send
from sandbox.installation import Installation
from services.gateway.rows import FoundUpload, NewUpload, PostgresUploadRows
from shared import ids
from shared.db.engine import Database, DatabaseSettings
from shared.storage.s3 import S3ObjectStore
from shared.storage.settings import S3Settings

MS = 1000
AIMS_MS = {"upload": 1000, "status read": 200, "database write": 100, "S3 put": 500}
_INSERT = """
INSERT INTO uploads (task_id, tenant, state, datasource_name, object_key, file_uri, options)
VALUES ($1, 'default', 'RECEIVING', '', $2, $3, '{}') ON CONFLICT DO NOTHING RETURNING created_at
"""
_SELECT = "SELECT * FROM ingestion_tasks WHERE task_id = $1"

Call = Callable[[], Awaitable[None]]
Times = tuple[list[float], list[float]]


def measure(bench: Bench) -> list[Figure]:
    """The 95th percentile of each; nothing else happens meanwhile, so no validator is there to take the uploads."""
    with bench.installed() as installation:
        (task_id,) = known_tasks(bench, installation, 1)
        installation.stop("validator")
        times = asyncio.run(_all(bench, installation, task_id))
    return [
        Figure(
            f"{name}, p95, ms",
            percentile(ours, 95),
            percentile(peer, 95),
            Aim(Of.OURS, AIMS_MS[name]),
            {"ours_ms": summary(ours), "peer_ms": summary(peer)},
        )
        for name, (ours, peer) in times.items()
    ]


class _Ours:
    """The product's calls. Those over HTTP block the loop, on which nothing else runs."""

    def __init__(
        self, bench: Bench, installation: Installation, task_id: str, store: S3ObjectStore, rows: PostgresUploadRows
    ) -> None:
        self._path = write_small(bench.scratch)
        self._body = self._path.read_bytes()
        self._port, self._credentials = installation.ports["gateway"], installation.credentials
        self._task_id = task_id
        self._gateway = installation.gateway()
        self._store = store
        self._rows = rows

    async def upload(self) -> None:
        """To the 202, by a connection of its own, as the command line does it."""
        _, answer = send(self._path, port=self._port, datasource="bench", headers=self._credentials)
        _expect(answer["file_size"], len(self._body))

    async def status(self) -> None:
        """By a connection that is kept."""
        _expect(self._gateway.task(self._task_id)["status"], "COMPLETED")

    async def write(self) -> None:
        """The row with which an upload begins, in its transaction."""
        task_id = ids.fresh_task_id()
        begun = await self._rows.begin(NewUpload(task_id, f"uploads/{task_id}", f"s3://bench/{task_id}", None))
        _expect(isinstance(begun, FoundUpload), expected=False)

    async def put(self) -> None:
        """A small object."""
        stored = await self._store.put_bytes(f"ours/{ids.fresh_task_id()}", self._body)
        _expect(stored.size_bytes, len(self._body))


class _Bare:
    """The calls of the bare libraries."""

    def __init__(self, bench: Bench, bucket: str, task_id: str, s3: Any, connection: asyncpg.Connection) -> None:
        self._body = write_small(bench.scratch).read_bytes()
        self._bucket = bucket
        self._task_id = task_id
        self._s3 = s3
        self._connection = connection

    async def put(self) -> None:
        """A small object."""
        answer = await self._s3.put_object(Bucket=self._bucket, Key=f"bare/{ids.fresh_task_id()}", Body=self._body)
        _expect(answer["ResponseMetadata"]["HTTPStatusCode"], 200)

    async def status(self) -> None:
        """The row of a task."""
        row = await self._connection.fetchrow(_SELECT, self._task_id)
        _expect(row and row["status"], "COMPLETED")

    async def write(self) -> None:
        """The same row, in a transaction of its own."""
        task_id = ids.fresh_task_id()
        written = await self._connection.fetchval(_INSERT, task_id, f"uploads/{task_id}", f"s3://bench/{task_id}")
        _expect(written is None, expected=False)


async def _all(bench: Bench, installation: Installation, task_id: str) -> dict[str, Times]:
    """Milliseconds of each operation, both ways."""
    async with _both(bench, installation, task_id) as (ours, bare):
        pairs: dict[str, tuple[Call, Call]] = {
            "upload": (ours.upload, bare.put),
            "status read": (ours.status, bare.status),
            "database write": (ours.write, bare.write),
            "S3 put": (ours.put, bare.put),
        }
        return {name: await _in_turn(bench, name, *pair) for name, pair in pairs.items()}


@asynccontextmanager
async def _both(bench: Bench, installation: Installation, task_id: str) -> AsyncIterator[tuple[_Ours, _Bare]]:
    store = S3ObjectStore(_s3_settings(installation))
    database = Database(_database_settings(installation))
    servers = installation.servers
    try:
        async with servers.s3() as s3, servers.connection(installation.name) as connection:
            yield (
                _Ours(bench, installation, task_id, store, PostgresUploadRows(database)),
                _Bare(bench, installation.bucket, task_id, s3, connection),
            )
    finally:
        await store.close()
        await database.close()


async def _in_turn(bench: Bench, name: str, ours: Call, peer: Call) -> Times:
    """One call of each side after the other; the first of each is not counted."""
    times: Times = ([], [])
    for _ in range(bench.scale.operations + 1):
        for side, call in zip(times, (ours, peer), strict=True):
            started = time.perf_counter()
            await call()
            side.append(MS * (time.perf_counter() - started))
    kept = times[0][1:], times[1][1:]
    bench.say(f"{name}: p95 ours {percentile(kept[0], 95):.1f} ms, peer {percentile(kept[1], 95):.1f} ms")
    return kept


def _expect(found: object, expected: object) -> None:
    if found != expected:
        msg = f"{found!r} came back where {expected!r} was expected"
        raise WrongAnswerError(msg)


def _s3_settings(installation: Installation) -> S3Settings:
    profile = installation.profile
    return S3Settings(
        s3_endpoint_url=profile["S3_ENDPOINT_URL"],
        s3_bucket_name=installation.bucket,
        aws_region=profile["AWS_REGION"],
        aws_access_key_id=profile["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=SecretStr(profile["AWS_SECRET_ACCESS_KEY"]),
    )


def _database_settings(installation: Installation) -> DatabaseSettings:
    profile = installation.profile
    return DatabaseSettings(
        host=profile["DB_HOST"],
        port=int(profile["DB_PORT"]),
        user=profile["DB_USER"],
        password=SecretStr(profile["DB_PASSWORD"]),
        name=installation.name,
    )


CLAIM = Claim("operations", "Single operations", "the bare put, SELECT and INSERT", measure)
