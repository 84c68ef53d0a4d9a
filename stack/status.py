"""`status`: what of the stack runs, whether it is ready, and how much memory it takes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stack import catalog, launcher, roster
from stack.process import Process
from stack.profile import LOOPBACK
from stack.server import Context, Server
from stack.settings import StackSettings

_PROBE_LIMIT_S = 3
_MEGABYTE = 1_000_000
_MINUTE_S = 60
_HOUR_S = 3600

State = Literal["ready", "not ready", "down"]


@dataclass(frozen=True, kw_only=True)
class Status:
    """One server as it is now. `reason` says why it is not ready; memory is the sum over its processes."""

    name: str
    state: State
    address: str
    pid: int | None
    uptime_s: float | None
    rss_bytes: int
    log: str
    reason: str | None


def read(settings: StackSettings) -> list[Status]:
    """Examine every server and service. Starts and changes nothing, and needs no lock."""
    if not settings.state.is_dir():
        return []
    context = catalog.make_context(settings)
    servers = catalog.define(context)
    found = roster.find(context, servers)
    return asyncio.run(_read_all(context, list(servers.values()), found))


async def _read_all(context: Context, servers: list[Server], found: dict[str, list[Process]]) -> list[Status]:
    return await asyncio.gather(*(_read(context, server, found.get(server.name, [])) for server in servers))


async def _read(context: Context, server: Server, processes: list[Process]) -> Status:
    head = roster.leader(processes)
    reason = await launcher.examine(server, limit_s=_PROBE_LIMIT_S) if head else None
    state: State = "down" if head is None else "ready" if reason is None else "not ready"
    return Status(
        name=server.name,
        state=state,
        address=f"{LOOPBACK}:{context.settings.port(server.ports[0])}",
        pid=head.pid if head else None,
        uptime_s=round(head.uptime_s, 1) if head else None,
        rss_bytes=sum(one.rss_bytes for one in processes),
        log=_short(context.log(server.name)),
        reason=reason,
    )


def _short(path: Path) -> str:
    """Give the path relative to where the user stands, when it lies below."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def table(statuses: list[Status]) -> str:
    """Lay the statuses out as text, one server a line, and the sum of memory below."""
    lines = [f"{'NAME':<12} {'STATE':<10} {'PID':>7} {'UP':>7} {'MB':>6}  ADDRESS"]
    for one in statuses:
        pid = str(one.pid or "-")
        up = _duration(one.uptime_s)
        megabytes = f"{one.rss_bytes / _MEGABYTE:.0f}" if one.rss_bytes else "-"
        reason = f"  {one.reason}" if one.reason else ""
        lines.append(f"{one.name:<12} {one.state:<10} {pid:>7} {up:>7} {megabytes:>6}  {one.address}{reason}")
    total = sum(one.rss_bytes for one in statuses) / _MEGABYTE
    lines.append(f"{'total':<12} {'':<10} {'':>7} {'':>7} {total:>6.0f}")
    return "\n".join(lines)


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    if seconds < _MINUTE_S:
        return f"{seconds:.0f}s"
    if seconds < _HOUR_S:
        return f"{seconds / _MINUTE_S:.0f}m"
    return f"{seconds / _HOUR_S:.1f}h"
