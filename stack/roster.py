"""Who of the stack is alive, and how to end some of them in the right order."""

from __future__ import annotations

import signal
import time
from collections.abc import Collection, Iterable, Mapping

from stack import process
from stack.catalog import STOP_ORDER
from stack.console import say
from stack.process import Process
from stack.server import Context, Server


def find(context: Context, servers: Mapping[str, Server]) -> dict[str, list[Process]]:
    """Find the live processes of each server, orphans of a dead one included. `servers` is the whole catalogue."""
    homes = {home: server.name for server in servers.values() for home in server.homes}
    found: dict[str, list[Process]] = {}
    for one in process.scan(context.state, homes=homes):
        found.setdefault(one.name, []).append(one)
    return found


def leader(processes: Iterable[Process]) -> Process | None:
    """Pick the server itself out of its processes."""
    return next((one for one in processes if one.leader), None)


def stop_in_order(context: Context, servers: Mapping[str, Server], names: Collection[str]) -> int:
    """Stop `names`, group after group, and tell how many ran."""
    stopped = 0
    for group in STOP_ORDER:
        members = [servers[name] for name in group if name in names]
        stopped += _stop_group(context, members, find(context, servers))
    return stopped


def _stop_group(context: Context, members: Iterable[Server], found: Mapping[str, list[Process]]) -> int:
    """Ask all servers of the group to end, and wait for all; then end what they left behind."""
    present = [server for server in members if server.name in found]
    grace_s = context.settings.stop_timeout_s
    started = time.monotonic()
    for number in sorted({server.stop_signal for server in present}):
        heads = [leader(found[server.name]) for server in present if server.stop_signal == number]
        process.stop([head for head in heads if head], with_signal=number, grace_s=grace_s)
    for server in present:
        process.stop(found[server.name], with_signal=signal.SIGKILL, grace_s=0)
        say(f"{server.name:<12} down   {time.monotonic() - started:4.1f} s")
    return len(present)
