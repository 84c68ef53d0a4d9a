"""Tasks that the status API knows: one that was really loaded, and copies of its row under other names."""

from __future__ import annotations

import asyncio

from benchmarks.bench import Bench
from benchmarks.files import SMALL_ROWS, write_small
from benchmarks.loading import loading
from sandbox.installation import Installation
from shared import ids

_COPY = """
INSERT INTO ingestion_tasks
SELECT (jsonb_populate_record(found, jsonb_build_object('id', $1::text, 'task_id', $2::text))).*
FROM ingestion_tasks found WHERE task_id = $3
"""


def known_tasks(bench: Bench, installation: Installation, count: int) -> list[str]:
    """Load a small file, and copy its row until there are `count`; their ids."""
    with loading(bench, installation) as both:
        _, task = both.ours_with_task(write_small(bench.scratch), SMALL_ROWS)
    loaded = str(task["task_id"])
    copies = [ids.fresh_task_id() for _ in range(count - 1)]
    asyncio.run(_copy(installation, loaded, copies))
    return [loaded, *copies]


async def _copy(installation: Installation, loaded: str, copies: list[str]) -> None:
    rows = [(str(ids.task_uuid_of(one)), one, loaded) for one in copies]
    async with installation.servers.connection(installation.name) as connection:
        await connection.executemany(_COPY, rows)
        await connection.execute("ANALYZE ingestion_tasks")
