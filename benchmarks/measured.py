"""A program run to its end, with what it and all processes below it used (Linux)."""

from __future__ import annotations

import contextlib
import resource
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import rss_bytes
from sandbox.installation import ROOT

LOOK_SECONDS = 0.02
_GONE = (FileNotFoundError, ProcessLookupError)


@dataclass(frozen=True)
class Use:
    """What a run took, from the start of the first process to the end of the last.

    `peak_rss_bytes` is the most resident memory that all of them had together at one look, of which there are 50 a
    second; what they share is counted for each of them.
    """

    seconds: float
    cpu_seconds: float
    peak_rss_bytes: float


@dataclass(frozen=True)
class Run:
    """A program that has ended."""

    use: Use
    code: int
    stdout: str
    stderr: str


def run(command: Sequence[str], *, given: str = "") -> Run:
    """Run a program in the project's folder; `given` is its stdin. Nothing else may be started meanwhile."""
    cpu, started = _children_cpu_seconds(), time.perf_counter()
    process = subprocess.Popen(  # noqa: S603  # our own programs
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with _watched(process.pid) as peaks:
        stdout, stderr = process.communicate(given)
    seconds = time.perf_counter() - started
    use = Use(seconds, _children_cpu_seconds() - cpu, max(peaks, default=0))
    return Run(use, process.returncode, stdout, stderr)


def tree(pid: int) -> Iterator[int]:
    """A process and all below it that live."""
    yield pid
    with contextlib.suppress(*_GONE):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text(encoding="ascii").split():
                yield from tree(int(child))


@contextlib.contextmanager
def _watched(pid: int) -> Iterator[list[int]]:
    """What the tree had at each look so far."""
    peaks: list[int] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(LOOK_SECONDS):
            peaks.append(sum(_rss_or_none(one) for one in tree(pid)))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield peaks
    finally:
        ended.set()
        watcher.join()


def _rss_or_none(pid: int) -> int:
    """Resident memory, 0 of a process that has ended meanwhile."""
    with contextlib.suppress(*_GONE):
        return rss_bytes(pid)
    return 0


def _children_cpu_seconds() -> float:
    """CPU of all processes that this one has waited for, and those that they have."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
