from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from shared import health
from shared.health import Progress, health_app, live, ready


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that the module sees: a list of one number, which a test moves."""
    now = [1_000.0]
    monkeypatch.setattr("shared.health.time.monotonic", lambda: now[0])
    return now


def test_a_loop_that_holds_one_thing_too_long_is_stuck(clock: list[float]) -> None:
    loop = Progress("loop")
    assert live([loop]) == (True, {"loops": [_report("loop")]})
    loop.begin()
    clock[0] += health.STUCK_AFTER_SECONDS
    assert live([loop])[0]
    clock[0] += 1
    good, report = live([Progress("other"), loop])
    assert not good
    assert report["loops"][1] == _report("loop", stuck=True, busy=301.0)
    loop.end()
    assert live([loop])[0]


def test_waiting_for_a_dependency_is_not_being_stuck(clock: list[float]) -> None:
    loop = Progress("loop")
    loop.begin()
    loop.waiting("PostgreSQL is away")
    clock[0] += 10 * health.STUCK_AFTER_SECONDS
    good, report = live([loop])
    assert good
    assert report["loops"][0]["waiting_for"] == "PostgreSQL is away"
    loop.begin()
    clock[0] += 2 * health.STUCK_AFTER_SECONDS
    assert not live([loop])[0]


async def test_every_dependency_is_asked_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "CHECK_SECONDS", 0.01)
    good, answers = await ready({"here": _answers, "broken": _raises, "silent": _hangs})
    assert not good
    assert answers == {"checks": {"here": "ok", "broken": "RuntimeError", "silent": "TimeoutError"}}
    assert (await ready({"here": _answers}))[0]
    assert (await ready({}))[0]


async def test_the_pages(clock: list[float]) -> None:
    loop = Progress("loop")
    app = health_app(service="monitor", progress=[loop], checks={"broken": _raises})
    assert await _get(app, "/livez") == (200, {"service": "monitor", "ok": True, "loops": [_report("loop")]})
    status, body = await _get(app, "/readyz")
    assert (status, body["ok"], body["checks"]) == (503, False, {"broken": "RuntimeError"})
    loop.begin()
    clock[0] += 301
    assert (await _get(app, "/livez"))[0] == 503
    assert (await _get(app, "/"))[0] == 404


def _report(name: str, *, stuck: bool = False, busy: float | None = None) -> dict[str, Any]:
    return {"name": name, "stuck": stuck, "busy_seconds": busy, "waiting_for": None}


async def _answers() -> None:
    return


async def _raises() -> None:
    msg = "with a password in it"
    raise RuntimeError(msg)


async def _hangs() -> None:
    await asyncio.Event().wait()


async def _get(app: Any, path: str) -> tuple[int, dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app({"type": "http", "path": path}, None, send)
    assert dict(sent[0]["headers"])[b"content-length"] == str(len(sent[1]["body"])).encode()
    return sent[0]["status"], json.loads(sent[1]["body"])
