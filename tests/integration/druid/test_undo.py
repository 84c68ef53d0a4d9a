"""A load is taken back on the real Druid: exactly its rows go, exactly those that it had replaced come back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest_asyncio

from shared import ids
from shared.db import migrate
from shared.druid import DruidSettings, DruidState, HttpDruid
from shared.druid_segments import HttpSegments
from shared.events import CommandName, FileValidated, LoadMode, TaskCommand, TaskStatus, TaskUpdated
from shared.storage.settings import S3Settings
from tests.integration.druid.chain import Servers, Talk, talking, validated
from tests.integration.druid.loading import DEADLINE_SECONDS, Loader, days
from tests.integration.resources import fresh_database, fresh_topics

APPEND, REPLACE = LoadMode.APPEND, LoadMode.REPLACE
SHORT = {"slowest": timedelta(milliseconds=300), "lease_for": timedelta(seconds=3)}
MAY, JUNE_2015 = datetime(2013, 5, 1, tzinfo=UTC), datetime(2015, 6, 1, tzinfo=UTC)


@pytest_asyncio.fixture(scope="module")
async def talk(
    profile: dict[str, str], druid_settings: DruidSettings, store_settings: S3Settings
) -> AsyncIterator[Talk]:
    async with fresh_topics(profile) as kafka, fresh_database(profile) as database:
        await migrate.upgrade(database)
        where = Servers(kafka, database, druid_settings, store_settings)
        submitter, monitor = where.submitter(lease_for=timedelta(seconds=3)), where.monitor(**SHORT)
        async with submitter.running(), monitor.running(), talking(where) as made:
            yield made


async def loaded(talk: Talk, loader: Loader, moments: list[datetime], mode: LoadMode, **how: Any) -> FileValidated:
    event = validated(await loader.load(moments, mode, **how))
    await talk.say(event)
    end = await talk.end_of(event.task_id)
    assert end.status is TaskStatus.COMPLETED, end.problems
    return event


def command(event: FileValidated, *, failed_before: int = 0) -> TaskCommand:
    task_id = ids.undo_task_id(tenant=event.tenant, undoes=event.task_id, failed_before=failed_before)
    return TaskCommand(
        task_id=task_id,
        command=CommandName.UNDO,
        issued_at=datetime.now(UTC),
        undoes=event.task_id,
        datasource_name=event.datasource_name,
    )


async def undone(talk: Talk, event: FileValidated, **how: int) -> TaskUpdated:
    undo = command(event, **how)
    await talk.say(undo)
    return await talk.end_of(undo.task_id)


async def rows_of(loader: Loader) -> list[tuple[str, int]]:
    name = loader.datasource.replace('"', '""')
    query = f'SELECT "ingest_task_id" AS "task", "__time" AS "at" FROM "{name}"'  # noqa: S608  # quoted
    return sorted((one["task"], one["at"]) for one in await loader.druid.sql(query))


async def test_an_append_is_taken_back_and_the_others_stay(talk: Talk, loader: Loader) -> None:
    kept = await loaded(talk, loader, days(9), APPEND)
    wrong = await loaded(talk, loader, days(4), APPEND)
    end = await undone(talk, wrong)
    assert (end.status, end.problems) == (TaskStatus.COMPLETED, ())
    figures = end.undone
    assert figures is not None
    assert (figures.undoes, figures.rows_before, figures.rows_after) == (wrong.task_id, 13, 9)
    assert (figures.rows_removed, figures.rows_restored, figures.segments_removed) == (4, 0, 1)
    assert figures.query is not None
    assert await loader.druid.sql(figures.query) == [{"rows": 9}]
    assert {task for task, _ in await rows_of(loader)} == {kept.task_id}


async def test_what_was_taken_back_can_be_loaded_again(talk: Talk, loader: Loader) -> None:
    """The same bytes are no duplicate then, and Druid gives the new segment a place of its own."""
    digest: dict[str, Any] = {"source_sha256": "d" * 64}
    first = validated(await loader.load(days(4), APPEND), **digest)
    await talk.say(first)
    await talk.end_of(first.task_id)
    assert (await undone(talk, first)).status is TaskStatus.COMPLETED
    second = validated(await loader.load(days(4), APPEND), **digest)
    await talk.say(second)
    assert (await talk.end_of(second.task_id)).status is TaskStatus.COMPLETED
    assert {task for task, _ in await rows_of(loader)} == {second.task_id}
    third = validated(await loader.load(days(4), APPEND), **digest)
    await talk.say(third)
    assert (await talk.end_of(third.task_id)).duplicate_of == second.task_id


async def test_what_a_replace_had_wiped_is_back_row_by_row(talk: Talk, loader: Loader) -> None:
    """The replace covers less time than what was there: where it has no rows it has put tombstones."""
    await loaded(talk, loader, days(9), APPEND)
    await loaded(talk, loader, [JUNE_2015, MAY], APPEND)
    before = await rows_of(loader)
    swap = await loaded(talk, loader, days(3, start=MAY), REPLACE)
    assert await loader.total() == 3
    end = await undone(talk, swap)
    assert (end.status, end.problems) == (TaskStatus.COMPLETED, ())
    assert end.undone is not None
    assert (end.undone.rows_before, end.undone.rows_after) == (3, 11)
    assert (end.undone.rows_removed, end.undone.rows_restored) == (3, 11)
    assert await rows_of(loader) == before


async def test_a_replace_of_a_replace_is_taken_back_to_the_first(talk: Talk, loader: Loader) -> None:
    first = await loaded(talk, loader, days(5), REPLACE)
    second = await loaded(talk, loader, days(2, start=JUNE_2015), REPLACE)
    assert (await undone(talk, second)).status is TaskStatus.COMPLETED
    assert {task for task, _ in await rows_of(loader)} == {first.task_id}
    assert (await undone(talk, first)).status is TaskStatus.COMPLETED
    used = await loader.druid.used_intervals(loader.datasource)
    assert used == ()


async def test_a_replace_under_a_later_load_is_refused_until_that_is_taken_back(talk: Talk, loader: Loader) -> None:
    await loaded(talk, loader, days(5), APPEND)
    swap = await loaded(talk, loader, days(3), REPLACE)
    later = await loaded(talk, loader, days(2), APPEND)
    before = await rows_of(loader)
    end = await undone(talk, swap)
    assert (end.status, end.problems[0].code) == (TaskStatus.FAILED, "not_undoable")
    assert later.task_id in end.problems[0].message
    assert await rows_of(loader) == before
    assert (await undone(talk, later)).status is TaskStatus.COMPLETED
    assert (await undone(talk, swap, failed_before=1)).status is TaskStatus.COMPLETED
    assert await loader.total() == 5


async def test_what_a_compaction_has_merged_is_refused(
    talk: Talk, loader: Loader, druid_settings: DruidSettings, druid: HttpDruid
) -> None:
    await loaded(talk, loader, days(5), APPEND)
    wrong = await loaded(talk, loader, days(2), APPEND)
    await compact(druid_settings, druid, loader.datasource)
    before = await rows_of(loader)
    end = await undone(talk, wrong)
    assert (end.status, end.problems[0].code) == (TaskStatus.FAILED, "not_undoable")
    assert "2 of its 2 rows stand in segments together with rows of other loads" in end.problems[0].message
    assert await rows_of(loader) == before


async def test_what_a_compaction_has_only_moved_is_taken_back(
    talk: Talk, loader: Loader, druid_settings: DruidSettings, druid: HttpDruid
) -> None:
    """All rows of the new segment are its own, and the old one that lies hidden beneath does not come up."""
    wrong = await loaded(talk, loader, days(2), APPEND)
    await compact(druid_settings, druid, loader.datasource)
    end = await undone(talk, wrong)
    assert (end.status, end.problems) == (TaskStatus.COMPLETED, ())
    assert await druid.used_intervals(loader.datasource) == ()


async def test_an_append_that_a_replace_has_wiped_has_nothing_to_take_back(talk: Talk, loader: Loader) -> None:
    wrong = await loaded(talk, loader, days(2), APPEND)
    await loaded(talk, loader, days(3), REPLACE)
    end = await undone(talk, wrong)
    assert (end.status, end.problems[0].code) == (TaskStatus.FAILED, "not_undoable")
    assert await loader.total() == 3


async def test_a_replace_whose_past_was_deleted_is_refused(
    talk: Talk, loader: Loader, druid_settings: DruidSettings, druid: HttpDruid
) -> None:
    await loaded(talk, loader, days(5), APPEND)
    segments = HttpSegments(druid)
    past = [one.id for one in await segments.used(loader.datasource, ["2012-01-01/2020-01-01"])]
    swap = await loaded(talk, loader, days(3), REPLACE)
    # as the coordinator does by itself, once it has led for a quarter of an hour
    await segments.mark_unused(loader.datasource, past)
    kill = {"type": "kill", "dataSource": loader.datasource, "interval": "2012-01-01/2020-01-01"}
    await run(druid_settings, druid, {"id": f"kill_{ids.fresh_task_id()}", **kill})
    end = await undone(talk, swap)
    assert (end.status, end.problems[0].code) == (TaskStatus.FAILED, "not_undoable")
    assert "deleted" in end.problems[0].message
    assert await loader.total() == 3


async def compact(settings: DruidSettings, druid: HttpDruid, datasource: str) -> None:
    """Merge the segments of 2013, and wait until only the new one is seen."""
    task = {
        "type": "compact",
        "id": f"compact_{ids.fresh_task_id()}",
        "dataSource": datasource,
        "ioConfig": {"type": "compact", "inputSpec": {"type": "interval", "interval": "2013-01-01/2014-01-01"}},
        "tuningConfig": {"type": "index_parallel", "partitionsSpec": {"type": "dynamic"}},
    }
    await run(settings, druid, task)
    query = {"queryType": "segmentMetadata", "dataSource": datasource, "merge": False, "analysisTypes": []}
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            found = await druid.ask("POST", "/druid/v2", body={**query, "intervals": ["2013-01-01/2014-01-01"]})
            if len(found) == 1 and "_1970-01-01" not in found[0]["id"]:
                return
            await asyncio.sleep(0.1)


async def run(settings: DruidSettings, druid: HttpDruid, task: dict[str, Any]) -> None:
    async with client_of(settings) as client:
        (await client.post("/druid/indexer/v1/task", json=task)).raise_for_status()
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            status = (await druid.task_statuses([task["id"]])).get(task["id"])
            if status is not None and status.state is not DruidState.RUNNING:
                assert status.state is DruidState.SUCCESS, status
                return
            await asyncio.sleep(0.1)


def client_of(settings: DruidSettings) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=settings.url, trust_env=False)


async def test_appends_side_by_side_into_what_was_emptied_lose_no_row(talk: Talk, loader: Loader) -> None:
    """Druid 33 gives the names of segments out of use to new ones, which are lost then."""
    wrong = await loaded(talk, loader, days(2), APPEND)
    assert (await undone(talk, wrong)).status is TaskStatus.COMPLETED
    events = [validated(await loader.load(days(3), APPEND)) for _ in range(3)]
    await talk.say(*events)
    for event in events:
        assert (await talk.end_of(event.task_id)).status is TaskStatus.COMPLETED
    assert await loader.total() == 9
