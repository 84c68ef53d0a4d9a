from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from services.gateway.rows import Claim, FoundUpload
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


class PausedRows(InMemoryUploadRows):
    """What another gateway sees of the same rows; its sweeper pauses when it has listed them."""

    def __init__(self, rows: InMemoryUploadRows) -> None:
        super().__init__()
        self.rows, self.held, self.now = rows.rows, rows.held, rows.now
        self.listed, self.go_on = asyncio.Event(), asyncio.Event()

    async def expire(self, *, older_than: timedelta) -> list[FoundUpload]:
        found = await super().expire(older_than=older_than)
        self.listed.set()
        await self.go_on.wait()
        return found


class PausedStore(InMemoryObjectStore):
    """The same objects as another gateway reaches them, slowly."""

    def __init__(self, store: InMemoryObjectStore) -> None:
        super().__init__()
        self.buckets = store.buckets
        self.asked, self.go_on = asyncio.Event(), asyncio.Event()

    async def delete(self, key: str) -> None:
        self.asked.set()
        await self.go_on.wait()
        await super().delete(key)


async def sent_again(store: InMemoryObjectStore, rows: InMemoryUploadRows, claim: Claim) -> bool:
    """The client repeats its request; returns whether the file was accepted."""
    again = await rows.begin(claim.upload)
    if not isinstance(again, Claim):
        return False
    await store.put_bytes(claim.upload.object_key, b"sent again")
    return await rows.store(again, event_of(claim.upload), traceparent=None) is not None


async def test_a_late_sweeper_leaves_an_accepted_file_alone(store: InMemoryObjectStore) -> None:
    rows = InMemoryUploadRows()
    claim = await left_behind(store, rows)
    late = PausedRows(rows)
    sweeping = asyncio.create_task(sweeper(store, late).sweep())
    await late.listed.wait()
    assert await sweeper(store, rows).sweep() == 1
    assert await sent_again(store, rows, claim)
    late.go_on.set()
    assert await sweeping == 0
    assert claim.upload.object_key in store.objects()


async def test_nothing_is_accepted_while_a_slow_sweeper_removes(store: InMemoryObjectStore) -> None:
    rows = InMemoryUploadRows()
    claim = await left_behind(store, rows)
    slow = PausedStore(store)
    sweeping = asyncio.create_task(sweeper(slow, rows).sweep())
    await slow.asked.wait()
    assert await sweeper(store, rows).sweep() == 0
    assert not await sent_again(store, rows, claim)
    slow.go_on.set()
    assert await sweeping == 1
    assert await sent_again(store, rows, claim)
    assert claim.upload.object_key in store.objects()


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
