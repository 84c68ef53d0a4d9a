"""Order and fairness with the real submitter, the real monitor and the slots of a real Druid."""

from __future__ import annotations

import statistics
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from shared.db import migrate
from shared.druid import DruidSettings
from shared.events import DruidSubmitted, FileValidated, LoadMode, TaskStatus, TaskUpdated
from shared.storage.settings import S3Settings
from tests.integration.druid.chain import Servers, Talk, talking, validated
from tests.integration.druid.loading import JANUARY, Loader, days
from tests.integration.resources import fresh_database, fresh_topics

FILES, OF_FEW = 20, 2
LARGE_ROWS = 200_000


@pytest_asyncio.fixture
async def own_talk(
    profile: dict[str, str], druid_settings: DruidSettings, store_settings: S3Settings
) -> AsyncIterator[Talk]:
    """Both services with topics and tables of their own: nobody else's loads stand in their lines."""
    async with fresh_topics(profile) as kafka, fresh_database(profile) as database:
        await migrate.upgrade(database)
        where = Servers(kafka, database, druid_settings, store_settings)
        submitter, monitor = where.submitter(), where.monitor(settle_grace=timedelta(milliseconds=300))
        async with submitter.running(), monitor.running(), talking(where) as talk:
            yield talk


def submission(talk: Talk, task_id: str) -> DruidSubmitted:
    return next(one for one in talk.heard if isinstance(one, DruidSubmitted) and one.task_id == task_id)


def reasons(talk: Talk, task_id: str) -> list[str]:
    """The codes that a waiting task was told, in order."""
    told = (one for one in talk.heard if isinstance(one, TaskUpdated) and one.task_id == task_id)
    queued = sorted((one.sequence, one.reason or "") for one in told if one.status is TaskStatus.QUEUED)
    assert [sequence for sequence, _ in queued] == list(range(len(queued)))
    return [reason.partition(":")[0] for _, reason in queued]


async def test_a_small_replace_after_a_large_one_never_ends_up_under_it(own_talk: Talk, loader: Loader) -> None:
    """The small one is ready first; it takes the place of all that the large one has brought, and not the other way."""
    moments = [JANUARY + timedelta(seconds=number) for number in range(LARGE_ROWS)]
    large = await loader.load(moments, LoadMode.REPLACE)
    small = await loader.load(days(3, start=JANUARY.replace(year=2014)), LoadMode.REPLACE)
    begin = datetime.now(UTC)
    first = validated(large, accepted_at=begin, file_size=10**9)
    second = validated(small, accepted_at=begin + timedelta(milliseconds=1))
    await own_talk.say(first, second)
    for event in (first, second):
        assert (await own_talk.end_of(event.task_id)).status is TaskStatus.COMPLETED
    large_ended = await own_talk.end_of(first.task_id)
    assert submission(own_talk, second.task_id).submitted_at > large_ended.occurred_at
    assert reasons(own_talk, second.task_id)[-1] == "lock"
    assert (await loader.count(small), await loader.total()) == (3, 3)


async def test_the_tenant_with_few_files_waits_no_longer_than_the_one_with_many(own_talk: Talk, loader: Loader) -> None:
    """The few come last, and Druid's slots are those that nobody else uses at the moment."""
    events = [await of_tenant(loader, number) for number in range(FILES)]
    said_at = datetime.now(UTC)
    await own_talk.say(*events)
    waited: dict[str, list[float]] = {"many": [], "few": []}
    for event in events:
        assert (await own_talk.end_of(event.task_id)).status is TaskStatus.COMPLETED
        waited[event.tenant].append((submission(own_talk, event.task_id).submitted_at - said_at).total_seconds())
    assert await loader.total() == FILES
    told = {reason for event in events for reason in reasons(own_talk, event.task_id)}
    assert told <= {"slot", "fairness", "catching_up", "backoff"}
    if max(waited["many"]) < 1:
        pytest.fail("nobody had to wait: the cluster has too many slots for this test")
    few, many = statistics.mean(waited["few"]), statistics.mean(waited["many"])
    print(f"mean time QUEUED: {few:.1f} s of {OF_FEW} files, {many:.1f} s of {FILES - OF_FEW}")  # noqa: T201  # the figure
    assert few <= many


async def of_tenant(loader: Loader, number: int) -> FileValidated:
    tenant = "few" if number >= FILES - OF_FEW else "many"
    load = await loader.load(days(1), LoadMode.APPEND)
    return validated(load, accepted_at=datetime.now(UTC), tenant=tenant)


async def test_a_file_on_an_idle_system_is_posted_at_once(own_talk: Talk, loader: Loader) -> None:
    """From the verdict's record to the frozen spec; what is spent on the decision is printed, not judged."""
    took = []
    for _ in range(5):
        event = validated(await loader.load(days(2), LoadMode.APPEND))
        said_at = datetime.now(UTC)
        await own_talk.say(event)
        await own_talk.end_of(event.task_id)
        took.append((submission(own_talk, event.task_id).submitted_at - said_at).total_seconds())
    print(f"from the verdict to the post: {sorted(round(one * 1000) for one in took)} ms")  # noqa: T201  # the figure
    assert min(took) < 1
