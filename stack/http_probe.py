"""The smallest HTTP client that a probe needs: loopback only, no proxy, no redirect."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stack.profile import LOOPBACK
from stack.server import NotReadyError

_TIMEOUT_S = 5


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Status and body of an answer."""

    status: int
    body: bytes

    def json(self) -> Any:
        """Parse the body as JSON."""
        return json.loads(self.body)


async def ask(
    port: int, path: str, *, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """Send one request to 127.0.0.1. Raises `OSError` or `http.client.HTTPException` when no answer comes in 5 s."""
    return await asyncio.to_thread(_ask, port, path, method, body, dict(headers or {}))


def _ask(port: int, path: str, method: str, body: bytes | None, headers: dict[str, str]) -> Answer:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_TIMEOUT_S)
    try:
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        return Answer(status=response.status, body=response.read())
    finally:
        connection.close()


async def expect_ok(port: int, path: str) -> Answer:
    """Get `path` and want a 200.

    Raises:
        NotReadyError: another status came.

    """
    answer = await ask(port, path)
    if answer.status != http.client.OK:
        said = answer.body.decode(errors="replace").strip()[:200]
        message = f"{path} answers {answer.status} {said}".strip()
        raise NotReadyError(message)
    return answer
