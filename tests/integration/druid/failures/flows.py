"""Failures that take more than one request; each flow returns what Druid said, and where."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx

from shared.druid import DruidState, DruidTaskStatus, HttpDruid
from shared.druid_errors import Place
from tests.integration.druid.failures.cases import HOLDS_ITS_LOCK
from tests.integration.druid.failures.specs import (
    ABSENT,
    ALONE,
    INTERVALS,
    REPLACE,
    SCHEMA,
    SOURCE,
    TWO_SUB_TASKS,
    Edits,
    s3,
    spec,
)

DEADLINE_SECONDS = 60.0


@dataclass
class Wrong:
    """Does things wrong to one datasource. `places` fill a spec, `client` asks what the adapter never would."""

    druid: HttpDruid
    client: httpx.AsyncClient
    datasource: str
    places: dict[str, str]

    async def post(self, edits: Edits) -> tuple[str, httpx.Response]:
        """The id of the load and Druid's answer."""
        body = spec(self.datasource, edits, self.places)
        return str(body.get("id")), await self.client.post("/druid/indexer/v1/task", json=body)

    async def start(self, edits: Edits) -> str:
        """The id of a load that Druid has taken."""
        druid_task_id, answer = await self.post(edits)
        assert answer.status_code == 200, answer.text
        return druid_task_id

    async def end(self, druid_task_id: str, seconds: float = DEADLINE_SECONDS) -> DruidTaskStatus:
        """The status with which Druid has ended it."""
        return await self.status(druid_task_id, seconds, lambda one: one.state is not DruidState.RUNNING)

    async def status(
        self, druid_task_id: str, seconds: float, until: Callable[[DruidTaskStatus], bool]
    ) -> DruidTaskStatus:
        async with asyncio.timeout(seconds):
            while True:
                status = (await self.druid.task_statuses([druid_task_id])).get(druid_task_id)
                if status is not None and until(status):
                    return status
                await asyncio.sleep(0.1)

    async def why_failed(self, druid_task_id: str, *, seconds: float = DEADLINE_SECONDS) -> str:
        """What the monitor would read: all that Druid has kept, or else the status."""
        status = await self.end(druid_task_id, seconds)
        assert status.state is DruidState.FAILED
        return await self.druid.failure(druid_task_id, self.datasource) or str(status.error)

    async def shut_down(self, druid_task_id: str) -> None:
        (await self.client.post(f"/druid/indexer/v1/task/{druid_task_id}/shutdown")).raise_for_status()

    async def hold_lock(self) -> str:
        """A load that runs until it is shut down. It has its lock once it runs; before, a stop would cost minutes."""
        druid_task_id = await self.start(HOLDS_ITS_LOCK)
        await self.status(druid_task_id, DEADLINE_SECONDS, lambda one: one.placed)
        while await self.druid.report(druid_task_id) is None:  # noqa: ASYNC110  # Druid has no event to wait for
            await asyncio.sleep(0.1)
        return druid_task_id


async def _locked(wrong: Wrong) -> tuple[str, Place]:
    holder = await wrong.hold_lock()
    try:
        second = await wrong.start({**REPLACE, **ALONE, INTERVALS: ABSENT})
        return await wrong.why_failed(second), Place.TASK
    finally:
        await wrong.shut_down(holder)


async def _stopped(wrong: Wrong) -> tuple[str, Place]:
    holder = await wrong.hold_lock()
    await wrong.shut_down(holder)
    return await wrong.why_failed(holder), Place.TASK


async def _without_report(wrong: Wrong) -> tuple[str, Place]:
    druid_task_id = await wrong.start({"context.priority": "high"})
    await wrong.why_failed(druid_task_id)
    answer = await wrong.client.get(f"/druid/indexer/v1/task/{druid_task_id}/reports")
    assert answer.status_code == 404
    return answer.text, Place.MANAGEMENT


async def _id_twice(wrong: Wrong) -> tuple[str, Place]:
    first = await wrong.start({})
    _, answer = await wrong.post({"id": first})
    assert answer.status_code == 400
    await wrong.end(first)
    return str(answer.json()["errorMessage"]), Place.SUBMISSION


async def _cut_json(wrong: Wrong) -> tuple[str, Place]:
    headers = {"content-type": "application/json"}
    answer = await wrong.client.post("/druid/indexer/v1/task", content=b'{"type":"index_parallel",', headers=headers)
    assert answer.status_code == 500
    return answer.text, Place.SUBMISSION


async def _long_name(wrong: Wrong) -> tuple[str, Place]:
    _, answer = await wrong.post({f"{SCHEMA}.dataSource": "x" * 300})
    assert answer.status_code == 500
    return str(answer.json()["errorMessage"]), Place.SUBMISSION


async def _sub_task_without_reason(wrong: Wrong) -> tuple[str, Place]:
    """The status alone, as where Druid has purged the sub-tasks."""
    druid_task_id = await wrong.start({SOURCE: s3("sound.json", "cut.json.gz"), **TWO_SUB_TASKS})
    status = await wrong.end(druid_task_id)
    return str(status.error), Place.TASK


async def _slow_query(wrong: Wrong) -> tuple[str, Place]:
    """A query over segments whose time is one millisecond."""
    await _loaded(wrong)
    table = f'"{wrong.datasource}"'
    joined = ", ".join(f"{table} AS t{number}" for number in range(6))
    query = f"SELECT COUNT(*) FROM {joined}"  # noqa: S608  # a name of this test's own
    answer = await _sql(wrong, query, timeout=1)
    assert answer.status_code == 504
    return str(answer.json()["errorMessage"]), Place.QUERY


async def _large_inner_query(wrong: Wrong) -> tuple[str, Place]:
    await _loaded(wrong)
    table = f'"{wrong.datasource}"'
    query = f"SELECT COUNT(*) FROM {table} AS x JOIN (SELECT a FROM {table}) AS y ON x.a = y.a"  # noqa: S608  # likewise
    answer = await _sql(wrong, query, maxSubqueryRows=1)
    return str(answer.json()["errorMessage"]), Place.QUERY


async def _order(wrong: Wrong) -> tuple[str, Place]:
    await _loaded(wrong)
    answer = await _sql(wrong, f'SELECT a FROM "{wrong.datasource}" ORDER BY a')  # noqa: S608  # likewise
    return str(answer.json()["errorMessage"]), Place.QUERY


async def _loaded(wrong: Wrong) -> None:
    """Two rows that can be counted."""
    await wrong.end(await wrong.start({}))
    query = f'SELECT COUNT(*) AS "rows" FROM "{wrong.datasource}"'  # noqa: S608  # likewise
    async with asyncio.timeout(DEADLINE_SECONDS):
        while (await _sql(wrong, query)).json() != [{"rows": 2}]:  # noqa: ASYNC110  # Druid has no event to wait for
            await asyncio.sleep(0.2)


async def _sql(wrong: Wrong, query: str, **context: int) -> httpx.Response:
    return await wrong.client.post("/druid/v2/sql", json={"query": query, "context": context})


FLOWS: dict[str, Callable[[Wrong], Awaitable[tuple[str, Place]]]] = {
    "druid_lock_conflict": _locked,
    "druid_shut_down": _stopped,
    "druid_report_missing": _without_report,
    "druid_id_taken": _id_twice,
    "druid_json_unreadable": _cut_json,
    "druid_metadata_refused": _long_name,
    "druid_sub_task_failed": _sub_task_without_reason,
    "druid_query_timeout": _slow_query,
    "druid_query_too_large": _large_inner_query,
    "druid_order_unsupported": _order,
}
"""By the code that the catalogue has to find."""
