"""What the five services take when there is nothing to do, beside bare processes that only import what they import."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator

from benchmarks.bench import Bench
from benchmarks.claim import Claim
from benchmarks.figure import Aim, Figure, Of, WrongAnswerError
from benchmarks.known_tasks import known_tasks
from benchmarks.processes import cpu_seconds, rss_bytes
from benchmarks.scale import MIB
from sandbox.installation import ROOT, SERVICES

SMALL = Aim(Of.OURS, 600)
QUIET = Aim(Of.OURS, 2)
# What a service imports, its own modules left out.
_PROBE = """
import importlib, json, sys
importlib.import_module(f"services.{sys.argv[1]}.__main__")
print(json.dumps([name for name in sys.modules if name.split(".")[0] not in {"services", "shared", "__main__"}]))
"""


def measure(bench: Bench) -> list[Figure]:
    """Memory and CPU of both, after a file was loaded; the bare processes sleep beside the services."""
    scale = bench.scale
    with bench.installed() as installation, _bare_processes() as bare:
        known_tasks(bench, installation, 1)
        time.sleep(scale.settle_seconds)
        before = [_cpu(pids) for pids in (installation.pids.values(), bare.values())]
        bench.say(f"watching {scale.idle_seconds:g} s of idleness")
        time.sleep(scale.idle_seconds)
        after = [_cpu(pids) for pids in (installation.pids.values(), bare.values())]
        ours_cpu, peer_cpu = (100 * (b - a) / scale.idle_seconds for a, b in zip(before, after, strict=True))
        memory = {name: rss_bytes(pid) / MIB for name, pid in installation.pids.items()}
        bare_memory = {name: rss_bytes(pid) / MIB for name, pid in bare.items()}
    details = {"ours_mib": memory, "peer_mib": bare_memory}
    return [
        Figure("memory, sum of RSS, MiB", sum(memory.values()), sum(bare_memory.values()), SMALL, details),
        Figure("CPU, % of one core", ours_cpu, peer_cpu, QUIET, {"seconds": scale.idle_seconds}),
    ]


def _cpu(pids: Iterable[int]) -> float:
    return sum(cpu_seconds(pid) for pid in pids)


@contextlib.contextmanager
def _bare_processes() -> Iterator[dict[str, int]]:
    """One process for each service, asleep; they end with the block."""
    environment = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    with contextlib.ExitStack() as stack:
        pids: dict[str, int] = {}
        for service in SERVICES:
            command = [sys.executable, "-m", "benchmarks.peers.bare_imports"]
            pipe = subprocess.PIPE
            process = stack.enter_context(
                subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, text=True)  # noqa: S603  # our own module
            )
            stack.callback(process.kill)
            _sleep_bare(process, _imported_by(service))
            pids[service] = process.pid
        yield pids


def _sleep_bare(process: subprocess.Popen[str], modules: list[str]) -> None:
    """Have a process import modules, and wait until it has.

    Raises:
        WrongAnswerError: it could not import nearly all of them.
    """
    if process.stdin is None or process.stdout is None:
        return
    process.stdin.write(json.dumps(modules) + "\n")
    process.stdin.flush()
    imported = int(process.stdout.readline() or 0)
    if imported < 0.95 * len(modules):  # names that exist only once something has run
        msg = f"a bare process imported {imported} of {len(modules)} modules"
        raise WrongAnswerError(msg)


def _imported_by(service: str) -> list[str]:
    done = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", _PROBE, service], cwd=ROOT, check=True, capture_output=True, text=True
    )
    found: list[str] = json.loads(done.stdout)
    return found


CLAIM = Claim("idle", "Five idle services", "five processes that only import and sleep", measure)
