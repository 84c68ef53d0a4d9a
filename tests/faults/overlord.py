"""Druid's overlord held still, and one that forgets its tasks when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from stack import catalog, launcher, process
from stack.settings import StackSettings
from tests.faults.project_stack import run

# Druid's own default, in which the tasks are in the overlord's memory; our stack keeps them in the metadata store.
TASKS_IN_MEMORY = "-Ddruid.indexer.storage.type=local"
START_SECONDS = 120.0
LOOK_SECONDS = 0.01
ARRIVAL_SECONDS = 8.0  # after 10 s without a word ZooKeeper ends the session, and it does not lead any more
_LOCAL, _QUEUES = 1, 4  # columns of /proc/net/tcp


def kill(pid: int) -> None:
    """End a process as a power cut would; returns when it is gone."""
    handle = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        gone = select.poll()
        gone.register(handle, select.POLLIN)
        gone.poll()
    finally:
        os.close(handle)


@contextlib.contextmanager
def held_still(pid: int) -> Iterator[None]:
    """Requests that come meanwhile lie in the sockets of the process, and are read when it goes on."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):  # it may have been killed meanwhile
            os.kill(pid, signal.SIGCONT)


def await_unread(*, at_least_bytes: int) -> None:
    """Wait until a request of this size lies before an overlord that is held still."""
    port, deadline = StackSettings().port("coordinator"), time.monotonic() + ARRIVAL_SECONDS
    while max(_unread(port), default=0) < at_least_bytes:
        assert time.monotonic() < deadline, "no such request came in time"
        time.sleep(LOOK_SECONDS)


def _unread(port: int) -> list[int]:
    """For each connection to a port of this machine the bytes that nobody has read."""
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()[1:]]
    return [int(line[_QUEUES].partition(":")[2], 16) for line in lines if line[_LOCAL].endswith(f":{port:04X}")]


@contextlib.contextmanager
def forgetful_overlord() -> Iterator[int]:
    """The pid of one that keeps its tasks in memory; it is killed in the end, and `servers_up` starts the usual one."""
    run(sys.executable, "-m", "stack", "down", "coordinator")
    context = catalog.make_context(StackSettings())
    server = catalog.define(context)["coordinator"]
    java, *arguments = server.command.argv
    server.prepare()
    command = replace(server.command, argv=(java, TASKS_IN_MEMORY, *arguments))
    with process.spawn(command, state=context.state, name=server.name, log=context.log(server.name)) as spawned:
        try:
            deadline = time.monotonic() + START_SECONDS
            while why := asyncio.run(launcher.examine(server)):
                assert time.monotonic() < deadline, why
            yield spawned.pid
        finally:
            spawned.kill()
