"""A client that listens to a stream of events as a browser does: it comes back with the last id that it has seen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

HEADERS = {"Accept": "text/event-stream"}
PATIENCE = 30.0


@dataclass
class Listener:
    """What was heard so far; `opened` and `ended` are set when the stream has begun and said its end."""

    heard: list[dict[str, Any]] = field(default_factory=list)
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def event_ids(self) -> list[str]:
        return [event["event_id"] for event in self.heard]

    @property
    def last(self) -> str | None:
        return self.heard[-1]["id"] if self.heard else None

    async def has(self, number: int) -> None:
        """Wait until so many events were heard."""
        async with asyncio.timeout(PATIENCE), self.news:
            await self.news.wait_for(lambda: len(self.heard) >= number)

    async def read(self, address: httpx.URL | str, path: str, *, until: int | None = None) -> None:
        """Listen until the stream ends, or so many events were heard."""
        headers = HEADERS | ({"Last-Event-ID": self.last} if self.last else {})
        client = httpx.AsyncClient(base_url=address, timeout=PATIENCE, trust_env=False)
        async with client, client.stream("GET", path, headers=headers) as answer:
            assert answer.status_code == 200, await answer.aread()
            said: dict[str, str] = {}
            async for line in answer.aiter_lines():
                self.opened.set()
                name, _, value = line.partition(": ")
                if line:
                    said[name] = value
                    continue
                await self._take(said)
                said = {}
                if until is not None and len(self.heard) >= until:
                    return

    async def _take(self, said: dict[str, str]) -> None:
        if said.get("event") == "end":
            self.ended.set()
        elif "data" in said:
            event = json.loads(said["data"])
            assert said["id"] == event["id"]
            async with self.news:
                self.heard.append(event)
                self.news.notify_all()


@asynccontextmanager
async def listening(address: httpx.URL | str, path: str) -> AsyncIterator[Listener]:
    """Listen beside the block, once the stream has begun."""
    listener = Listener()
    reading = asyncio.create_task(listener.read(address, path))
    try:
        async with asyncio.timeout(PATIENCE):
            await listener.opened.wait()
        yield listener
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def moving(addresses: Sequence[httpx.URL | str], path: str, total: int, steps: Sequence[int]) -> Listener:
    """Listen to so many events, and go to the next address after each step's number of them."""
    listener, turn = Listener(), 0
    while len(listener.heard) < total:
        until = min(total, len(listener.heard) + steps[turn % len(steps)])
        await listener.read(addresses[turn % len(addresses)], path, until=until)
        turn += 1
    return listener
