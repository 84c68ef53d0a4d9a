"""Writes canonical parts, posts a load's spec as the submitter would, and waits for its rows."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from services.submitter.spec import Frozen, Load, freeze
from shared import ids
from shared.druid import DruidState, DruidTaskStatus, HttpDruid, Submitted
from shared.events import Column, LoadMode
from shared.row_count import RowCount, count_rows
from shared.storage.s3 import S3ObjectStore

DEADLINE_SECONDS = 60.0
COLUMNS = (
    Column(name="delay", type="long", source_name="delay"),
    Column(name="ratio", type="double", source_name="ratio"),
    Column(name="a.b", type="string", source_name="a.b"),
)
JANUARY = datetime(2013, 1, 1, tzinfo=UTC)


def days(count: int, *, start: datetime = JANUARY) -> list[datetime]:
    return [start + timedelta(days=number) for number in range(count)]


def row(moment: datetime, number: int) -> dict[str, Any]:
    return {
        "__time": int(moment.timestamp() * 1000),
        "delay": number if number % 3 else None,
        "ratio": number / 4,
        "a.b": f"text {number}\nof two lines" if number % 2 else "",
    }


@dataclass
class Loader:
    """Loads into one datasource."""

    druid: HttpDruid
    store: S3ObjectStore
    datasource: str

    async def load(
        self, moments: Sequence[datetime], mode: LoadMode, *, parts: int = 1, rows_per_segment: int = 5_000_000
    ) -> Load:
        """The description of a load whose parts are in the store."""
        task_id = ids.fresh_task_id()
        rows = [{**row(moment, number), "ingest_task_id": task_id} for number, moment in enumerate(moments)]
        keys = [await self.put(task_id, number, rows[number::parts]) for number in range(parts)]
        return Load(
            task_id=task_id,
            attempt=1,
            datasource=self.datasource,
            mode=mode,
            bucket=self.store.bucket,
            keys=tuple(keys),
            columns=COLUMNS,
            rows=len(rows),
            time_min=min(moments),
            time_max=max(moments),
            used=await self.druid.used_intervals(self.datasource) if mode is LoadMode.REPLACE else (),
            rows_per_segment=rows_per_segment,
            most_sub_tasks=2,
        )

    async def put(self, task_id: str, number: int, rows: Iterable[dict[str, Any]]) -> str:
        key = f"validated/{task_id}/run/part-{number:05}.ndjson.gz"
        lines = "".join(json.dumps(one) + "\n" for one in rows)
        await self.store.put_bytes(key, gzip.compress(lines.encode()))
        return key

    async def run(self, load: Load) -> DruidTaskStatus:
        """Post it and wait for its end in Druid."""
        frozen = freeze(load)
        assert await self.druid.submit(frozen.spec) == Submitted()
        return await self.end(frozen)

    async def end(self, frozen: Frozen) -> DruidTaskStatus:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                status = (await self.druid.task_statuses([frozen.druid_task_id])).get(frozen.druid_task_id)
                if status is not None and status.state is not DruidState.RUNNING:
                    return status
                await asyncio.sleep(0.05)

    async def loaded(self, load: Load) -> None:
        """Run it, and wait until all of its segments and rows can be queried."""
        assert await self.run(load) == DruidTaskStatus(DruidState.SUCCESS, placed=True, error=None)
        await self.queryable(load)

    async def queryable(self, load: Load) -> None:
        frozen, refresh = freeze(load), True
        async with asyncio.timeout(DEADLINE_SECONDS):
            for interval in frozen.intervals:
                while await self.druid.load_status(self.datasource, interval, refresh=refresh) != 100.0:
                    refresh = False
                    await asyncio.sleep(0.05)
            while await self.count(load) != load.rows:  # noqa: ASYNC110  # Druid has no event to wait for
                await asyncio.sleep(0.05)

    async def count(self, load: Load) -> int | None:
        wanted = RowCount(self.datasource, freeze(load).intervals, task_id=load.task_id)
        return (await count_rows(self.druid, wanted)).rows

    async def total(self) -> int:
        name = self.datasource.replace('"', '""')
        return int((await self.druid.sql(f'SELECT COUNT(*) AS "rows" FROM "{name}"'))[0]["rows"])  # noqa: S608  # quoted

    async def many(self, loads: Sequence[Load]) -> None:
        await asyncio.gather(*(self.loaded(load) for load in loads))
