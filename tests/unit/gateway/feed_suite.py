"""What the feed of events does: the double, told by a test, and PostgreSQL, told by the projector."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Iterable
from typing import Any, Protocol

from services.gateway.callers import Caller, Scope
from services.gateway.event_words import FedEvent
from services.gateway.feed_rows import FeedRows, Wanted
from shared import ids
from shared.events import Correction, TaskEvent, TaskStatus
from tests.unit.projector.histories import PROBLEM, loaded, updated, uploaded, validated, waived

PATIENCE = 10.0


class Feed(Protocol):
    """A feed, and how it is told of events."""

    @property
    def rows(self) -> FeedRows:
        """The feed."""

    async def tell(self, event: TaskEvent) -> None:
        """What the projector does with an event."""


def reader(*datasources: str, tenant: str | None = None) -> Caller:
    """A caller of a tenant that no other test has."""
    return Caller(tenant or secrets.token_hex(4), "reader", frozenset({Scope.READ}), datasources or ("*",))


def load_of(tenant: str, **changes: Any) -> list[TaskEvent]:
    """A load that went well, of a task and a tenant of its own."""
    begin, *others = loaded(ids.fresh_task_id())
    return [event.model_copy(update={"tenant": tenant}) for event in (begin.model_copy(update=changes), *others)]


async def tell(feed: Feed, events: Iterable[TaskEvent]) -> None:
    for event in events:
        await feed.tell(event)


def events_of(found: Iterable[FedEvent]) -> list[Any]:
    return [event.event_id for event in found]


class FeedSuite:
    """Needs the fixture `feed`."""

    async def test_each_event_has_its_place_once(self, feed: Feed) -> None:
        caller = reader()
        events = load_of(caller.tenant)
        await tell(feed, [*events, *events[:4]])
        found = await feed.rows.page(Wanted(caller, events[0].task_id), 0, 100)
        assert events_of(found) == [event.event_id for event in events]
        positions = [event.position for event in found]
        assert positions == sorted(set(positions))
        assert await feed.rows.latest() >= positions[-1]
        assert {event.task_status for event in found} == {"COMPLETED"}

    async def test_a_page_goes_on_after_a_position(self, feed: Feed) -> None:
        caller = reader()
        events = load_of(caller.tenant)
        await tell(feed, events)
        seen: list[FedEvent] = []
        while page := await feed.rows.page(Wanted(caller), seen[-1].position if seen else 0, 2):
            assert len(page) <= 2
            seen += page
        assert events_of(seen) == [event.event_id for event in events]

    async def test_what_comes_before_its_upload_waits_for_it(self, feed: Feed) -> None:
        """Until then it is not known whose datasource it is about, and who may be told."""
        caller = reader("flights")
        events = load_of(caller.tenant)
        await tell(feed, events[:0:-1])
        assert await feed.rows.page(Wanted(caller), 0, 100) == []
        await tell(feed, events[:1])
        assert events_of(await feed.rows.page(Wanted(caller), 0, 100)) == [event.event_id for event in events]

    async def test_a_task_whose_upload_nobody_could_read_is_told(self, feed: Feed) -> None:
        caller = reader()
        parked = updated(TaskStatus.FAILED, 1, ids.fresh_task_id(), tenant=caller.tenant, reason="parked")
        await feed.tell(parked)
        (found,) = await feed.rows.page(Wanted(caller), 0, 100)
        assert (found.event_id, found.datasource_name) == (parked.event_id, None)
        assert await feed.rows.page(Wanted(reader("flights", tenant=caller.tenant)), 0, 100) == []

    async def test_only_what_is_wanted_and_may_be_seen(self, feed: Feed) -> None:
        tenant = secrets.token_hex(4)
        flights, stock, foreign = load_of(tenant), load_of(tenant, datasource_name="stock"), load_of("x" + tenant)
        for events in zip(flights, stock, foreign, strict=True):
            await tell(feed, events)

        async def tasks(wanted: Wanted) -> set[str]:
            return {event.task_id for event in await feed.rows.page(wanted, 0, 100)}

        first, second, third = (events[0].task_id for events in (flights, stock, foreign))
        everything, part = reader(tenant=tenant), reader("st*", tenant=tenant)
        assert await tasks(Wanted(everything)) == {first, second}
        assert await tasks(Wanted(everything, datasource="stock")) == {second}
        assert await tasks(Wanted(everything, first)) == {first}
        assert await tasks(Wanted(everything, third)) == set()
        assert await tasks(Wanted(part)) == {second}
        assert await tasks(Wanted(part, first)) == set()
        assert await tasks(Wanted(part, datasource="flights")) == set()
        for wanted in (Wanted(everything), Wanted(part), Wanted(everything, datasource="stock"), Wanted(part, first)):
            read = await feed.rows.page(wanted, 0, 100)
            everybodys = await feed.rows.since(0, 100_000)
            assert events_of(read) == events_of(filter(wanted.has, everybodys))

    async def test_the_words_are_public(self, feed: Feed) -> None:
        caller, task_id, parent = reader(), ids.fresh_task_id(), ids.fresh_task_id()
        correction = Correction(parent_task_id=parent, rows=1)
        events: list[TaskEvent] = [
            uploaded(task_id, tenant=caller.tenant, correction=correction, etag="secret"),
            validated(task_id),
            updated(TaskStatus.REJECTED, 5, task_id, problems=(PROBLEM,), report_key="reports/x.json"),
            waived(task_id, rows=2, records="3,77"),
        ]
        await tell(feed, events)
        documents = [event.document for event in await feed.rows.page(Wanted(caller), 0, 100)]
        first, verdict, end, waiver = documents
        assert (first["status"], first["data"]["corrects"], first["data"]["user_id"]) == ("PENDING", parent, "ada")
        assert (verdict["status"], verdict["data"]["rows_accepted"]) == ("VALIDATED", 993)
        assert (end["status"], end["data"]["problems"][0]["code"]) == ("REJECTED", PROBLEM.code)
        assert (waiver["status"], waiver["data"]["rows"]) == (None, 2)
        told = json.dumps(documents)
        for untold in ("validated/", "reports/", "rejected/", "s3://", "secret", "bucket", "parts", "run1"):
            assert untold not in told

    async def test_whoever_listens_hears_of_news(self, feed: Feed) -> None:
        heard, stop = asyncio.Event(), asyncio.Event()
        listening = asyncio.create_task(feed.rows.listen(heard.set, stop))
        async with asyncio.timeout(PATIENCE):
            await heard.wait()
            heard.clear()
            await feed.tell(uploaded(ids.fresh_task_id()))
            await heard.wait()
            stop.set()
            await listening
