from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from shared import service
from shared.service import HttpServer, http_server

PATIENCE_SECONDS = 10


async def _app(_scope: Any, _receive: Any, _send: Any) -> None:
    pass


def _server() -> HttpServer:
    server = http_server(_app, lifespan="off")
    server.config.load()
    return server


async def test_a_server_that_is_asked_to_exit_does_not_wait_for_its_next_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "TICK", timedelta(hours=1))
    server = _server()
    looking = asyncio.create_task(server.main_loop())
    await asyncio.sleep(0)
    assert not looking.done()
    server.ask_to_exit()
    await asyncio.wait_for(looking, PATIENCE_SECONDS)


async def test_the_date_header_is_there_from_the_first_look_on() -> None:
    server = _server()
    server.ask_to_exit()
    await asyncio.wait_for(server.main_loop(), PATIENCE_SECONDS)
    assert server.server_state.default_headers[0][0] == b"date"
