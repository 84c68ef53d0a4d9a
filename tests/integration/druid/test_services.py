"""Submitter and monitor together: from a validated file to a proven end, and every way in which that can go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import insert, select, update

from services.submitter.spec import freeze
from shared import ids
from shared.db import migrate
from shared.db.engine import Database, DatabaseSettings
from shared.db.models import DruidWatch, LoadTurn, Submission
from shared.druid import DruidSettings, DruidState, HttpDruid, Submitted
from shared.events import (
    DruidSubmitted,
    FileUploaded,
    FileValidated,
    LedgerStatus,
    LoadMode,
    TaskCommand,
    TaskEvent,
    TaskStatus,
    TaskUpdated,
)
from shared.kafka.settings import KafkaSettings
from shared.storage.settings import S3Settings
from tests.integration.druid.chain import Gate, Servers, Talk, talking, validated, with_keys
from tests.integration.druid.loading import Loader, days
from tests.integration.resources import fresh_database, fresh_topics

SOON = timedelta(milliseconds=300)
SHORT = {
    "missing_grace": SOON,
    "settle_grace": SOON,
    "count_grace": SOON,
    "repost_grace": SOON,
    "report_grace": timedelta(seconds=2),
    "lease_for": timedelta(seconds=3),
}
EARLIER = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def where(
    kafka_settings: KafkaSettings,
    database_settings: DatabaseSettings,
    druid_settings: DruidSettings,
    store_settings: S3Settings,
) -> Servers:
    return Servers(kafka_settings, database_settings, druid_settings, store_settings)


@pytest_asyncio.fixture(scope="session")
async def talk(where: Servers) -> AsyncIterator[Talk]:
    """Both services run for the whole session."""
    submitter, monitor = where.submitter(lease_for=timedelta(seconds=3)), where.monitor(**SHORT)
    async with submitter.running(), monitor.running(), talking(where) as made:
        yield made


def uploaded(event: FileValidated) -> FileUploaded:
    return FileUploaded(
        task_id=event.task_id,
        datasource_name=event.datasource_name,
        file_uri="s3://ingest/uploads/x.csv",
        accepted_at=event.accepted_at,
        options=event.options,
    )


def submitted(event: FileValidated) -> DruidSubmitted:
    return DruidSubmitted(
        task_id=event.task_id,
        datasource_name=event.datasource_name,
        druid_task_id=ids.druid_task_id(task_id=event.task_id, attempt=1),
        spec_hash="h",
        intervals=("2013-01-01T00:00:00.000Z/2014-01-01T00:00:00.000Z",),
        rows_read=event.rows_read,
        rows_accepted=event.rows_accepted,
        rows_rejected=event.rows_rejected,
        submitted_at=datetime.now(UTC),
    )


async def test_a_file_is_loaded_and_proven(talk: Talk, loader: Loader, druid: HttpDruid) -> None:
    event = validated(await loader.load(days(9), LoadMode.APPEND))
    await talk.say(uploaded(event), event)
    end = await talk.end_of(event.task_id)
    assert (end.status, end.problems) == (TaskStatus.COMPLETED, ())
    ledger = end.ledger
    assert ledger is not None
    assert (ledger.status, ledger.reason) == (LedgerStatus.RECONCILED, None)
    assert (ledger.rows_read, ledger.rows_accepted, ledger.rows_rejected) == (16, 9, 7)
    assert (ledger.rows_processed, ledger.rows_counted) == (9, 9)
    assert ledger.query is not None
    assert await druid.sql(ledger.query) == [{"rows": 9}]
    assert ledger.counted_at == end.occurred_at
    assert set(talk.states_of(event.task_id)) - {TaskStatus.RUNNING} == {TaskStatus.LOADING, TaskStatus.COMPLETED}


async def test_one_event_three_times_is_one_load(talk: Talk, loader: Loader) -> None:
    event = validated(await loader.load(days(4), LoadMode.APPEND))
    await talk.say(event, event, event)
    await talk.end_of(event.task_id)
    await talk.say(event)
    follow = validated(await loader.load(days(1), LoadMode.APPEND))
    await talk.say(follow)
    await talk.end_of(follow.task_id)
    assert await loader.total() == 5


async def test_a_replace_waits_for_an_earlier_file_and_says_so(talk: Talk, loader: Loader, database: Database) -> None:
    """The earlier append is still being validated when the replace is ready; a later append waits for both."""
    slow = validated(await loader.load(days(5), LoadMode.APPEND), accepted_at=EARLIER)
    swap = validated(await loader.load(days(2), LoadMode.REPLACE), accepted_at=EARLIER + timedelta(seconds=1))
    late = validated(await loader.load(days(1), LoadMode.APPEND), accepted_at=EARLIER + timedelta(seconds=2))
    await talk.say(uploaded(slow))
    await has_turn(database, slow.task_id)
    await talk.say(swap)
    queued = await talk.hear(is_queued(swap.task_id))
    await talk.say(late)
    await talk.hear(is_queued(late.task_id))
    assert isinstance(queued, TaskUpdated)
    assert queued.reason == f"order: behind task {slow.task_id}"
    await talk.say(slow)
    for event in (slow, swap, late):
        assert (await talk.end_of(event.task_id)).status is TaskStatus.COMPLETED
    assert await loader.total() == 3
    ends = [one.task_id for one in talk.heard if isinstance(one, TaskUpdated) and one.status.is_end]
    assert [ends.index(event.task_id) for event in (slow, swap, late)] == sorted(
        ends.index(event.task_id) for event in (slow, swap, late)
    )


async def test_an_end_that_comes_before_the_file_frees_the_line(talk: Talk, loader: Loader) -> None:
    gone = validated(await loader.load(days(1), LoadMode.APPEND), accepted_at=EARLIER)
    end = TaskUpdated(task_id=gone.task_id, status=TaskStatus.REJECTED, occurred_at=datetime.now(UTC))
    await talk.say(end, uploaded(gone))
    swap = validated(await loader.load(days(2), LoadMode.REPLACE), accepted_at=EARLIER + timedelta(seconds=1))
    await talk.say(swap)
    assert (await talk.end_of(swap.task_id)).status is TaskStatus.COMPLETED


async def test_an_id_taken_by_another_content_is_our_failure(talk: Talk, loader: Loader, druid: HttpDruid) -> None:
    load = await loader.load(days(1), LoadMode.APPEND)
    theirs = freeze(load)
    assert await druid.submit({**theirs.spec, "context": {}}) == Submitted()
    event = validated(load)
    await talk.say(event)
    end = await talk.end_of(event.task_id)
    assert (end.status, end.problems[0].code) == (TaskStatus.FAILED, "druid_id_taken")
    await loader.end(theirs)


async def test_a_post_whose_answer_was_lost_is_found_again(talk: Talk, loader: Loader, druid: HttpDruid) -> None:
    """Druid has the task already, with our hash: as after a death between the POST and its answer."""
    load = await loader.load(days(3), LoadMode.APPEND)
    ours = freeze(load)
    assert await druid.submit(ours.spec) == Submitted()
    event = validated(load)
    await talk.say(event)
    assert (await talk.end_of(event.task_id)).status is TaskStatus.COMPLETED
    assert await loader.total() == 3


async def test_rows_that_are_missing_are_a_mismatch_with_both_figures(talk: Talk, loader: Loader) -> None:
    event = validated(await loader.load(days(8), LoadMode.APPEND), rows_accepted=9, rows_read=16)
    await talk.say(event)
    end = await talk.end_of(event.task_id)
    assert (end.status, end.problems[0].code) == (TaskStatus.FAILED, "row_mismatch")
    assert "has 8 rows of it where 9 were accepted" in end.problems[0].message
    assert end.ledger is not None
    assert (end.ledger.status, end.ledger.rows_counted) == (LedgerStatus.MISMATCH, 8)


async def test_rows_that_a_rule_drops_are_said_not_to_be_retained(
    talk: Talk, loader: Loader, druid_settings: DruidSettings
) -> None:
    """The datasource keeps nothing: Druid finishes the load and puts its segments away at once."""
    event = validated(await loader.load(days(4), LoadMode.APPEND))
    name = httpx.URL(path="/" + event.datasource_name).raw_path.decode()[1:]
    rules = f"/druid/coordinator/v1/rules/{name}"
    async with httpx.AsyncClient(base_url=druid_settings.url, trust_env=False) as client:
        assert (await client.post(rules, json=[{"type": "dropForever"}])).status_code == 200
        await talk.say(event)
        end = await talk.end_of(event.task_id)
        assert (await client.post(rules, json=[])).status_code == 200
    assert (end.status, end.problems) == (TaskStatus.COMPLETED, ())
    assert end.ledger is not None
    assert (end.ledger.status, end.ledger.rows_processed) == (LedgerStatus.UNPROVEN, 4)
    assert str(end.ledger.reason).startswith("not_retained: ")


async def test_a_load_that_druid_fails_says_why(talk: Talk, loader: Loader) -> None:
    load = await loader.load(days(1), LoadMode.APPEND)
    key = await loader.put(load.task_id, 1, [{"__time": "no time", "ingest_task_id": load.task_id}])
    event = validated(with_keys(load, key))
    await talk.say(event)
    end = await talk.end_of(event.task_id)
    (problem,) = end.problems
    assert (end.status, problem.code) == (TaskStatus.FAILED, "druid_time_unreadable")
    assert problem.message.startswith(f"Druid cannot read the time no time of a row (Path: s3://{load.bucket}/{key}, ")
    assert problem.message.endswith("Druid has 0 of 1 rows.")
    assert str(problem.detail["druid_message"]).splitlines()[0].endswith("Max parse exceptions[0] exceeded")
    assert (problem.detail["whose_fault"], problem.detail["safe_to_retry"]) == ("platform", False)


async def test_a_task_that_druid_has_lost_is_posted_again(talk: Talk, loader: Loader, database: Database) -> None:
    """The row says POSTED, and Druid knows nothing: as after the loss of its task table."""
    load = await loader.load(days(3), LoadMode.APPEND)
    event, frozen = validated(load), freeze(load)
    async with database.transaction() as connection:
        await connection.execute(
            insert(Submission).values(
                event_id=event.event_id,
                task_id=event.task_id,
                attempt=1,
                event=event.model_dump(mode="json"),
                phase="POSTED",
                spec=dict(frozen.spec),
                spec_hash=frozen.spec_hash,
                druid_task_id=frozen.druid_task_id,
                posting_at=datetime.now(UTC) - timedelta(minutes=1),
                done_at=datetime.now(UTC),
            )
        )
    await talk.say(submitted(event))
    end = await talk.end_of(event.task_id)
    assert end.status is TaskStatus.COMPLETED
    assert any(isinstance(one, TaskCommand) and one.task_id == event.task_id for one in talk.heard)
    assert await loader.total() == 3


async def test_rows_of_a_task_that_druid_forgot_are_counted(talk: Talk, loader: Loader, database: Database) -> None:
    """Druid knows no task of the second attempt's id, but all rows of the task are there: nothing is posted."""
    load = await loader.load(days(6), LoadMode.APPEND)
    await loader.loaded(load)
    forgotten = submitted(validated(load)).model_copy(update={"druid_task_id": "ingest_forgotten_1"})
    await talk.say(forgotten)
    end = await talk.end_of(load.task_id)
    assert end.status is TaskStatus.COMPLETED
    assert end.ledger is not None
    assert (end.ledger.rows_processed, end.ledger.rows_counted) == (None, 6)
    assert await loader.total() == 6
    await watch_closed(database, load.task_id)


async def test_some_rows_of_a_lost_task_are_for_a_person(talk: Talk, loader: Loader) -> None:
    load = await loader.load(days(6), LoadMode.APPEND)
    await loader.loaded(load)
    event = submitted(validated(load, rows_accepted=8, rows_read=15))
    await talk.say(event.model_copy(update={"druid_task_id": "ingest_forgotten_2"}))
    end = await talk.end_of(load.task_id)
    assert (end.status, end.problems[0].code) == (TaskStatus.FAILED, "druid_task_lost")
    assert "has 6 of 8 rows" in end.problems[0].message


async def test_an_old_post_is_counted_before_it_is_made_again(talk: Talk, loader: Loader, database: Database) -> None:
    load = await loader.load(days(6), LoadMode.APPEND)
    await loader.loaded(load)
    event, frozen = validated(load), freeze(load)
    frozen_elsewhere = {**frozen.spec, "id": f"ingest_{load.task_id}_old"}
    async with database.transaction() as connection:
        await connection.execute(
            insert(Submission).values(
                event_id=event.event_id,
                task_id=event.task_id,
                attempt=1,
                event=event.model_dump(mode="json"),
                phase="POSTING",
                spec=frozen_elsewhere,
                spec_hash=frozen.spec_hash,
                druid_task_id=frozen_elsewhere["id"],
                posting_at=datetime.now(UTC) - timedelta(hours=25),
            )
        )
    assert (await talk.end_of(event.task_id)).status is TaskStatus.COMPLETED
    assert await loader.total() == 6


@pytest.mark.parametrize(("accepted", "end"), [(6, TaskStatus.COMPLETED), (8, TaskStatus.FAILED)])
async def test_a_load_that_failed_though_it_published_is_counted(
    talk: Talk, loader: Loader, druid: HttpDruid, accepted: int, end: TaskStatus
) -> None:
    """Druid calls the watched task FAILED, and rows of it are there: the count decides, and nothing is posted again."""
    load = await loader.load(days(6), LoadMode.APPEND)
    await loader.loaded(load)
    key = await loader.put(load.task_id, 2, [{"__time": "no time", "ingest_task_id": load.task_id}])
    failing = freeze(with_keys(load, key))
    failed_id = f"{failing.druid_task_id}_failed"
    assert await druid.submit({**failing.spec, "id": failed_id}) == Submitted()
    event = submitted(validated(load, rows_accepted=accepted, rows_read=accepted + 7))
    await talk.say(event.model_copy(update={"druid_task_id": failed_id}))
    ended = await talk.end_of(load.task_id)
    assert (ended.status, ended.ledger.rows_counted if ended.ledger else None) == (end, 6)
    assert (await druid.task_statuses([failed_id]))[failed_id].state is DruidState.FAILED
    assert not any(isinstance(one, TaskCommand) and one.task_id == load.task_id for one in talk.heard)


@pytest.mark.parametrize("cut", ["before the post", "after the post"])
async def test_a_post_whose_answer_is_cut_is_one_load(
    profile: dict[str, str], druid_settings: DruidSettings, loader: Loader, cut: str, store_settings: S3Settings
) -> None:
    event = validated(await loader.load(days(3), LoadMode.APPEND))
    async with fresh_topics(profile) as kafka, fresh_database(profile) as database, Gate.before(druid_settings) as gate:
        await migrate.upgrade(database)
        gate.open, gate.swallows = cut == "after the post", "/druid/indexer/v1/task"
        where = Servers(kafka, database, DruidSettings(url=gate.url), store_settings)
        submitter, monitor = where.submitter(), where.monitor(slowest=SOON)
        async with submitter.running(), monitor.running(), talking(where) as talk:
            await talk.say(event)
            await (gate.swallowed(1) if gate.open else gate.dropped(1))
            gate.open, gate.swallows = True, None
            assert (await talk.end_of(event.task_id)).status is TaskStatus.COMPLETED
    assert await loader.total() == 3


async def test_a_second_run_repeats_the_same_end(talk: Talk, loader: Loader, database: Database) -> None:
    """As after a death between the publication of the end and the closing of the watch."""
    event = validated(await loader.load(days(2), LoadMode.APPEND))
    await talk.say(event)
    first = await talk.end_of(event.task_id)
    await watch_closed(database, event.task_id)
    talk.heard.clear()
    async with database.transaction() as connection:
        await connection.execute(update(DruidWatch).where(DruidWatch.task_id == event.task_id).values(done_at=None))
    second = await talk.end_of(event.task_id)
    assert (second.event_id, second.occurred_at, second.status) == (first.event_id, first.occurred_at, first.status)


async def test_druid_away_is_waited_for(
    profile: dict[str, str], druid_settings: DruidSettings, loader: Loader, store_settings: S3Settings
) -> None:
    """Both services meet a Druid that drops every connection, until it does not."""
    event = validated(await loader.load(days(2), LoadMode.REPLACE))
    async with fresh_topics(profile) as kafka, fresh_database(profile) as database, Gate.before(druid_settings) as gate:
        await migrate.upgrade(database)
        where = Servers(kafka, database, DruidSettings(url=gate.url), store_settings)
        submitter, monitor = where.submitter(), where.monitor(slowest=SOON)
        async with submitter.running(), monitor.running(), talking(where) as talk:
            await talk.say(event)
            await gate.dropped(2)
            gate.open = True
            await talk.hear(lambda heard: isinstance(heard, DruidSubmitted))
            gate.open = False
            await gate.dropped(2)
            assert not any(isinstance(one, TaskUpdated) and one.status.is_end for one in talk.heard)
            gate.open = True
            end = await talk.end_of(event.task_id)
    assert end.status is TaskStatus.COMPLETED


async def has_turn(database: Database, task_id: str) -> None:
    """Return when the submitter knows the task's place."""
    async with asyncio.timeout(30):
        while True:
            async with database.transaction() as connection:
                found = await connection.execute(select(LoadTurn.task_id).where(LoadTurn.task_id == task_id))
                if found.first() is not None:
                    return
            await asyncio.sleep(0.05)


async def watch_closed(database: Database, task_id: str) -> None:
    """Return when the monitor has nothing to watch of the task: it closes the watch after it has said the end."""
    left = select(DruidWatch.event_id).where(DruidWatch.task_id == task_id, DruidWatch.done_at.is_(None))
    async with asyncio.timeout(30):
        while True:
            async with database.transaction() as connection:
                if (await connection.execute(left)).first() is None:
                    return
            await asyncio.sleep(0.05)


def is_queued(task_id: str) -> Callable[[TaskEvent], bool]:
    def queued(event: TaskEvent) -> bool:
        return isinstance(event, TaskUpdated) and event.task_id == task_id and event.status is TaskStatus.QUEUED

    return queued
