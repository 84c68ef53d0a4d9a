"""The HTTP answer that stays open: each piece is sent when it is there, and it ends when the client has left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

SEND_PATIENCE = timedelta(seconds=30)
MEDIA_TYPE = "text/event-stream"


class EventStream(Response):
    """A stream of Server-Sent Events.

    Nothing is answered before the first piece is there, so what fails until then becomes a problem as everywhere. A
    client that takes nothing for 30 s is left: it comes back if it lives.
    """

    media_type = MEDIA_TYPE
    charset = "utf-8"

    def __init__(self, pieces: AsyncGenerator[bytes]) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # ASGI's
        """Serve it to its end, or until the client has left."""
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_client_leaves(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            leaving.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
        if not sending.cancelled():
            sending.result()

    async def _send(self, send: Send) -> None:
        has_begun = False
        async with aclosing(self._pieces):
            async for piece in self._pieces:
                if not has_begun:
                    await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                    has_begun = True
                try:
                    async with asyncio.timeout(SEND_PATIENCE.total_seconds()):
                        await send({"type": "http.response.body", "body": piece, "more_body": True})
                except TimeoutError:
                    return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _client_leaves(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
