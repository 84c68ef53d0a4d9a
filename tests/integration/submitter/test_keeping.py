"""The frozen spec is where its reader is told to look before Druid, or anybody, hears of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from shared.db.models import Submission
from shared.druid import AlreadyExists, Submitted
from shared.events import DruidSubmitted, FileUploaded, LoadMode, TaskUpdated
from shared.storage.port import StorageAwayError
from shared.worker import DEATHS_ALLOWED, Done, Wait
from tests.integration.submitter.bench import Bench, verdict


def kept(bench: Bench) -> dict[str, bytes]:
    return bench.store.buckets[bench.store.bucket]


async def ready(bench: Bench, **changes: Any) -> FileUploaded:
    event = bench.upload(LoadMode.APPEND, at=1)
    await bench.say(verdict(event, **changes))
    return event


async def submitted(bench: Bench, event: FileUploaded) -> DruidSubmitted:
    outcome = await bench.step(event)
    assert isinstance(outcome, Done)
    (said,) = outcome.events
    assert isinstance(said, DruidSubmitted)
    return said


@pytest.mark.parametrize("attempt", [1, 2])
async def test_what_is_posted_can_be_read_under_the_key_that_is_said(bench: Bench, attempt: int) -> None:
    event = await ready(bench, attempt=attempt)
    said = await submitted(bench, event)
    assert said.spec_key == f"specs/{event.task_id}/{attempt}.json"
    assert json.loads(kept(bench)[said.spec_key]) == bench.druid.posted[-1]


async def test_it_is_there_before_the_post(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    event = await ready(bench)
    there: list[bool] = []

    async def submit(spec: Mapping[str, Any]) -> Submitted | AlreadyExists:
        del spec
        there.append(f"specs/{event.task_id}/1.json" in kept(bench))
        return Submitted()

    monkeypatch.setattr(bench.druid, "submit", submit)
    await submitted(bench, event)
    assert there == [True]


async def test_it_has_no_signature(bench: Bench) -> None:
    bench.druid.extensions = frozenset()
    said = await submitted(bench, await ready(bench))
    assert said.spec_key is not None
    body = kept(bench)[said.spec_key]
    assert b"signed-for" not in body
    (uri,) = json.loads(body)["spec"]["ioConfig"]["inputSource"]["uris"]
    (posted,) = bench.druid.posted[-1]["spec"]["ioConfig"]["inputSource"]["uris"]
    assert posted.startswith(f"{uri}?signed-for=")


async def test_a_store_that_is_away_is_waited_for_and_nothing_is_posted_before(bench: Bench) -> None:
    event = await ready(bench)
    bench.store.away = True
    outcome = await bench.step(event)
    assert isinstance(outcome, Wait)
    (said,) = outcome.events
    assert isinstance(said, TaskUpdated)
    assert said.reason is not None
    assert said.reason.startswith("backoff: the object store is away or busy since ")
    assert (await bench.step(event)).events == ()  # once is enough
    assert bench.druid.posted == []
    bench.store.away = False
    assert (await submitted(bench, event)).spec_key in kept(bench)
    assert len(bench.druid.posted) == 1


async def test_a_store_that_refuses_is_waited_for_too(bench: Bench) -> None:
    """A person has to see to the bucket: until then the load is kept, and says what it waits for."""
    event = await ready(bench)
    objects = bench.store.buckets.pop(bench.store.bucket)
    outcome = await bench.step(event)
    assert isinstance(outcome, Wait)
    assert "there is no bucket" in str(outcome.reason)
    bench.store.buckets[bench.store.bucket] = objects
    assert (await submitted(bench, event)).spec_key in objects


async def test_a_frozen_spec_that_nobody_kept_is_kept_as_it_was_frozen(bench: Bench) -> None:
    """Killed between the two, or frozen by a release that kept none; later the spec would be made anew, and differ."""
    event = await ready(bench)
    bench.store.away = True
    await bench.step(event)
    bench.store.away = False
    frozen = (await bench.row(event))["spec"]
    said = await submitted(bench, event)
    assert said.spec_key is not None
    assert json.loads(kept(bench)[said.spec_key]) == frozen


@pytest.mark.parametrize(
    "columns",
    [{"phase": "POSTED"}, {"posting_at": datetime.now(UTC) - timedelta(hours=25)}],
    ids=["posted", "old"],
)
async def test_whatever_way_it_is_said_it_is_there(bench: Bench, columns: dict[str, Any]) -> None:
    event = await ready(bench)
    bench.store.away = True
    await bench.step(event)
    bench.store.away = False
    async with bench.database.transaction() as connection:
        await connection.execute(update(Submission).where(Submission.task_id == event.task_id).values(**columns))
    assert (await submitted(bench, event)).spec_key in kept(bench)


async def test_the_last_words_keep_it_too(bench: Bench) -> None:
    event = await ready(bench)
    bench.store.away = True
    await bench.step(event)
    job = replace(await bench.lease(event), deaths=DEATHS_ALLOWED)
    with pytest.raises(StorageAwayError):
        await bench.effect.last_words(job, "it died")
    bench.store.away = False
    (said,) = await bench.effect.last_words(job, "it died")
    assert isinstance(said, DruidSubmitted)
    assert said.spec_key in kept(bench)


async def test_again_is_the_same_bytes(bench: Bench) -> None:
    event = await ready(bench)
    first = await submitted(bench, event)
    assert first.spec_key is not None
    body = kept(bench)[first.spec_key]
    async with bench.database.transaction() as connection:
        again = update(Submission).where(Submission.task_id == event.task_id).values(done_at=None)
        await connection.execute(again)
    assert await submitted(bench, event) == first
    assert kept(bench)[first.spec_key] == body
