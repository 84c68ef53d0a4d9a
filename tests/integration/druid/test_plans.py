"""A plan on the real Druid, and a load that is bound to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio
from sqlalchemy import select

from shared.db import migrate
from shared.db.engine import Database, DatabaseSettings
from shared.db.models import LoadTurn
from shared.druid import DruidSettings
from shared.events import FileValidated, LoadMode, LoadOptions, Plan, RowsOfTime, StopAfter, TaskStatus
from shared.storage.settings import S3Settings
from tests.integration.druid.chain import Servers, Talk, talking, validated
from tests.integration.druid.loading import Loader, days
from tests.integration.resources import fresh_database, fresh_topics

APPEND, REPLACE = LoadMode.APPEND, LoadMode.REPLACE
SOON = timedelta(milliseconds=300)
DIGEST = "e" * 64
MARCH_2015 = datetime(2015, 3, 1, tzinfo=UTC)


@pytest_asyncio.fixture(scope="module")
async def own_settings(profile: dict[str, str]) -> AsyncIterator[DatabaseSettings]:
    async with fresh_database(profile) as settings:
        await migrate.upgrade(settings)
        yield settings


@pytest_asyncio.fixture(scope="module")
async def own_database(own_settings: DatabaseSettings) -> AsyncIterator[Database]:
    opened = Database(own_settings)
    yield opened
    await opened.close()


@pytest_asyncio.fixture(scope="module")
async def talk(
    profile: dict[str, str], druid_settings: DruidSettings, own_settings: DatabaseSettings, store_settings: S3Settings
) -> AsyncIterator[Talk]:
    async with fresh_topics(profile) as kafka:
        where = Servers(kafka, own_settings, druid_settings, store_settings)
        submitter, monitor = where.submitter(lease_for=timedelta(seconds=3)), where.monitor(slowest=SOON)
        async with submitter.running(), monitor.running(), talking(where) as made:
            yield made


async def sent(loader: Loader, moments: list[datetime], mode: LoadMode, **said: Any) -> FileValidated:
    load = await loader.load(moments, mode)
    rows = tuple(RowsOfTime(start=moment, rows=1) for moment in moments)
    options = LoadOptions(mode=mode, **said)
    return validated(load, options=options, source_sha256=DIGEST, rows_by_time=rows)


async def planned(talk: Talk, loader: Loader, moments: list[datetime], mode: LoadMode) -> Plan:
    event = await sent(loader, moments, mode, stop_after=StopAfter.PLAN)
    await talk.say(event)
    end = await talk.end_of(event.task_id)
    assert (end.status, end.reason, end.problems) == (TaskStatus.COMPLETED, "stopped_after_plan", ())
    assert end.plan is not None
    return end.plan


async def loaded(talk: Talk, loader: Loader, moments: list[datetime], mode: LoadMode) -> None:
    event = validated(await loader.load(moments, mode))
    await talk.say(event)
    assert (await talk.end_of(event.task_id)).status is TaskStatus.COMPLETED


async def test_a_replace_shows_what_would_vanish_and_is_bound_to_it(talk: Talk, loader: Loader) -> None:
    await loaded(talk, loader, days(9), APPEND)
    moments = [MARCH_2015 + timedelta(days=number) for number in range(4)]
    plan = await planned(talk, loader, moments, REPLACE)
    assert [(one.interval[:4], one.rows_now, one.rows_coming, one.replaced) for one in plan.chunks] == [
        ("2013", 9, 0, True),
        ("2015", 0, 4, True),
    ]
    assert (plan.rows_vanishing, plan.chunks_vanishing) == (9, 1)
    assert await loader.total() == 9
    event = await sent(loader, moments, REPLACE, confirm=plan.token)
    await talk.say(event)
    assert (await talk.end_of(event.task_id)).status is TaskStatus.COMPLETED
    assert await loader.total() == 4


async def test_a_load_whose_picture_has_changed_is_refused(talk: Talk, loader: Loader) -> None:
    await loaded(talk, loader, days(9), APPEND)
    plan = await planned(talk, loader, days(3), REPLACE)
    await loaded(talk, loader, days(2), APPEND)
    event = await sent(loader, days(3), REPLACE, confirm=plan.token)
    await talk.say(event)
    end = await talk.end_of(event.task_id)
    assert (end.status, end.problems[0].code) == (TaskStatus.REJECTED, "plan_changed")
    assert "other segments are in use" in end.problems[0].message
    assert await loader.total() == 11


async def test_an_append_into_nothing_has_a_plan_too(talk: Talk, loader: Loader) -> None:
    plan = await planned(talk, loader, days(5), APPEND)
    assert [(one.rows_now, one.rows_coming, one.replaced) for one in plan.chunks] == [(0, 5, False)]
    event = await sent(loader, days(5), APPEND, confirm=plan.token)
    await talk.say(event)
    assert (await talk.end_of(event.task_id)).status is TaskStatus.COMPLETED


async def test_a_task_that_stops_takes_no_turn(talk: Talk, loader: Loader, own_database: Database) -> None:
    before = await sent(loader, days(2), APPEND, stop_after=StopAfter.VALIDATION)
    await talk.say(before)
    await planned(talk, loader, days(2), REPLACE)
    async with own_database.transaction() as connection:
        mine = LoadTurn.datasource_name == loader.datasource
        assert (await connection.execute(select(LoadTurn.task_id).where(mine))).first() is None
    await loaded(talk, loader, days(2), REPLACE)
