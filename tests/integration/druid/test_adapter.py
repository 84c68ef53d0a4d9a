"""The adapter against every kind of answer that a real Druid gives."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from services.submitter.spec import freeze
from shared.druid import (
    AlreadyExists,
    DruidAwayError,
    DruidRefusedError,
    DruidSettings,
    DruidState,
    HttpDruid,
    RowStats,
    Submitted,
)
from shared.events import LoadMode
from shared.row_count import RowCount, count_rows
from tests.integration.druid.loading import JANUARY, Loader, days

NEVER = "1900-01-01T00:00:00.000Z/1901-01-01T00:00:00.000Z"


async def test_it_answers(druid: HttpDruid) -> None:
    await druid.ping()
    assert int((await druid.version()).split(".")[0]) >= 29


async def test_the_same_post_twice_is_one_task_with_our_hash(druid: HttpDruid, loader: Loader) -> None:
    load = await loader.load(days(3), LoadMode.APPEND)
    frozen = freeze(load)
    assert await druid.submit(frozen.spec) == Submitted()
    assert await druid.submit(frozen.spec) == AlreadyExists(frozen.spec_hash)
    assert (await loader.end(frozen)).state is DruidState.SUCCESS
    assert await druid.submit(frozen.spec) == AlreadyExists(frozen.spec_hash)
    await loader.queryable(load)
    assert await loader.total() == 3


async def test_an_id_that_another_program_has_taken(druid: HttpDruid, loader: Loader) -> None:
    frozen = freeze(await loader.load(days(1), LoadMode.APPEND))
    theirs = {**frozen.spec, "context": {}}
    assert await druid.submit(theirs) == Submitted()
    assert await druid.submit(frozen.spec) == AlreadyExists(None)
    await loader.end(frozen)


async def test_it_tells_its_slots_and_which_tasks_use_them(druid: HttpDruid, loader: Loader) -> None:
    """Ours is seen among the running ones until it ends, as long as it has a slot."""
    frozen = freeze(await loader.load(days(3), LoadMode.APPEND))
    assert await druid.submit(frozen.spec) == Submitted()
    seen = await druid.slots()
    while frozen.druid_task_id not in seen.running:
        assert (await druid.task_statuses([frozen.druid_task_id]))[frozen.druid_task_id].state is DruidState.RUNNING
        seen = await druid.slots()
    assert seen.running[frozen.druid_task_id] == 1
    assert seen.capacity is not None
    assert 1 <= sum(seen.running.values()) <= seen.capacity
    await loader.end(frozen)
    assert frozen.druid_task_id not in (await druid.slots()).running


async def test_a_spec_that_is_none(druid: HttpDruid) -> None:
    with pytest.raises(DruidRefusedError, match="nope") as caught:
        await druid.submit({"id": "x", "type": "nope"})
    assert "\n" not in str(caught.value)


async def test_an_id_that_nobody_has(druid: HttpDruid) -> None:
    assert await druid.task_statuses(["ingest_nobody_1"]) == {}
    assert await druid.task_statuses([]) == {}
    assert await druid.report("ingest_nobody_1") is None


async def test_a_datasource_that_nobody_has(druid: HttpDruid, datasource: str) -> None:
    assert await druid.used_intervals(datasource) == ()
    assert await druid.load_status(datasource, NEVER, refresh=True) is None
    counted = await count_rows(druid, RowCount(datasource, (NEVER,), task_id="t"))
    assert counted.rows is None


async def test_reports_live_and_final(druid: HttpDruid, loader: Loader) -> None:
    load = await loader.load([JANUARY + timedelta(seconds=number) for number in range(30_000)], LoadMode.APPEND)
    frozen = freeze(load)
    await druid.submit(frozen.spec)
    live: set[RowStats | None] = set()
    async with asyncio.timeout(60):
        while (await druid.task_statuses([frozen.druid_task_id]))[frozen.druid_task_id].state is DruidState.RUNNING:
            live.add(await druid.report(frozen.druid_task_id))
    assert (await loader.end(frozen)).state is DruidState.SUCCESS
    assert await druid.report(frozen.druid_task_id) == RowStats(30_000, 0)
    assert live <= {None, *(RowStats(number, 0) for number in range(30_001))}


async def test_the_report_of_a_load_with_sub_tasks(druid: HttpDruid, loader: Loader) -> None:
    load = await loader.load(days(20), LoadMode.APPEND, parts=3)
    await loader.loaded(load)
    assert await druid.report(freeze(load).druid_task_id) == RowStats(20, 0)


async def test_a_row_that_cannot_be_read_fails_the_load_in_one_line(druid: HttpDruid, loader: Loader) -> None:
    load = await loader.load(days(1), LoadMode.APPEND)
    key = await loader.put(load.task_id, 1, [{"__time": "no time", "ingest_task_id": load.task_id}])
    status = await loader.run(replace(load, keys=(key,)))
    assert status.state is DruidState.FAILED
    assert status.error == "Max parse exceptions[0] exceeded"
    assert await druid.report(freeze(load).druid_task_id) == RowStats(0, 1)
    assert await druid.load_status(load.datasource, freeze(load).intervals[0], refresh=True) is None


async def test_a_row_outside_of_the_interval_is_seen_in_the_report(druid: HttpDruid, loader: Loader) -> None:
    load = await loader.load([JANUARY, JANUARY.replace(year=2020)], LoadMode.APPEND)
    load = replace(load, time_max=JANUARY)
    assert (await loader.run(load)).state is DruidState.SUCCESS
    assert await druid.report(freeze(load).druid_task_id) == RowStats(1, 1)


async def test_a_count_can_be_run_again_from_its_text(druid: HttpDruid, loader: Loader) -> None:
    load = await loader.load(days(5), LoadMode.APPEND)
    await loader.loaded(load)
    ours = RowCount(load.datasource, freeze(load).intervals, task_id=load.task_id)
    counted = await count_rows(druid, ours)
    assert counted.rows == 5
    assert await druid.sql(counted.query) == [{"rows": 5}]
    assert (await count_rows(druid, replace(ours, intervals=(NEVER,)))).rows == 0
    assert (await count_rows(druid, replace(ours, intervals=(), task_id="another"))).rows == 0
    more = await count_rows(druid, replace(ours, task_id=None, before=2))
    assert (more.rows, await druid.sql(more.query)) == (3, [{"rows": 3}])


async def test_nobody_listens() -> None:
    druid = HttpDruid(DruidSettings(url="http://127.0.0.1:9"))
    with pytest.raises(DruidAwayError, match="ConnectError"):
        await druid.ping()
    await druid.close()
