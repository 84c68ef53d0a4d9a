"""The submitter, with what a verdict hands on: the spec that Druid gets, and what it says of the proof."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest_asyncio

from services.submitter.app import create_app
from services.submitter.settings import SubmitterOptions, SubmitterSettings
from services.submitter.spec import Load
from shared.db import migrate
from shared.druid import Capabilities, DruidSettings, HttpDruid
from shared.events import DruidSubmitted, FileValidated, LedgerStatus, LoadMode, ProofBy, TaskEvent, TaskStatus
from shared.loading import Loading
from shared.storage.s3 import S3ObjectStore
from shared.storage.settings import S3Settings
from shared.telemetry import LogSettings
from tests.integration.druid.chain import Servers, Talk, talking, validated
from tests.integration.druid.loading import Loader
from tests.integration.druid.test_loading_specs import ROWS, ready
from tests.integration.resources import fresh_database, fresh_topics
from tests.unit.submitter import druid_loads


class CoreOnly(HttpDruid):
    """A Druid of which nobody knows that it can read S3."""

    async def capabilities(self) -> Capabilities:
        return Capabilities((await super().capabilities()).version, frozenset())


@pytest_asyncio.fixture(scope="module")
async def talk(
    profile: dict[str, str], druid_settings: DruidSettings, store_settings: S3Settings, store: S3ObjectStore
) -> AsyncIterator[Talk]:
    """Submitter and monitor; the submitter believes that Druid has its core alone, and no other takes its loads."""
    async with fresh_topics(profile) as kafka, fresh_database(profile) as database:
        await migrate.upgrade(database)
        where = Servers(kafka, database, druid_settings, store_settings)
        settings = SubmitterSettings(
            options=SubmitterOptions(lease_for=timedelta(seconds=3)),
            kafka=where.kafka,
            database=where.database,
            druid=where.druid,
            store=store_settings,
            log=LogSettings(),
        )
        druid = CoreOnly(where.druid)
        submitter = create_app(settings, druid=druid, store=store)
        async with submitter.running(), where.monitor().running(), talking(where) as made:
            yield made
        await druid.close()


def told(load: Load, **changes: Any) -> FileValidated:
    return validated(load, loading=load.loading, **changes)


async def submitted(talk: Talk, event: FileValidated) -> DruidSubmitted:
    def wanted(heard: TaskEvent) -> bool:
        return isinstance(heard, DruidSubmitted) and heard.task_id == event.task_id

    found = await talk.hear(wanted)
    assert isinstance(found, DruidSubmitted)
    return found


async def test_a_cluster_of_the_core_alone_is_loaded_over_http(
    talk: Talk, loader: Loader, store: S3ObjectStore
) -> None:
    """The addresses are signed; what is kept of the spec gives nobody the parts."""
    event = told(await ready(loader, druid_loads.MANY_PARTS))
    await talk.say(event)
    said = await submitted(talk, event)
    assert said.spec_key is not None
    kept = b"".join([piece async for piece in store.read(said.spec_key)])
    uris = json.loads(kept)["spec"]["ioConfig"]["inputSource"]["uris"]
    assert (len(uris), b"X-Amz" in kept) == (len(event.parts), False)
    about = await (await store.client()).head_object(Bucket=store.bucket, Key=said.spec_key)
    assert about["ContentType"] == "application/json"
    end = await talk.end_of(event.task_id)
    assert (end.status, end.problems) == (TaskStatus.COMPLETED, ())
    assert end.ledger is not None
    assert (end.ledger.status, end.ledger.rows_counted) == (LedgerStatus.RECONCILED, ROWS)


async def test_a_rollup_is_proven_by_its_count(talk: Talk, loader: Loader) -> None:
    event = told(await ready(loader, druid_loads.ROLLUP))
    await talk.say(event)
    said = await submitted(talk, event)
    assert (said.mode, said.proof_by, said.count_metric) == (LoadMode.APPEND, ProofBy.TASK_ID, "trips")
    end = await talk.end_of(event.task_id)
    assert (end.status, end.problems) == (TaskStatus.COMPLETED, ())
    assert end.ledger is not None
    assert end.ledger.rows_counted == ROWS


async def test_rollup_across_files_is_proven_by_the_difference(talk: Talk, loader: Loader) -> None:
    for before in (0, ROWS):
        event = told(await ready(loader, druid_loads.ACROSS_FILES))
        await talk.say(event)
        said = await submitted(talk, event)
        assert (said.proof_by, said.count_metric, said.rows_before) == (
            ProofBy.DIFFERENCE,
            "ingest_row_count",
            before,
        )
        end = await talk.end_of(event.task_id)
        assert (end.status, end.problems) == (TaskStatus.COMPLETED, ())
        assert end.ledger is not None
        assert end.ledger.rows_counted == ROWS


async def test_a_touched_replace_says_that_it_replaces(talk: Talk, loader: Loader) -> None:
    event = told(await ready(loader, druid_loads.TOUCHED))
    await talk.say(event)
    said = await submitted(talk, event)
    assert (said.mode, said.proof_by, said.rows_before) == (LoadMode.REPLACE, ProofBy.TASK_ID, None)
    assert (await talk.end_of(event.task_id)).status is TaskStatus.COMPLETED


async def test_a_sketch_that_druid_cannot_build_ends_the_task_with_its_name(talk: Talk, loader: Loader) -> None:
    event = told(await ready(loader, druid_loads.SKETCHES))
    await talk.say(event)
    end = await talk.end_of(event.task_id)
    assert (end.status, end.problems[0].code) == (TaskStatus.FAILED, "druid_lacks_extension")
    assert "druid-datasketches" in end.problems[0].message


async def test_a_verdict_without_a_definition_is_loaded_as_ever(talk: Talk, loader: Loader) -> None:
    load = replace(await ready(loader, druid_loads.APPEND), loading=Loading())
    event = validated(load)
    assert event.loading is None
    await talk.say(event)
    assert (await talk.end_of(event.task_id)).status is TaskStatus.COMPLETED
