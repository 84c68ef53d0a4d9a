"""A TCP proxy on loopback that can be cut: the servers behind it are away for whoever comes through it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Proxy:
    """Forwards one port to `host:port`.

    `cut` closes every connection and refuses new ones; `silence` keeps them and forwards nothing; `heal` ends both.
    """

    def __init__(self, host: str, port: int) -> None:
        self.port = 0
        self._target = (host, port)
        self._server: asyncio.Server | None = None
        self._flowing = asyncio.Event()
        self._links: set[asyncio.Task[None]] = set()

    async def heal(self) -> None:
        self._flowing.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._link, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    def silence(self) -> None:
        self._flowing.clear()

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for link in tuple(self._links):
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._links.add(task)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await self._flowing.wait()
            far_reader, far_writer = await asyncio.open_connection(*self._target)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._pump(reader, far_writer))
                    group.create_task(self._pump(far_reader, writer))
            except* OSError:
                pass
            finally:
                far_writer.transport.abort()
        writer.transport.abort()
        self._links.discard(task)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            await self._flowing.wait()
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


@asynccontextmanager
async def proxy_to(host: str, port: int, *, up: bool = True) -> AsyncIterator[Proxy]:
    """A proxy with a port of its own; with `up=False` nothing listens there until `heal`."""
    proxy = Proxy(host, port)
    await proxy.heal()
    if not up:
        await proxy.cut()
    try:
        yield proxy
    finally:
        proxy._flowing.set()
        await proxy.cut()
