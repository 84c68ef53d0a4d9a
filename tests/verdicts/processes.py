"""The engine's processes, as the kernel shows them."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest


async def settled(pid: int) -> None:
    """Wait until the child has lowered its priority, which it does after tying itself to its parent."""
    async for _ in until(10):
        if os.getpriority(os.PRIO_PROCESS, pid) > os.getpriority(os.PRIO_PROCESS, 0):
            return
    pytest.fail("the child did not lower its priority")


async def started_child(parent: int | None = None) -> int:
    """The pid of the engine process below `parent`, once it runs."""
    async for _ in until(10):
        for pid in children(parent):
            if b"services.validator.engine\0" in process_file(pid, "cmdline"):
                return pid
    pytest.fail("no child was started")


async def until(seconds: float) -> AsyncIterator[None]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield
        await asyncio.sleep(0.01)


def children(parent: int | None = None) -> list[int]:
    """Living children of a process, over all its threads."""
    found = []
    for listing in Path(f"/proc/{parent or os.getpid()}/task").glob("*/children"):
        found += [int(pid) for pid in listing.read_text().split() if alive(int(pid))]
    return found


def process_file(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
