"""A hundred files of two tenants at once, and Druid's coordinator killed while they load.

Works on the project's own stack, with services of its own beside those: `make test-faults` runs it.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared import ids
from shared.events import FileUploaded
from shared.kafka.producer import EventProducer
from shared.kafka.settings import KafkaSettings
from tests.e2e.files import rows_csv
from tests.e2e.installation import ENDS, Installation
from tests.faults.overlord import kill
from tests.faults.project_stack import pid_of, servers_up

ROWS = 1_000
LARGE, SMALL = "large", "small"
FILES = 100
ENDED_BEFORE_THE_KILL = 5
AWAY_SECONDS = 3.0
LOOK_SECONDS = 1.0  # a hundred questions each time
PATIENCE_SECONDS = 900.0
STEP_SECONDS = 60


@dataclass(frozen=True)
class Sent:
    """A file whose upload was published; its ids are those of `numbers`."""

    task_id: str
    tenant: str
    datasource: str
    numbers: range


@dataclass(frozen=True)
class Wait:
    """For how long a file was QUEUED, and since when; no seconds if it never was."""

    since: datetime
    seconds: float

    def is_on_at(self, moment: datetime) -> bool:
        return self.since <= moment < self.since + timedelta(seconds=self.seconds)


@pytest.mark.timeout(2 * PATIENCE_SECONDS)
def test_all_rows_are_there_and_the_small_tenant_does_not_wait_longer(installation: Installation) -> None:
    files = stored(installation)
    asyncio.run(publish(installation, files))
    await_ends(installation, files, ENDED_BEFORE_THE_KILL)
    kill(pid_of("coordinator"))
    open_then = [one for one in files if not has_ended(installation.task(one.task_id))]
    assert open_then, "everything had ended before the coordinator was killed: this shows nothing"
    time.sleep(AWAY_SECONDS)
    healed = servers_up()
    await_ends(installation, files, len(files))

    tasks = {one.task_id: installation.completed(one.task_id, read=ROWS) for one in files}
    for datasource in {one.datasource for one in files}:
        there = [one for one in files if one.datasource == datasource]
        assert installation.sums(datasource) == {one.task_id: (ROWS, sum(one.numbers)) for one in there}
        for one in there:
            assert installation.druid_tasks(one.task_id, datasource) == [f"ingest_{one.task_id}_1"]
            assert installation.ends(one.task_id) == ["COMPLETED"]
    waits = {
        tenant: [wait_of(tasks[one.task_id]) for one in files if one.tenant == tenant] for tenant in (LARGE, SMALL)
    }
    means = {tenant: statistics.fmean(wait.seconds for wait in of_tenant) for tenant, of_tenant in waits.items()}
    met = sum(any(large.is_on_at(small.since) for large in waits[LARGE]) for small in waits[SMALL])
    print(  # noqa: T201  # the figures are what one runs this for
        f"\n{len(open_then)} of {len(files)} open at the kill, healed in {healed:.1f} s, mean s QUEUED: "
        + ", ".join(f"{tenant} {seconds:.2f}" for tenant, seconds in means.items())
        + f"; {met} files of the small tenant came while some of the large one waited"
    )
    assert met, "no file of the small tenant came while one of the large waited: this shows nothing"
    assert means[SMALL] <= means[LARGE]


def stored(installation: Installation) -> list[Sent]:
    """All files in the object store; every tenth is the small tenant's, the large one has two datasources."""
    datasources = {LARGE: [installation.datasource(), installation.datasource()], SMALL: [installation.datasource()]}
    found: list[Sent] = []
    for number in range(FILES):
        tenant = SMALL if number % 10 == 9 else LARGE
        first, of_tenant = number * ROWS, datasources[tenant]
        one = Sent(ids.fresh_task_id(), tenant, of_tenant[number % len(of_tenant)], range(first + 1, first + ROWS + 1))
        installation.store_object(key_of(one), rows_csv(ROWS, first=first, step_seconds=STEP_SECONDS))
        found.append(one)
    return found


def key_of(one: Sent) -> str:
    return f"landing/{one.task_id}.csv"


async def publish(installation: Installation, files: list[Sent]) -> None:
    """Say of all files at once that they were uploaded, in the order in which they are given."""
    settings = KafkaSettings(
        bootstrap_servers=installation.profile["KAFKA_BOOTSTRAP_SERVERS"], topic_prefix=installation.prefix
    )
    producer = EventProducer(settings, source="gateway")
    try:
        for one in files:
            event = FileUploaded(
                task_id=one.task_id,
                tenant=one.tenant,
                datasource_name=one.datasource,
                file_uri=f"s3://{installation.bucket}/{key_of(one)}",
                accepted_at=datetime.now(UTC),
                original_filename="rows.csv",
            )
            await producer.emit(event)
    finally:
        await producer.stop()


def await_ends(installation: Installation, files: list[Sent], count: int) -> None:
    """Wait until so many of the files have ended, whatever the end."""
    deadline, ended = time.monotonic() + PATIENCE_SECONDS, set[str]()
    while len(ended) < count:
        assert time.monotonic() < deadline, f"{len(ended)} of {len(files)} files have ended, {count} were to"
        ended |= {
            one.task_id for one in files if one.task_id not in ended and has_ended(installation.task(one.task_id))
        }
        time.sleep(LOOK_SECONDS)


def has_ended(task: Mapping[str, Any] | None) -> bool:
    return task is not None and task["status"] in ENDS


def wait_of(task: Mapping[str, Any]) -> Wait:
    """From the end of its validation, for whatever reasons it was QUEUED."""
    (since,) = [one["at"] for one in task["states"] if one["status"] == "VALIDATED"]
    seconds = sum(one["seconds"] for one in task["states"] if one["status"] == "QUEUED")
    return Wait(datetime.fromisoformat(since), float(seconds))
