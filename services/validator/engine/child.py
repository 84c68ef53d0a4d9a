"""Runs the engine in a child process and watches it from outside.

A file can be hostile, and the parser's native code can abort or be killed: neither may reach the service. RSS is
watched rather than limited by RLIMIT_AS, because Polars reserves far more address space than it uses.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from shared.errors import TransientError

from .progress import STATE_NAME, done_share
from .request import MIB, ParseRequest
from .verdict import VERDICT, Accepted, Code, Problem, Rejected, Untimed, Verdict

VERDICT_NAME = "verdict.json"
LOG_NAME = "child.log"
_PROJECT_ROOT = Path(__file__).resolve().parents[3]
_KIB = 1024
_LOG_TAIL_BYTES = 2_000


class ChildLimits(BaseModel):
    """What the child may use. Looked at every `poll_interval`, so a burst between two looks can pass unseen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_rss_bytes: int = Field(default=1536 * MIB, gt=0)
    max_seconds: float = Field(default=3600.0, gt=0)
    max_output_bytes: int = Field(default=64 * 1024 * MIB, gt=0)
    poll_interval: timedelta = timedelta(milliseconds=100)


class ChildUsage(BaseModel):
    """What the child used: the kernel's own peak of its RSS, seconds of wall clock, bytes in the output folder."""

    model_config = ConfigDict(frozen=True)

    peak_rss_bytes: int
    seconds: float
    output_bytes: int


class ChildDied(TransientError):  # noqa: N818 - it says what happened, and TransientError what kind it is
    """The child ended without a verdict and not by a limit of ours: out of memory, an abort, a fault in the code."""


class _OverLimit(Exception):  # noqa: N818 - a signal between two functions of this module
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


async def run_child(
    request: ParseRequest,
    limits: ChildLimits,
    *,
    report_usage: Callable[[ChildUsage], None] | None = None,
) -> Accepted | Rejected:
    """Judge a file that has to have a time, in a child process; see `check_in_child`."""
    verdict = await check_in_child(request.model_copy(update={"require_time": True}), limits, report_usage=report_usage)
    if isinstance(verdict, Untimed):
        msg = "the parser left the time open, which was not allowed"
        raise ChildDied(msg)
    return verdict


async def check_in_child(
    request: ParseRequest,
    limits: ChildLimits,
    *,
    report_usage: Callable[[ChildUsage], None] | None = None,
    report_progress: Callable[[float], None] | None = None,
) -> Verdict:
    """Judge the file in a child process.

    A limit that is passed kills the child and gives `Rejected` with `limit_memory`, `limit_time` or `limit_output`;
    files that the child has begun stay in the output folder and count for nothing. `report_usage` is called once,
    whatever the end, `report_progress` at every look with the share that is done, from 0 to 1. Has to be awaited on a
    thread that outlives the child, because the child dies with the thread that started it. Cancelling the caller kills
    the child. Raises `ChildDied`.
    """
    verdict_path = request.output_dir / VERDICT_NAME
    log_path = request.output_dir / LOG_NAME
    verdict_path.unlink(missing_ok=True)
    with log_path.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.validator.engine", str(verdict_path), str(os.getpid())),
            stdin=PIPE,
            stdout=DEVNULL,
            stderr=log,
            cwd=request.output_dir,
            env=_environment(request.output_dir),
        )
    watch = _Watch(process, request, limits, report_progress)
    try:
        await _send(process, request)
        await watch.until_end()
    except _OverLimit as over:
        return Rejected(problems=(over.problem,))
    finally:
        await _end(process)
        if report_usage is not None:
            report_usage(watch.usage())
    try:
        return _read_verdict(verdict_path, log_path, process.returncode)
    finally:
        for passing in (verdict_path, log_path, request.output_dir / STATE_NAME):
            passing.unlink(missing_ok=True)


def _environment(temp_dir: Path) -> dict[str, str]:
    """Only what Python needs: no key or password of the service reaches the process that reads hostile files."""
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(_PROJECT_ROOT),
        "PYTHONSAFEPATH": "1",
        "PYTHONHASHSEED": "0",
        "TMPDIR": str(temp_dir),
        "HOME": str(temp_dir),
    }


async def _send(process: Process, request: ParseRequest) -> None:
    if process.stdin is None:
        return
    try:
        process.stdin.write(request.model_dump_json().encode())
        await process.stdin.drain()
        process.stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        return  # it has died already; how is told by its exit code


async def _end(process: Process) -> None:
    """Kill the child if it lives, and wait until the kernel has let go of it, even when cancelled again."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
    await asyncio.shield(process.wait())


class _Watch:
    """Looks at a running child and raises when it is over a limit."""

    def __init__(
        self,
        process: Process,
        request: ParseRequest,
        limits: ChildLimits,
        report_progress: Callable[[float], None] | None,
    ) -> None:
        self._process = process
        self._source = request.source_path
        self._output_dir = request.output_dir
        self._limits = limits
        self._report_progress = report_progress
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time()
        self._peak = 0
        self._output = 0
        self._done = 0.0

    def usage(self) -> ChildUsage:
        return ChildUsage(
            peak_rss_bytes=self._peak, seconds=self._loop.time() - self._started, output_bytes=self._output
        )

    async def until_end(self) -> None:
        ended = asyncio.ensure_future(self._process.wait())
        try:
            while not ended.done():
                self._look()
                await asyncio.wait({ended}, timeout=self._limits.poll_interval.total_seconds())
            self._output = _folder_bytes(self._output_dir)
        finally:
            ended.cancel()

    def _look(self) -> None:
        rss, peak = _memory(self._process.pid)
        self._peak = max(self._peak, peak)
        self._output = _folder_bytes(self._output_dir)
        if self._report_progress is not None:
            # Between two passes the file is not open: what was done stays done.
            self._done = max(self._done, done_share(self._process.pid, self._source, self._output_dir))
            self._report_progress(self._done)
        limits = self._limits
        if rss > limits.max_rss_bytes:
            raise _over(Code.LIMIT_MEMORY, "bytes of memory", limits.max_rss_bytes, "max_rss_bytes")
        if self._loop.time() - self._started > limits.max_seconds:
            raise _over(Code.LIMIT_TIME, "seconds", limits.max_seconds, "max_seconds")
        if self._output > limits.max_output_bytes:
            raise _over(Code.LIMIT_OUTPUT, "bytes of output", limits.max_output_bytes, "max_output_bytes")


def _over(code: Code, unit: str, limit: float, setting: str) -> _OverLimit:
    message = f"Validating the file took more than {limit:,} {unit} (setting {setting}), and was ended."
    return _OverLimit(Problem(code=code, message=message, detail={"limit": limit, "setting": setting}))


def _memory(pid: int) -> tuple[int, int]:
    """RSS now and at its peak, in bytes; zeros once the process is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return 0, 0
    figures = dict(line.split(":", 1) for line in status.splitlines() if line.startswith(("VmRSS:", "VmHWM:")))
    rss, peak = (int(figures.get(name, "0 kB").split()[0]) * _KIB for name in ("VmRSS", "VmHWM"))
    return rss, peak


def _folder_bytes(folder: Path) -> int:
    total = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                total += entry.stat(follow_symlinks=False).st_size
            except FileNotFoundError:
                continue
    return total


def _read_verdict(verdict_path: Path, log_path: Path, code: int | None) -> Verdict:
    if code == 0 and verdict_path.exists():
        return VERDICT.validate_json(verdict_path.read_bytes())
    how = f"exit code {code}"
    if code is not None and code < 0:
        how = signal.Signals(-code).name
    tail = log_path.read_bytes()[-_LOG_TAIL_BYTES:].decode("utf-8", "replace").strip()
    msg = f"the parser ended without a verdict ({how}): {tail or 'it wrote nothing'}"
    raise ChildDied(msg)
