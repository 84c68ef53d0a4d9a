"""A stream of events for one listener: what the table has first, then what the hub hands on, without gap or repeat.

Its form is that of Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html): each event has
its position in the feed as `id`, so a client that comes back with the last one as `Last-Event-ID` goes on from there,
at any gateway.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from datetime import timedelta

from services.gateway.event_words import FedEvent
from services.gateway.feed_rows import FeedRows, Wanted
from services.gateway.hub import Hub, Subscription
from shared.db.engine import DatabaseAwayError

PAGE_EVENTS = 500
HEARTBEAT = b": still here\n\n"


@dataclass(frozen=True)
class Pace:
    """The times of a stream.

    Args:
        heartbeat: a comment is sent after so long a silence, for whatever stands between would close a silent one.
        retry: how long a client waits before it comes back.
        linger: so long a stream goes on after its task's end: topics are read in no order of each other, and what
            happened before the end may be known after it.
        longest: then the client has to come back, and its credential is looked at again.
    """

    heartbeat: timedelta = timedelta(seconds=15)
    retry: timedelta = timedelta(seconds=2)
    linger: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(hours=1)


class Streams:
    """The use case.

    Args:
        rows: the feed.
        hub: who reads it for all.
        pace: its times.
    """

    def __init__(self, rows: FeedRows, hub: Hub, *, pace: Pace | None = None) -> None:
        self._rows = rows
        self._hub = hub
        self._pace = pace or Pace()

    async def latest(self) -> int:
        """The position where a stream begins that has only what is new.

        Raises:
            DatabaseAwayError: it cannot be told.
        """
        return await self._rows.latest()

    async def page(self, wanted: Wanted, after: int, limit: int) -> tuple[list[FedEvent], bool]:
        """The first wanted events after a position, and whether there are more.

        Raises:
            DatabaseAwayError: they cannot be told.
        """
        found = await self._rows.page(wanted, after, limit + 1)
        return found[:limit], len(found) > limit

    async def is_over(self, wanted: Wanted, after: int) -> bool:
        """Whether nothing of an ended task comes after a position, now and once what is late would be known.

        Raises:
            DatabaseAwayError: it cannot be told.
        """
        if await self._rows.page(wanted, after, 1):
            return False
        await asyncio.sleep(self._pace.linger.total_seconds())
        return not await self._rows.page(wanted, after, 1)

    async def frames(self, wanted: Wanted, after: int, *, ended: bool = False) -> AsyncGenerator[bytes]:
        """The stream, piece by piece. That of one task ends with `event: end` after the task's end.

        Any stream may break off without it, also because its reader is too slow: the client comes back.

        Args:
            wanted: which events it has.
            after: it goes on after this position.
            ended: whether the task was at an end before; it matters where nothing is left to be told.

        Raises:
            DatabaseAwayError: before the first piece only; afterwards the stream breaks off.
        """
        opened = f"retry: {round(self._pace.retry.total_seconds() * 1000)}\n\n".encode()
        async with self._hub.subscribed(wanted.task_id, wanted.has) as subscription:
            events = await self._rows.page(wanted, after, PAGE_EVENTS)
            yield opened + _frames(events)
            place = _Place(after, is_over=ended and after > 0)
            place.pass_by(events)
            try:
                while len(events) == PAGE_EVENTS:
                    events = await self._rows.page(wanted, place.position, PAGE_EVENTS)
                    place.pass_by(events)
                    yield _frames(events)
            except DatabaseAwayError:
                return
            async for piece in self._live(subscription, wanted, place):
                yield piece

    async def _live(self, subscription: Subscription, wanted: Wanted, place: _Place) -> AsyncGenerator[bytes]:
        loop, pace = asyncio.get_running_loop(), self._pace
        leaves_at = loop.time() + pace.longest.total_seconds()
        while not subscription.over and loop.time() < leaves_at:
            is_over = place.is_over and wanted.task_id is not None
            taken = await subscription.take(pace.linger if is_over else pace.heartbeat)
            news = [event for event in taken if event.position > place.position]
            if news:
                place.pass_by(news)
                yield _frames(news)
            elif not taken and not subscription.over:
                yield _end(wanted.task_id, place) if is_over else HEARTBEAT
                if is_over:
                    return


@dataclass
class _Place:
    """How far a stream is, and whether its task was at an end when that was read."""

    position: int
    is_over: bool

    def pass_by(self, events: list[FedEvent]) -> None:
        if events:
            last = events[-1]
            self.position, self.is_over = last.position, last.task_has_ended


def _frames(events: Iterable[FedEvent]) -> bytes:
    return b"".join(event.frame for event in events)


def _end(task_id: str | None, place: _Place) -> bytes:
    return f"event: end\ndata: {json.dumps({'task_id': task_id, 'last': str(place.position)})}\n\n".encode()
