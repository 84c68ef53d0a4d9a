"""`ingest run all`: the five services as child processes of one command, for a terminal."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Mapping

SERVICES = ("gateway", "validator", "submitter", "monitor", "projector")
DRAIN_SECONDS = 30.0
LOOK_SECONDS = 0.2


def run(names: tuple[str, ...], environment: Mapping[str, str]) -> int:
    """Start the services, wait until one ends or somebody stops us, then end the others; the first bad exit code."""
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stopping.append(received))
    children = {
        name: subprocess.Popen(  # noqa: S603  # our own modules, by our own interpreter
            [sys.executable, "-m", f"services.{name}"], env=dict(environment), start_new_session=True
        )
        for name in names
    }
    while not stopping and all(child.poll() is None for child in children.values()):
        time.sleep(LOOK_SECONDS)
    for child in children.values():
        if child.poll() is None:
            child.terminate()
    codes = [_end(child) for child in children.values()]
    return 0 if stopping else next((code for code in codes if code), 0)


def _end(child: subprocess.Popen[bytes]) -> int:
    try:
        return child.wait(DRAIN_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()
