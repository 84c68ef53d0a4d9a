"""`up`: find what runs, mend what does not, and return when everything is ready."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from stack import cache, catalog, ports, process, profile, requirements, roster
from stack.console import say, waiting
from stack.errors import StackError
from stack.locks import exclusive
from stack.logs import last_lines, rotate
from stack.process import Process
from stack.server import Context, Server
from stack.settings import StackSettings

_PROBE_INTERVAL_S = 0.2
_PROBE_LIMIT_S = 10
_LOG_LINES = 8


class PortTakenError(StackError):
    """Something that is not ours listens where a server should."""


class StartError(StackError):
    """A server ended at once, or was not ready in time."""


def lock_file(settings: StackSettings) -> Path:
    """Give the file whose lock makes `up`, `down` and `reset` of one stack take turns."""
    return settings.state / "lock"


def up(settings: StackSettings, names: Sequence[str]) -> None:
    """Start what does not run among `names` and what they need; write the profile.

    Raises:
        StackError: something is missing, taken, broken or not ready in time.

    """
    wanted = catalog.expand(names)
    with exclusive(lock_file(settings), what="starts or stops this stack"):
        context = catalog.make_context(settings)
        defined = catalog.define(context)
        servers = catalog.with_needs(wanted, defined)
        profile.write_private(context.state / "profile.env", profile.to_text(context.profile))
        running = _mend(context, defined, servers, roster.find(context, defined))
        absent = [server for server in servers if server.name not in running]
        _check(settings, absent)
        asyncio.run(_bring_up(context, servers, running))


def _mend(
    context: Context, defined: Mapping[str, Server], servers: Iterable[Server], found: Mapping[str, list[Process]]
) -> dict[str, Process]:
    """Keep the servers that run as defined; end orphans, and servers whose settings have changed."""
    running, ill = {}, []
    for server in servers:
        processes = found.get(server.name, [])
        head = roster.leader(processes)
        if head is not None and head.version == server.command.version:
            running[server.name] = head
        elif processes:
            why = "it is gone, but its children live" if head is None else "its settings have changed"
            say(f"{server.name:<12} starting again: {why}")
            ill.append(server.name)
    roster.stop_in_order(context, defined, ill)
    return running


def _check(settings: StackSettings, absent: Sequence[Server]) -> None:
    """Refuse before anything starts: ports first, then programs; then download."""
    for server in absent:
        for name in server.ports:
            port = settings.port(name)
            if not ports.is_free(port):
                by = ports.holder(port) or "another process"
                message = f"{server.name}: port {port} is taken by {by}: stop it, or set STACK_{name.upper()}_PORT"
                raise PortTakenError(message)
    downloads = [name for server in absent for name in server.artifacts]
    absent_downloads = cache.missing(settings.cache, downloads)
    needs_java = any(server.needs_java for server in absent)
    requirements.insist(requirements.examine(java=needs_java, downloads=absent_downloads))
    cache.fetch(settings.cache, downloads)


async def _bring_up(context: Context, servers: Sequence[Server], running: dict[str, Process]) -> None:
    ready = {server.name: asyncio.Event() for server in servers}

    def pending() -> str:
        return "waiting for " + ", ".join(name for name, event in ready.items() if not event.is_set())

    with waiting(pending):
        try:
            async with asyncio.TaskGroup() as group:
                for server in servers:
                    group.create_task(_bring_up_one(context, server, running.get(server.name), ready))
        except* StackError as failures:
            raise StartError("\n".join(str(failure) for failure in failures.exceptions)) from None


async def _bring_up_one(
    context: Context, server: Server, running: Process | None, ready: dict[str, asyncio.Event]
) -> None:
    for name in server.after:
        await ready[name].wait()
    started = time.monotonic()
    if running is not None:
        pid, lives = running.pid, lambda: process.alive(running)
    else:
        child = await asyncio.to_thread(_start, context, server)
        pid, lives = child.pid, lambda: child.poll() is None
    await _await_ready(context, server, lives)
    ready[server.name].set()
    took = "was up" if running else f"{time.monotonic() - started:4.1f} s"
    say(f"{server.name:<12} ready  {took:>7}  pid {pid:<7} {profile.LOOPBACK}:{context.settings.port(server.ports[0])}")


def _start(context: Context, server: Server) -> subprocess.Popen[bytes]:
    server.prepare()
    log = context.log(server.name)
    rotate(log)
    return process.spawn(server.command, state=context.state, name=server.name, log=log)


async def _await_ready(context: Context, server: Server, lives: Callable[[], bool]) -> None:
    limit_s = context.settings.ready_timeout_s
    deadline = time.monotonic() + limit_s
    while True:
        why = await examine(server)
        if why is None:
            return
        log = context.log(server.name)
        if not lives():
            message = f"{server.name} ended before it was ready; the end of {log}:\n{last_lines(log, _LOG_LINES)}"
            raise StartError(message)
        if time.monotonic() > deadline:
            end = last_lines(log, _LOG_LINES)
            message = f"{server.name} is not ready after {limit_s:.0f} s: {why}; the end of {log}:\n{end}"
            raise StartError(message)
        await asyncio.sleep(_PROBE_INTERVAL_S)


async def examine(server: Server, *, limit_s: float = _PROBE_LIMIT_S) -> str | None:
    """Probe once: None when the server is ready, else why it is not."""
    try:
        async with asyncio.timeout(limit_s):
            await server.probe()
    except Exception as error:  # noqa: BLE001 - five clients fail in their own ways; each means "not yet" and is shown
        return f"{type(error).__name__}: {error}"
    return None
