from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from shared import events
from shared.db.engine import Database, DatabaseSettings
from shared.errors import TransientError
from shared.events import AnyEvent, TaskEvent
from shared.inbox import Inbox, Job
from shared.kafka.envelope import OutgoingRecord, encode
from shared.kafka.producer import EventProducer, PublishFailedError
from shared.kafka.settings import KafkaSettings
from shared.worker import Done, Wait, Worker
from tests.integration.inbox.jobs import TRACE, expire_leases, inbox_of, make_available, put, row_of
from tests.integration.kafka.proxy import proxy_to
from tests.integration.kafka.rig import Seen, an_update, until

TICK = timedelta(milliseconds=20)
Effect = Callable[[Job], Awaitable[Done | Wait]]


class Notebook(EventProducer):
    """A producer that writes records down; `fail` of them are lost first."""

    def __init__(self, fail: int = 0) -> None:
        super().__init__(KafkaSettings.model_construct(), source="test")
        self.fail = fail
        self.written: Seen[OutgoingRecord] = Seen()
        self.lost: list[OutgoingRecord] = []

    async def emit(self, event: AnyEvent, *, traceparent: str | None = None) -> None:
        record = encode(event, source=self.source, traceparent=traceparent)
        if self.fail:
            self.fail -= 1
            self.lost.append(record)
            msg = "Kafka is away"
            raise PublishFailedError(msg)
        await self.written.add(record)


def ended(job: Job) -> events.TaskUpdated:
    return an_update(job.task_id, status="COMPLETED")


async def last_words(job: Job, what: str) -> tuple[TaskEvent, ...]:
    return (an_update(job.task_id, status="FAILED", reason=what),)


async def done(job: Job) -> Done:
    return Done((ended(job),))


@asynccontextmanager
async def working(
    inbox: Inbox, effect: Effect, producer: EventProducer | None = None, **arguments: Any
) -> AsyncIterator[Worker]:
    """A worker that drains at the end of the block."""
    stop = asyncio.Event()
    worker = Worker(inbox, effect, last_words, producer or Notebook(), name="test", idle=TICK, **arguments)
    task = asyncio.create_task(worker.run(stop))
    try:
        yield worker
    finally:
        stop.set()
        worker.wake()
        await task


async def test_a_job_is_done_told_and_closed(store: Database) -> None:
    notebook = Notebook()
    async with working(inbox_of(store, "a"), done, notebook) as worker:
        (event,) = await put(store)
        worker.wake()
        (record,) = await notebook.written.until(lambda _: True)
        await _until_done(store, event)
    assert record.key == event.task_id
    assert record.headers["traceparent"] == TRACE


async def test_waiting_gives_the_row_back_and_tells_why(store: Database) -> None:
    notebook = Notebook()

    async def wait_for_turn(job: Job) -> Wait:
        return Wait(timedelta(hours=1), "order", (an_update(job.task_id, status="QUEUED"),))

    (event,) = await put(store)
    async with working(inbox_of(store, "a"), wait_for_turn, notebook):
        await notebook.written.until(lambda _: True)
        await _until_free(store, event)
    row = await row_of(store, event)
    assert (row["wait_reason"], row["tries"], row["deaths"], row["done_at"]) == ("order", 1, 0, None)
    assert row["available_at"] - row["created_at"] > timedelta(minutes=59)


async def test_a_dependency_away_is_tried_again_later_each_time(store: Database) -> None:
    async def away(_: Job) -> Done:
        msg = "S3 is away"
        raise TransientError(msg)

    (event,) = await put(store)
    waits: list[timedelta] = []
    for tries in (1, 2, 3):
        async with working(inbox_of(store, "a"), away):
            await until(lambda tries=tries: _is(store, event, tries=tries, lease_owner=None))  # type: ignore[misc]
        row = await row_of(store, event)
        waits.append(row["available_at"] - row["created_at"])
        assert (row["wait_reason"], row["deaths"]) == ("dependency_away", 0)
        await make_available(store)
    assert waits[0] < waits[1] < waits[2]


async def test_a_lost_publication_is_made_again_under_the_same_id(store: Database) -> None:
    notebook = Notebook(fail=2)
    (event,) = await put(store)
    async with working(inbox_of(store, "a"), done, notebook):
        for tries in (1, 2):
            await until(lambda tries=tries: _is(store, event, tries=tries, lease_owner=None))  # type: ignore[misc]
            await make_available(store)
        (record,) = await notebook.written.until(lambda _: True)
        await _until_done(store, event)
    assert [one.event_id for one in notebook.lost] == [record.event_id] * 2
    assert {one.headers["ce_id"] for one in (*notebook.lost, record)} == {str(record.event_id)}


async def test_the_third_death_is_the_last(store: Database) -> None:
    notebook = Notebook()
    calls: list[Job] = []

    async def defect(job: Job) -> Done:
        calls.append(job)
        msg = "a defect"
        raise RuntimeError(msg)

    (event,) = await put(store)
    async with working(inbox_of(store, "a"), defect, notebook):
        for deaths in (1, 2, 3):
            await until(lambda deaths=deaths: _is(store, event, deaths=deaths, lease_owner=None))  # type: ignore[misc]
            await make_available(store)
        (record,) = await notebook.written.until(lambda _: True)
        await _until_done(store, event)
    assert [job.deaths for job in calls] == [0, 1, 2]
    assert record.key == event.task_id
    assert b"died 3 times" in record.body


async def test_vanished_holders_count_as_deaths(store: Database) -> None:
    notebook = Notebook()
    (event,) = await put(store)
    for start in range(3):
        await inbox_of(store, f"killed at its start {start}").lease()
        await expire_leases(store)
    async with working(inbox_of(store, "a"), done, notebook):
        (record,) = await notebook.written.until(lambda _: True)
        await _until_done(store, event)
    assert b"FAILED" in record.body


async def test_a_long_effect_is_held_by_heartbeats(store: Database) -> None:
    finish = asyncio.Event()
    notebook = Notebook()

    async def long(job: Job) -> Done:
        await finish.wait()
        return Done((ended(job),))

    (event,) = await put(store)
    inbox = inbox_of(store, "a", lease_for=timedelta(milliseconds=300))
    async with working(inbox, long, notebook):
        first = await _leased_until(store, event)
        await until(lambda: _later(store, event, first))
        assert await inbox_of(store, "b").lease() == []
        finish.set()
        await _until_done(store, event)
    assert len(notebook.written.items) == 1


async def test_who_has_lost_the_lease_says_nothing(store: Database) -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()
    notebook = Notebook()

    async def stubborn(_: Job) -> Done:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            cancelled.set()
        raise AssertionError

    await put(store)
    async with working(inbox_of(store, "old", lease_for=timedelta(milliseconds=300)), stubborn, notebook):
        await begun.wait()
        thief = inbox_of(store, "new")
        jobs: list[Job] = []

        async def stolen() -> bool:
            await expire_leases(store)
            jobs.extend(await thief.lease())
            return bool(jobs)

        await until(stolen)
        await cancelled.wait()
    assert notebook.written.items == []
    await thief.finish(jobs[0])


async def test_a_stop_lets_the_job_in_hand_finish_and_takes_no_other(store: Database) -> None:
    begun, finish = asyncio.Event(), asyncio.Event()
    notebook = Notebook()

    async def long(job: Job) -> Done:
        begun.set()
        await finish.wait()
        return Done((ended(job),))

    (first,) = await put(store)
    stop = asyncio.Event()
    worker = Worker(inbox_of(store, "a"), long, last_words, notebook, name="test", concurrency=2, idle=TICK)
    task = asyncio.create_task(worker.run(stop))
    await begun.wait()
    stop.set()
    (second,) = await put(store)
    worker.wake()
    finish.set()
    await task
    assert (await row_of(store, first))["done_at"] is not None
    assert (await row_of(store, second))["tries"] == 0


async def test_a_cancelled_worker_gives_its_row_back_at_once(store: Database) -> None:
    begun = asyncio.Event()

    async def endless(_: Job) -> Done:
        begun.set()
        await asyncio.sleep(600)
        raise AssertionError

    (event,) = await put(store)
    worker = Worker(inbox_of(store, "a"), endless, last_words, Notebook(), name="test", idle=TICK)
    task = asyncio.create_task(worker.run(asyncio.Event()))
    await begun.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    row = await row_of(store, event)
    assert (row["lease_owner"], row["deaths"]) == (None, 0)
    (job,) = await inbox_of(store, "b").lease()
    assert job.deaths == 0


async def test_as_many_jobs_as_allowed_run_side_by_side(store: Database) -> None:
    together: Seen[str] = Seen()
    go_on = asyncio.Event()
    running = 0
    most = 0

    async def count(job: Job) -> Done:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await together.add(job.task_id)
        await go_on.wait()
        running -= 1
        return Done((ended(job),))

    jobs = await put(store, *(an_update() for _ in range(7)))
    async with working(inbox_of(store, "a"), count, concurrency=3):
        await together.until(lambda _: True, count=3)
        go_on.set()
        for event in jobs:
            await _until_done(store, event)
    assert most == 3


async def test_postgresql_away_is_no_death(store: Database, database_settings: DatabaseSettings) -> None:
    (event,) = await put(store)
    finish = asyncio.Event()
    effects: Seen[Job] = Seen()

    async def effect(job: Job) -> Done:
        await effects.add(job)
        await finish.wait()
        return Done((ended(job),))

    async with proxy_to(database_settings.host, database_settings.port) as proxy:
        through = Database(database_settings.model_copy(update={"host": "127.0.0.1", "port": proxy.port}))
        notebook = Notebook()
        async with working(inbox_of(through, "a"), effect, notebook):
            await effects.until(lambda _: True)
            await proxy.cut()
            finish.set()
            await notebook.written.until(lambda _: True)  # told, but the mark cannot be set
            await expire_leases(store)
            await asyncio.sleep(0.5)  # for this long it must bear the outage
            await proxy.heal()
            await until(lambda: _is(store, event, lease_owner=None))
            await make_available(store)
            await _until_done(store, event)
        await through.close()
    row = await row_of(store, event)
    assert row["deaths"] == 0
    assert len({record.event_id for record in notebook.written.items}) == 1


async def _is(store: Database, event: TaskEvent, **wanted: Any) -> bool:
    row = await row_of(store, event)
    return {name: row[name] for name in wanted} == wanted


async def _leased_until(store: Database, event: TaskEvent) -> Any:
    await until(lambda: _is(store, event, lease_owner="a"))
    return (await row_of(store, event))["lease_until"]


async def _later(store: Database, event: TaskEvent, first: Any) -> bool:
    return bool((await row_of(store, event))["lease_until"] > first + timedelta(milliseconds=300))


async def _until_free(store: Database, event: TaskEvent) -> None:
    await until(lambda: _is(store, event, tries=1, lease_owner=None))


async def test_a_place_that_is_kept_free_is_taken_by_no_long_job(store: Database) -> None:
    notebook, begun, go = Notebook(), list[str](), asyncio.Event()

    async def effect(job: Job) -> Done:
        begun.append(job.task_id)
        if job.lane:
            await go.wait()
        return Done((ended(job),))

    long = await put(store, an_update(), an_update(), lane=1)
    async with working(inbox_of(store, "a"), effect, notebook, concurrency=2, kept_free=1) as worker:
        worker.wake()
        (short,) = await put(store, lane=0)
        worker.wake()
        await _until_done(store, short)
        assert sorted(begun) == sorted([begun[0], short.task_id])
        assert begun[0] in {event.task_id for event in long}
        go.set()
        for event in long:
            await _until_done(store, event)


async def test_the_only_place_is_open_to_all(store: Database) -> None:
    async with working(inbox_of(store, "a"), done, concurrency=1, kept_free=1) as worker:
        (long,) = await put(store, lane=1)
        worker.wake()
        await _until_done(store, long)


async def _until_done(store: Database, event: TaskEvent) -> None:
    async def is_done() -> bool:
        return (await row_of(store, event))["done_at"] is not None

    await until(is_done)
