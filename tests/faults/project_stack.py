"""The project's own stack, as an operator handles it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
MINUTES = 60


def run(*command: str, minutes: int = 10) -> str:
    """What a command says; it has to end well."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=minutes * MINUTES, check=False)
    assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def up() -> float:
    """Seconds until everything runs."""
    started = time.monotonic()
    run("make", "up", f"VENV={Path(sys.executable).parent.parent}")
    return time.monotonic() - started


def servers_up() -> float:
    """Seconds until the servers run; the project's own services are left as they are."""
    started = time.monotonic()
    run(sys.executable, "-m", "stack", "up", "servers")
    return time.monotonic() - started


def pid_of(name: str) -> int:
    """The process of a server or service."""
    for one in json.loads(run(sys.executable, "-m", "stack", "status", "--json")):
        if one["name"] == name:
            assert isinstance(one["pid"], int)
            return one["pid"]
    raise LookupError(name)
