"""One reader of the feed for all who listen in this process: it reads each event once and hands it to everybody."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

from services.gateway.event_words import FedEvent
from services.gateway.feed_rows import FeedRows
from shared.backoff import Backoff
from shared.errors import TransientError
from shared.health import Progress
from shared.service import supervised
from shared.telemetry import logger
from shared.waiting import wait_any

BATCH_EVENTS = 500
LOOK_EVERY = timedelta(seconds=1)  # the projector wakes us: this is for what was said while nobody was connected
MOST_WAITING = 1000

_log = logger(__name__)


class Subscription:
    """What one listener has not taken yet.

    `over` is set when nothing more will come: the process stops, or the listener is too slow and more than 1,000
    events would wait for it. It may come again and go on from the last position that it has seen.
    """

    def __init__(self, wants: Callable[[FedEvent], bool]) -> None:
        self.over = False
        self._wants = wants
        self._waiting: deque[FedEvent] = deque()
        self._news = asyncio.Event()

    def offer(self, event: FedEvent) -> None:
        """Keep an event for the listener, if it wants it."""
        if self.over or not self._wants(event):
            return
        if len(self._waiting) == MOST_WAITING:
            self.end()
            return
        self._waiting.append(event)
        self._news.set()

    def end(self) -> None:
        """Say that nothing more comes; what waits is dropped, for the listener reads it again."""
        self.over = True
        self._waiting.clear()
        self._news.set()

    async def take(self, patience: timedelta) -> list[FedEvent]:
        """What waits, in its order, as soon as anything does; nothing after that time, or once it is over."""
        if not self._waiting and not self.over:
            try:
                async with asyncio.timeout(patience.total_seconds()):
                    await self._news.wait()
            except TimeoutError:
                return []
        taken = list(self._waiting)
        self._waiting.clear()
        self._news.clear()
        return taken


class Hub:
    """The reader. It reads while anybody listens, and does nothing else.

    Args:
        rows: the feed.
        look_every: how long a silence of the projector is believed.
        backoff: how long to wait for a database that is away.
    """

    def __init__(self, rows: FeedRows, *, look_every: timedelta = LOOK_EVERY, backoff: Backoff | None = None) -> None:
        self.progress = Progress("event feed")
        self._rows = rows
        self._look_every = look_every
        self._backoff = backoff or Backoff()
        self._head = 0
        self._closed = False
        self._listeners: dict[str | None, set[Subscription]] = {}
        self._arriving = asyncio.Lock()
        self._woken = asyncio.Event()
        self._stop = asyncio.Event()
        self._reading: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def subscribed(
        self, task_id: str | None = None, wants: Callable[[FedEvent], bool] = lambda _: True
    ) -> AsyncIterator[Subscription]:
        """Listen, to one task or to all, from now on: every event that could not be seen yet is offered.

        It may be offered some that could be seen already.

        Raises:
            DatabaseAwayError: nobody else listens, and where the feed stands cannot be told.
        """
        subscription = Subscription(wants)
        async with self._arriving:
            if self._closed:
                subscription.end()
            elif not self._listeners:
                self._head = await self._rows.latest()
                self._begin()
            self._listeners.setdefault(task_id, set()).add(subscription)
        try:
            yield subscription
        finally:
            others = self._listeners[task_id]
            others.discard(subscription)
            if not others:
                del self._listeners[task_id]
            if not self._listeners:
                self._stop.set()

    async def close(self) -> None:
        """End every subscription, and read no more."""
        self.leave()
        await asyncio.gather(*self._reading)

    def leave(self) -> None:
        """End every subscription, so that requests which listen can end."""
        self._closed = True
        self._stop.set()
        for subscription in [one for some in self._listeners.values() for one in some]:
            subscription.end()

    def _begin(self) -> None:
        self._stop = asyncio.Event()
        loops = (self._read, partial(self._rows.listen, self._woken.set))
        for loop in loops:
            reading = asyncio.create_task(supervised(loop, self._stop))
            self._reading.add(reading)
            reading.add_done_callback(self._reading.discard)

    async def _read(self, stop: asyncio.Event) -> None:
        failures = 0
        while not stop.is_set():
            self._woken.clear()
            self.progress.begin()
            try:
                read = await self._hand_on()
            except TransientError as error:
                failures += 1
                self.progress.waiting(str(error))
                if failures == 1 or failures % 20 == 0:
                    _log.warning("feed_waiting", failures=failures, why=str(error))
                await wait_any(self._backoff.delay(failures), stop)
                continue
            failures = 0
            self.progress.end()
            if read < BATCH_EVENTS:
                await wait_any(self._look_every, stop, self._woken)
        self.progress.end()

    async def _hand_on(self) -> int:
        """Read the next events and offer each to those who listen to its task or to all; how many there were."""
        events = await self._rows.since(self._head, BATCH_EVENTS)
        for event in events:
            if event.position <= self._head:
                continue  # a reader that was about to stop has handed it on meanwhile
            self._head = event.position
            for listened in (event.task_id, None):
                for subscription in self._listeners.get(listened, ()):
                    subscription.offer(event)
        return len(events)
