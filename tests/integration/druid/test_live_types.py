"""A column that comes in another type than its datasource has, on the real Druid: every policy, from load to query."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from services.submitter.spec import Load
from shared.db import migrate
from shared.druid import ETERNITY, DruidSettings, HttpDruid
from shared.druid_columns import HttpColumns
from shared.events import (
    Column,
    DruidSubmitted,
    FileValidated,
    LoadMode,
    LoadOptions,
    RowsOfTime,
    StopAfter,
    TaskEvent,
    TaskStatus,
    TaskUpdated,
)
from shared.loading import DimensionTyped, Loading
from shared.row_count import identifier
from shared.storage.settings import S3Settings
from tests.integration.druid.chain import Gate, Servers, Talk, talking, validated
from tests.integration.druid.loading import JANUARY, Loader, days
from tests.integration.resources import fresh_database, fresh_topics

APPEND, REPLACE = LoadMode.APPEND, LoadMode.REPLACE
SOON = timedelta(milliseconds=300)
MARCH = datetime(2013, 3, 1, tzinfo=JANUARY.tzinfo)
TOUCHED = Loading(replace="touched", segment_granularity="day")
NUMBERS: Sequence[Any] = (1, 2, 3)
TEXTS: Sequence[Any] = ("x", "2", "z")


@pytest_asyncio.fixture(scope="module")
async def gate(druid_settings: DruidSettings) -> AsyncIterator[Gate]:
    async with Gate.before(druid_settings) as made:
        made.open = True
        yield made


@pytest_asyncio.fixture(scope="module")
async def talk(
    profile: dict[str, str], druid_settings: DruidSettings, store_settings: S3Settings, gate: Gate
) -> AsyncIterator[Talk]:
    """Submitter and monitor; the submitter's Druid can be taken away."""
    async with fresh_topics(profile) as kafka, fresh_database(profile) as database:
        await migrate.upgrade(database)
        where = Servers(kafka, database, druid_settings, store_settings)
        behind = replace(where, druid=DruidSettings(url=gate.url))
        submitter = behind.submitter(lease_for=timedelta(seconds=3))
        async with submitter.running(), where.monitor(slowest=SOON).running(), talking(where) as made:
            yield made


async def load_of(
    loader: Loader, kind: Any, values: Sequence[Any], *, start: datetime = JANUARY, mode: LoadMode = APPEND
) -> Load:
    """A load of one column `x`, a row a day."""
    moments = days(len(values), start=start)
    load = await loader.load(moments, mode)
    rows = [
        {"__time": int(moment.timestamp() * 1000), "x": value, "ingest_task_id": load.task_id}
        for moment, value in zip(moments, values, strict=True)
    ]
    key = await loader.put(load.task_id, 7, rows)
    return replace(load, keys=(key,), columns=(Column(name="x", type=kind, source_name="x"),))


async def sent(
    talk: Talk, loader: Loader, kind: Any, values: Sequence[Any], loading: Loading | None = None, **more: Any
) -> FileValidated:
    event = validated(await load_of(loader, kind, values, **more), loading=loading)
    await talk.say(event)
    return event


async def loaded(talk: Talk, loader: Loader, kind: Any, values: Sequence[Any], *loading: Loading, **more: Any) -> None:
    event = await sent(talk, loader, kind, values, *loading, **more)
    end = await talk.end_of(event.task_id)
    assert (end.status, end.problems) == (TaskStatus.COMPLETED, ())


async def refused(talk: Talk, event: FileValidated) -> str:
    end = await talk.end_of(event.task_id)
    assert (end.status, [one.code for one in end.problems]) == (TaskStatus.REJECTED, ["live_type"])
    assert [one for one in talk.heard if isinstance(one, DruidSubmitted) and one.task_id == event.task_id] == []
    return end.problems[0].message


async def notices_of(talk: Talk, event: FileValidated) -> list[str]:
    def wanted(heard: TaskEvent) -> bool:
        return isinstance(heard, DruidSubmitted) and heard.task_id == event.task_id

    found = await talk.hear(wanted)
    assert isinstance(found, DruidSubmitted)
    return [one.message for one in found.notices]


async def types(loader: Loader) -> set[str]:
    found = await HttpColumns(loader.druid).live(loader.datasource, ["x"], [ETERNITY])
    return set(found.get("x", ()))


async def values(loader: Loader) -> list[Any]:
    query = f'SELECT CAST("x" AS VARCHAR) AS x FROM {identifier(loader.datasource)}'  # noqa: S608  # quoted
    return sorted(row["x"] for row in await loader.druid.sql(query))


@pytest.mark.parametrize("loading", [None, Loading(), Loading(wider_type="ignore")])
async def test_text_in_a_column_of_numbers_is_refused_with_both_types(
    talk: Talk, loader: Loader, loading: Loading | None
) -> None:
    await loaded(talk, loader, "long", NUMBERS)
    said = await refused(talk, await sent(talk, loader, "string", TEXTS, loading))
    assert "`x` is LONG in the datasource and STRING in the file" in said
    assert "mode replace" in said
    assert "`wider_type: evolve`" in said
    assert (await types(loader), await loader.total()) == ({"LONG"}, 3)


async def test_text_in_a_column_of_numbers_is_loaded_where_the_contract_evolves(talk: Talk, loader: Loader) -> None:
    await loaded(talk, loader, "long", NUMBERS)
    event = await sent(talk, loader, "string", TEXTS, Loading(wider_type="evolve"))
    (said,) = await notices_of(talk, event)
    assert said == (
        "`x` is LONG in the datasource and STRING in the file: it is written as STRING, because `wider_type` is evolve."
    )
    assert (await talk.end_of(event.task_id)).status is TaskStatus.COMPLETED
    assert await types(loader) == {"LONG", "STRING"}
    # several types now: numbers take the one that queries see, and text is what it was
    event = await sent(talk, loader, "long", [4])
    (said,) = await notices_of(talk, event)
    assert "`x` is LONG and STRING in the datasource and LONG in the file: it is written as STRING" in said
    assert (await talk.end_of(event.task_id)).status is TaskStatus.COMPLETED
    event = await sent(talk, loader, "string", ["w"])
    assert await notices_of(talk, event) == []
    assert (await talk.end_of(event.task_id)).status is TaskStatus.COMPLETED
    assert await loader.total() == 8


async def test_numbers_in_a_column_of_text_become_text_unless_the_contract_says_otherwise(
    talk: Talk, loader: Loader
) -> None:
    await loaded(talk, loader, "string", TEXTS)
    event = await sent(talk, loader, "long", NUMBERS)
    (said,) = await notices_of(talk, event)
    assert "`x` is STRING in the datasource and LONG in the file: it is written as STRING" in said
    assert (await talk.end_of(event.task_id)).status is TaskStatus.COMPLETED
    assert (await types(loader), await values(loader)) == ({"STRING"}, ["1", "2", "2", "3", "x", "z"])
    assert "narrower_type: evolve" in await refused(
        talk, await sent(talk, loader, "long", NUMBERS, Loading(narrower_type="reject"))
    )
    await loaded(talk, loader, "long", NUMBERS, Loading(narrower_type="evolve", duplicates="load"))
    assert await types(loader) == {"LONG", "STRING"}


async def test_whole_numbers_in_a_column_of_doubles_keep_every_digit(talk: Talk, loader: Loader) -> None:
    await loaded(talk, loader, "double", [1.5])
    await loaded(talk, loader, "long", [2**53 + 1], start=MARCH)
    assert await types(loader) == {"DOUBLE", "LONG"}
    query = f'SELECT MAX("x") AS x FROM {identifier(loader.datasource)} WHERE "__time" >= TIMESTAMP \'2013-03-01\''  # noqa: S608  # quoted
    assert float((await loader.druid.sql(query))[0]["x"]) == float(2**53 + 1)


async def test_a_json_column_is_no_text(talk: Talk, loader: Loader) -> None:
    as_json = Loading(dimension_types=(DimensionTyped(name="x", type="json"),))
    await loaded(talk, loader, "string", ['{"a": 1}'], as_json)
    assert await types(loader) == {"COMPLEX<json>"}
    said = await refused(talk, await sent(talk, loader, "string", TEXTS))
    assert "`x` is COMPLEX<json> in the datasource and STRING in the file" in said
    await loaded(talk, loader, "string", ['{"b": 2}'], as_json)


async def test_a_column_without_a_value_takes_the_type_that_is_there(talk: Talk, loader: Loader) -> None:
    await loaded(talk, loader, "long", NUMBERS)
    load = await load_of(loader, "string", [None, None])
    (column,) = load.columns
    event = validated(load, columns=(column.model_copy(update={"empty": True}),))
    await talk.say(event)
    assert await notices_of(talk, event) == []
    assert (await talk.end_of(event.task_id)).status is TaskStatus.COMPLETED
    assert (await types(loader), await loader.total()) == ({"LONG"}, 5)


async def test_a_replace_is_compared_with_what_it_leaves(talk: Talk, loader: Loader) -> None:
    """That of the touched days with the other days, and that of the whole with nothing."""
    await loaded(talk, loader, "long", NUMBERS, Loading(segment_granularity="day"))
    one_day = await sent(talk, loader, "string", ["x"], TOUCHED, mode=REPLACE)
    assert "`x` is LONG" in await refused(talk, one_day)
    await loaded(talk, loader, "string", TEXTS, TOUCHED, mode=REPLACE)
    assert (await types(loader), await loader.total()) == ({"STRING"}, 3)
    await loaded(talk, loader, "long", NUMBERS, mode=REPLACE)
    assert (await types(loader), await loader.total()) == ({"LONG"}, 3)
    # SQL may still believe that it is text
    await loaded(talk, loader, "long", [9])


async def test_two_at_once_into_nothing_are_one_type(talk: Talk, loader: Loader) -> None:
    events = [
        validated(await load_of(loader, kind, values), accepted_at=JANUARY + timedelta(seconds=number))
        for number, (kind, values) in enumerate((("long", NUMBERS), ("string", TEXTS)))
    ]
    await talk.say(*events)
    ends = [await talk.end_of(event.task_id) for event in events]
    assert sorted(end.status for end in ends) in (
        [TaskStatus.COMPLETED, TaskStatus.REJECTED],  # the numbers were first
        [TaskStatus.COMPLETED, TaskStatus.COMPLETED],  # the text was: numbers become text
    )
    assert len(await types(loader)) == 1


async def test_a_plan_shows_it_and_loads_nothing(talk: Talk, loader: Loader) -> None:
    await loaded(talk, loader, "long", NUMBERS)
    load = await load_of(loader, "string", TEXTS)
    rows = tuple(RowsOfTime(start=moment, rows=1) for moment in days(3))
    event = validated(load, options=LoadOptions(mode=APPEND, stop_after=StopAfter.PLAN), rows_by_time=rows)
    await talk.say(event)
    end = await talk.end_of(event.task_id)
    assert (end.status, end.reason) == (TaskStatus.COMPLETED, "stopped_after_plan")
    assert end.plan is not None
    (notice,) = end.plan.notices
    assert notice.message.startswith("`x` is LONG in the datasource and STRING in the file: the load would be rejected")
    assert await loader.total() == 3


async def test_a_druid_that_is_away_fails_nothing(talk: Talk, loader: Loader, gate: Gate) -> None:
    await loaded(talk, loader, "long", NUMBERS)
    gate.open = False
    event = await sent(talk, loader, "string", TEXTS)

    def waits(heard: TaskEvent) -> bool:
        queued = isinstance(heard, TaskUpdated) and heard.task_id == event.task_id
        return queued and str(heard.reason).startswith("backoff: ")  # type: ignore[union-attr]  # it is one

    await talk.hear(waits)
    gate.open = True
    await refused(talk, event)


async def test_what_is_read_of_columns(loader: Loader, druid: HttpDruid) -> None:
    columns = HttpColumns(druid)
    assert await columns.live(loader.datasource, ["x"], [ETERNITY]) == {}
    await loader.loaded(await load_of(loader, "long", NUMBERS))
    await loader.loaded(await load_of(loader, "string", TEXTS, start=MARCH))
    await loader.loaded(await load_of(loader, "double", [1.5], start=MARCH))
    found = await columns.live(loader.datasource, ["x", "ingest_task_id", "nope"], [ETERNITY])
    assert found == {"x": {"LONG", "STRING", "DOUBLE"}, "ingest_task_id": {"STRING"}}
    january = "2013-01-01T00:00:00.000Z/2013-02-01T00:00:00.000Z"
    assert (await columns.live(loader.datasource, ["x"], [january]))["x"] >= {"LONG"}
