from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from services.gateway.rows import Claim
from services.gateway.sweeper import Sweeper
from shared.storage.memory import InMemoryObjectStore
from shared.storage.port import StorageAwayError
from tests.unit.gateway.doubles import InMemoryUploadRows
from tests.unit.gateway.rows_suite import begun, event_of


@pytest.fixture
async def store() -> InMemoryObjectStore:
    made = InMemoryObjectStore()
    await made.ensure_bucket()
    return made


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not reached():  # noqa: ASYNC110  # the loop under test sets no event
            await asyncio.sleep(0.001)


def sweeper(store: InMemoryObjectStore, rows: InMemoryUploadRows) -> Sweeper:
    return Sweeper(store=store, rows=rows, expiry=timedelta(0), interval=timedelta(hours=1))


async def left_behind(store: InMemoryObjectStore, rows: InMemoryUploadRows) -> Claim:
    claim = await begun(rows)
    await store.writer(claim.upload.object_key).write(b"half")
    return claim


async def test_unfinished_write_and_row_are_removed(store: InMemoryObjectStore) -> None:
    rows = InMemoryUploadRows()
    await left_behind(store, rows)
    assert await sweeper(store, rows).sweep() == 1
    assert not store.unfinished
    assert not rows.rows


async def test_orphan_object_is_removed_and_accepted_one_stays(store: InMemoryObjectStore) -> None:
    rows = InMemoryUploadRows()
    orphan, accepted = await begun(rows), await begun(rows)
    for claim in (orphan, accepted):
        await store.put_bytes(claim.upload.object_key, b"x")
    await rows.store(accepted, event_of(accepted.upload), traceparent=None)
    assert await sweeper(store, rows).sweep() == 1
    assert list(store.buckets["ingest"]) == [accepted.upload.object_key]
    assert list(rows.rows) == [accepted.upload.task_id]


async def test_sweep_that_fails_is_taken_up_again(store: InMemoryObjectStore) -> None:
    rows = InMemoryUploadRows()
    await left_behind(store, rows)
    store.away = True
    with pytest.raises(StorageAwayError):
        await sweeper(store, rows).sweep()
    store.away = False
    assert await sweeper(store, rows).sweep() == 1
    assert not rows.rows


async def test_loop_goes_on_while_the_store_is_away_and_stops_when_told(store: InMemoryObjectStore) -> None:
    rows = InMemoryUploadRows()
    await left_behind(store, rows)
    store.away = True
    made = Sweeper(store=store, rows=rows, expiry=timedelta(0), interval=timedelta(milliseconds=1))
    stop = asyncio.Event()
    running = asyncio.create_task(made.run(stop))
    await until(lambda: made.progress.report()["waiting_for"] is not None)
    store.away = False
    await until(lambda: not rows.rows)
    stop.set()
    await running
