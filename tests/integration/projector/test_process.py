"""The projector as people run it: a process that is asked, stopped, and killed at the worst places."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import signal
import socket
import subprocess
from contextlib import AbstractAsyncContextManager

import httpx
import pytest

from services.projector.projection import project
from services.projector.settings import ProjectorSettings
from shared import ids
from shared.db.engine import Database
from shared.kafka.producer import EventProducer
from tests.integration.processes import service, variables
from tests.integration.projector.rows import history_count, task_row, until
from tests.unit.projector.histories import loaded, uploaded


def process(settings: ProjectorSettings, **more: str) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
    said = variables(settings.database, settings.kafka, PROJECTOR_PORT=str(settings.http.port)) | more
    return service("projector", said, logs=subprocess.PIPE)


async def answer(settings: ProjectorSettings, path: str) -> int:
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            return (await client.get(f"http://{settings.http.host}:{settings.http.port}{path}", timeout=6)).status_code
        except httpx.TransportError:
            return 0


async def test_it_answers_works_and_drains(
    projector_settings: ProjectorSettings, producer: EventProducer, database: Database
) -> None:
    task_id = ids.fresh_task_id()
    for event in loaded(task_id):
        await producer.emit(event)

    async def ready() -> bool:
        return [await answer(projector_settings, path) for path in ("/livez", "/readyz")] == [200, 200]

    async def completed() -> bool:
        row = await task_row(database, task_id)
        return row is not None and row["status"] == "COMPLETED"

    async with process(projector_settings) as projector:
        await until(ready)
        await until(completed)
        projector.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            _, logs = await projector.communicate()
    assert projector.returncode == 0
    lines = [json.loads(line) for line in logs.decode().splitlines()]
    assert lines[0]["event"] == "started"
    assert lines[-1]["event"] == "stopped"
    assert {line["service"] for line in lines} == {"projector"}


@pytest.mark.parametrize(("point", "remembered"), [("P1", 0), ("P2", 1)])
async def test_a_kill_around_the_commit_leaves_one_event_and_the_right_row(
    projector_settings: ProjectorSettings, producer: EventProducer, database: Database, point: str, remembered: int
) -> None:
    task_id = ids.fresh_task_id()
    await producer.emit(uploaded(task_id))
    async with process(projector_settings, INGEST_FAILPOINT=point) as projector:
        async with asyncio.timeout(30):
            assert await projector.wait() == -signal.SIGKILL
    assert await history_count(database, task_id) == remembered

    for event in loaded(task_id)[1:]:
        await producer.emit(event)

    async def all_there() -> bool:
        return await history_count(database, task_id) == len(loaded())

    async with process(projector_settings):
        await until(all_there)
    assert await task_row(database, task_id) == dataclasses.asdict(project(task_id, loaded(task_id)).task)


async def test_a_taken_port_is_one_line(projector_settings: ProjectorSettings) -> None:
    with socket.create_server((projector_settings.http.host, 0)) as other:
        port = str(other.getsockname()[1])
        async with process(projector_settings, PROJECTOR_PORT=port) as projector:
            _, said = await projector.communicate()
    assert projector.returncode == 1
    assert said.decode().splitlines() == [f"projector: 127.0.0.1:{port} cannot be listened on: Address already in use"]


async def test_a_bad_setting_is_one_line(projector_settings: ProjectorSettings) -> None:
    async with process(projector_settings, DB_PORT="many") as projector:
        _, said = await projector.communicate()
    assert projector.returncode == 1
    [line] = said.decode().splitlines()
    assert line.startswith("projector: settings: ")
    assert "PORT" in line
