"""A whole service process: it drains at SIGTERM, and says when its port is taken."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shared import service
from shared.kafka.producer import EventProducer
from shared.kafka.settings import KafkaSettings
from shared.service import Address, PortTakenError, listening, supervised
from tests.integration.kafka.rig import an_update, committed_offsets

ROOT = Path(__file__).parents[3]
PROGRAM = """
import asyncio, json, sys
from shared.kafka.consumer import Consumer
from shared.kafka.producer import EventProducer
from shared.kafka.settings import KafkaSettings
from shared.service import Address, Service

def say(word):
    print(word, flush=True)

async def handle(received):
    say("begun")
    await asyncio.sleep(1)
    say("handled")

async def loop(stop):
    await stop.wait()
    await asyncio.sleep(0.2)
    say("loop drained")

async def close():
    say("closed")

async def main():
    settings = KafkaSettings(**json.load(sys.stdin))
    producer = EventProducer(settings, source="projector")
    consumer = Consumer(settings, service="projector", topics=("task.updated",), handle=handle, producer=producer)
    address = Address("127.0.0.1", 0)
    await Service("projector", address=address, consumer=consumer, loops=(loop,), checks={}, closers=(close,)).serve()
    say("ended")

asyncio.run(main())
"""


@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGINT], [signal.SIGTERM, signal.SIGTERM]])
async def test_a_signal_drains(topics: KafkaSettings, signals: list[signal.Signals]) -> None:
    producer = EventProducer(topics, source="test")
    await producer.emit(an_update())
    await producer.stop()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    given = topics.model_dump(mode="json", include={"bootstrap_servers", "topic_prefix"})
    process.stdin.write(json.dumps(given).encode())
    process.stdin.close()
    async with asyncio.timeout(30):
        while b"begun" not in await process.stdout.readline():
            pass
        for one in signals:
            process.send_signal(one)
        said = (await process.stdout.read()).decode()
        assert await process.wait() == 0
    words = [line for line in said.splitlines() if line in {"handled", "loop drained", "closed", "ended"}]
    assert sorted(words[:2]) == ["handled", "loop drained"]
    assert words[2:] == ["closed", "ended"]
    assert (await committed_offsets(topics))["task.updated", 0] == 1


def test_a_taken_port_is_said_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"127.0.0.1:{port}"), listening(Address("127.0.0.1", port)):
            pass


async def test_a_loop_that_dies_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "RESTART_AFTER", service.RESTART_AFTER * 0)
    stop, lives = asyncio.Event(), 0

    async def mortal(_: Any) -> None:
        nonlocal lives
        lives += 1
        if lives == 3:
            stop.set()
        msg = "a defect"
        raise RuntimeError(msg)

    async with asyncio.timeout(10):
        await supervised(mortal, stop)
    assert lives == 3
