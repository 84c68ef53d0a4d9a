"""`/livez` says whether the process makes progress, `/readyz` whether its dependencies answer."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

STUCK_AFTER_SECONDS = 300.0
CHECK_SECONDS = 5.0

Check = Callable[[], Awaitable[None]]


class Progress:
    """What a loop says about itself. A loop is stuck when it holds one thing for five minutes without waiting for it.

    Waiting for a dependency that is away is not being stuck: a restart would not bring it back.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._busy_since: float | None = None
        self._waiting_for: str | None = None

    def begin(self) -> None:
        """The loop has taken something in hand."""
        self._busy_since, self._waiting_for = time.monotonic(), None

    def waiting(self, reason: str) -> None:
        """The loop waits for a dependency, and will go on by itself."""
        self._busy_since, self._waiting_for = time.monotonic(), reason

    def end(self) -> None:
        """The loop is ready for the next thing."""
        self._busy_since, self._waiting_for = None, None

    def report(self) -> dict[str, Any]:
        """State for people: name, whether it is stuck, and what it waits for."""
        busy = None if self._busy_since is None else round(time.monotonic() - self._busy_since, 1)
        stuck = busy is not None and busy > STUCK_AFTER_SECONDS and self._waiting_for is None
        return {"name": self.name, "stuck": stuck, "busy_seconds": busy, "waiting_for": self._waiting_for}


def live(progress: Sequence[Progress]) -> tuple[bool, dict[str, Any]]:
    """Whether every loop makes progress, with a report of each."""
    reports = [one.report() for one in progress]
    return not any(report["stuck"] for report in reports), {"loops": reports}


async def ready(checks: Mapping[str, Check]) -> tuple[bool, dict[str, Any]]:
    """Ask every dependency, side by side, for at most five seconds; the answers name what failed, not why in detail."""
    results = await asyncio.gather(*(_ask(check) for check in checks.values()))
    answers = dict(zip(checks, results, strict=True))
    return all(answer == "ok" for answer in answers.values()), {"checks": answers}


async def _ask(check: Check) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except Exception as error:  # noqa: BLE001  # a check fails with whatever its library raises; the answer is its name
        return type(error).__name__
    return "ok"


def health_app(*, service: str, progress: Sequence[Progress], checks: Mapping[str, Check]) -> Any:
    """A bare ASGI application with the two pages, for services that serve nothing else."""

    async def app(scope: dict[str, Any], _receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] == "/livez":
            good, body = live(progress)
        elif scope["path"] == "/readyz":
            good, body = await ready(checks)
        else:
            await _answer(send, 404, {"detail": f"the {service} serves /livez and /readyz only"})
            return
        await _answer(send, 200 if good else 503, {"service": service, "ok": good, **body})

    return app


async def _answer(send: Any, status: int, body: dict[str, Any]) -> None:
    content = json.dumps(body).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
