"""Status reads at 200 a second, beside the same SELECT of the same rows by bare asyncpg at the same rate."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import asyncpg

from benchmarks.bench import Bench
from benchmarks.claim import Claim
from benchmarks.figure import Aim, Figure, Of, WrongAnswerError, percentile, summary
from benchmarks.known_tasks import known_tasks
from benchmarks.pacing import latencies
from sandbox.installation import Installation

PER_SECOND = 200
CONNECTIONS = 5  # of the peer: as many as the gateway's pool has
PROMPT = Aim(Of.OURS, 20)
MS = 1000
_SELECT = "SELECT * FROM ingestion_tasks WHERE task_id = $1"


def measure(bench: Bench) -> list[Figure]:
    """The median and the 99th percentile over all rounds."""
    with bench.installed() as installation:
        tasks = known_tasks(bench, installation, bench.scale.tasks)
        ours, peer = asyncio.run(_rounds(bench, installation, tasks))
    details = {"per_second": PER_SECOND, "ours_ms": summary(ours), "peer_ms": summary(peer)}
    return [
        Figure("p50, ms", percentile(ours, 50), percentile(peer, 50), None, details),
        Figure("p99, ms", percentile(ours, 99), percentile(peer, 99), PROMPT),
    ]


async def _rounds(bench: Bench, installation: Installation, tasks: list[str]) -> tuple[list[float], list[float]]:
    """Milliseconds of every read; a short round of each side is run first and thrown away."""
    ours: list[float] = []
    peer: list[float] = []
    base = installation.environment["INGEST_API_URL"]
    arguments = installation.servers.database_arguments(installation.name)
    async with (
        aiohttp.ClientSession(base, headers=installation.credentials, connector=aiohttp.TCPConnector(limit=0)) as http,
        asyncpg.create_pool(**arguments, min_size=CONNECTIONS, max_size=CONNECTIONS) as pool,
    ):
        await _read(lambda n: _over_http(http, tasks[n % len(tasks)]), 1)
        await _read(lambda n: _by_select(pool, tasks[n % len(tasks)]), 1)
        for round_ in range(1, bench.scale.read_rounds + 1):
            seconds = bench.scale.read_seconds
            a = await _read(lambda n: _over_http(http, tasks[n % len(tasks)]), seconds)
            b = await _read(lambda n: _by_select(pool, tasks[n % len(tasks)]), seconds)
            bench.say(f"round {round_}: p99 ours {percentile(a, 99):.2f} ms, peer {percentile(b, 99):.2f} ms")
            ours += a
            peer += b
    return ours, peer


async def _read(ask: Callable[[int], Awaitable[None]], seconds: float) -> list[float]:
    return [MS * one for one in await latencies(ask, per_second=PER_SECOND, seconds=seconds)]


async def _over_http(http: aiohttp.ClientSession, task_id: str) -> None:
    async with http.get(f"/api/ingest/status/{task_id}") as answer:
        body = await answer.json()
    if answer.status != 200 or body["task_id"] != task_id or body["status"] != "COMPLETED":  # noqa: PLR2004  # OK
        msg = f"the status of {task_id} was answered with {answer.status}: {body}"
        raise WrongAnswerError(msg)


async def _by_select(pool: asyncpg.Pool, task_id: str) -> None:
    row = await pool.fetchrow(_SELECT, task_id)
    if row is None or row["task_id"] != task_id:
        msg = f"PostgreSQL does not know {task_id}"
        raise WrongAnswerError(msg)


CLAIM = Claim("status", "Status reads at 200/s", "the same SELECT by bare asyncpg", measure)
