"""The processes of a stack: found by a mark in their environment, never by a stored pid.

`/proc` is the only record, so a launcher that died in the middle leaves nothing that cannot be found again, and a pid
that the kernel gave to somebody else is never taken for ours.
"""

from __future__ import annotations

import hashlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

PROC = Path("/proc")
MARK_STACK = "INGEST_STACK"
MARK_NAME = "INGEST_STACK_NAME"
MARK_PRINT = "INGEST_STACK_PRINT"

_STAT_STATE, _STAT_SESSION, _STAT_START = 0, 3, 19
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class Command:
    """How a server is started.

    `config` is every text it reads at its start: a change means that it must start again. With `inherit` it gets our
    own environment below `env`.
    """

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    inherit: bool = False
    user: str | None = None
    group: int | None = None
    config: str = ""

    @property
    def fingerprint(self) -> str:
        """Hash of the whole argument list, a dot, `version`."""
        return f"{argv_hash(self.argv)}.{self.version}"

    @property
    def version(self) -> str:
        """Hash of all that decides how the server works; where its program lies does not."""
        return _hash(repr((self.argv[1:], sorted(self.env.items()), self.user, self.config)).encode())


@dataclass(frozen=True, kw_only=True)
class Process:
    """One live process of a stack. `leader` is the server itself; the others are what it started."""

    pid: int
    started_ticks: int
    name: str
    fingerprint: str
    leader: bool
    rss_bytes: int

    @property
    def version(self) -> str:
        """The `Command.version` that it was started with."""
        return self.fingerprint.partition(".")[2]

    @property
    def uptime_s(self) -> float:
        """Seconds since the process was started."""
        return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - self.started_ticks / _TICKS_PER_S)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def argv_hash(argv: Sequence[str]) -> str:
    """Hash an argument list; the same list read back from `/proc` gives the same hash."""
    return _hash(b"".join(os.fsencode(argument) + b"\0" for argument in argv))


def spawn(command: Command, *, state: Path, name: str, log: Path) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own, marked, with its output in `log`; it outlives us."""
    mark = {MARK_STACK: str(state), MARK_NAME: name, MARK_PRINT: command.fingerprint}
    with log.open("ab") as output:
        return subprocess.Popen(
            command.argv,
            cwd=command.cwd,
            env={**(os.environ if command.inherit else {}), **command.env, **mark},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=command.user,
            group=command.group,
            extra_groups=None if command.user is None else [],
        )


def scan(state: Path, *, homes: Mapping[Path, str] | None = None, proc: Path = PROC) -> list[Process]:
    """Find every live process of the stack at `state`.

    `homes` names folders whose tenants are ours too: PostgreSQL's backends overwrite their environment with their
    title, but their working directory is the data directory.
    """
    found = []
    for entry in proc.iterdir():
        if entry.name.isdigit():
            with suppress(OSError):  # it ended while we looked, or it is another user's
                process = _read(entry, state, homes or {})
                if process is not None:
                    found.append(process)
    return found


def _read(entry: Path, state: Path, homes: Mapping[Path, str]) -> Process | None:
    environment = _environment(entry)
    if environment.get(MARK_STACK) == str(state):
        name, fingerprint = environment.get(MARK_NAME, ""), environment.get(MARK_PRINT, "")
    elif homes and (home := entry.joinpath("cwd").readlink()) in homes:
        name, fingerprint = homes[home], ""
    else:
        return None
    stat = _stat(entry)
    if stat[_STAT_STATE] in "ZX":
        return None
    arguments = entry.joinpath("cmdline").read_bytes()
    own = fingerprint.partition(".")[0] == _hash(arguments)
    return Process(
        pid=int(entry.name),
        started_ticks=int(stat[_STAT_START]),
        name=name,
        fingerprint=fingerprint,
        leader=own and stat[_STAT_SESSION] == entry.name,
        rss_bytes=int(entry.joinpath("statm").read_text().split()[1]) * _PAGE_BYTES,
    )


def _environment(entry: Path) -> dict[str, str]:
    raw = entry.joinpath("environ").read_bytes()
    if MARK_STACK.encode() not in raw:
        return {}
    pairs = (os.fsdecode(item).partition("=") for item in raw.split(b"\0"))
    return {key: value for key, _, value in pairs}


def alive(process: Process) -> bool:
    """Tell whether this very process still runs, not another that got its pid."""
    return _started_ticks(process.pid) == process.started_ticks


def stop(processes: Iterable[Process], *, with_signal: signal.Signals, grace_s: float) -> None:
    """Ask `processes` to end, wait `grace_s` seconds for them, then kill what is left. Returns when all have ended."""
    handles = _open_all(processes)
    try:
        _send(handles, with_signal)
        survivors = _await_ends(handles, grace_s)
        _send(survivors, signal.SIGKILL)
        _await_ends(survivors, None)
    finally:
        for handle in handles:
            os.close(handle)


def _open_all(processes: Iterable[Process]) -> list[int]:
    """Open a handle for each: unlike a pid, it can never come to mean another process."""
    handles = []
    for process in processes:
        with suppress(OSError):
            handle = os.pidfd_open(process.pid)
            if _started_ticks(process.pid) == process.started_ticks:
                handles.append(handle)
            else:
                os.close(handle)
    return handles


def _started_ticks(pid: int) -> int | None:
    try:
        stat = _stat(PROC / str(pid))
    except OSError:
        return None
    return None if stat[_STAT_STATE] in "ZX" else int(stat[_STAT_START])


def _stat(entry: Path) -> list[str]:
    """Read the fields after the second, which is the program's name in brackets and may hold anything."""
    return entry.joinpath("stat").read_text().rpartition(")")[2].split()


def _send(handles: Iterable[int], number: signal.Signals) -> None:
    for handle in handles:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(handle, number)


def _await_ends(handles: Iterable[int], timeout_s: float | None) -> list[int]:
    """Wait until every handle reports its end; give those that have not when the time is over."""
    pending = set(handles)
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    poller = select.poll()
    for handle in pending:
        poller.register(handle, select.POLLIN)
    while pending:
        left_ms = None if deadline is None else max(0.0, (deadline - time.monotonic()) * 1000)
        ended = poller.poll(left_ms)
        if not ended:
            break
        for handle, _ in ended:
            poller.unregister(handle)
            pending.discard(handle)
    return list(pending)
