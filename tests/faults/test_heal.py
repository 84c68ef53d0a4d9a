"""`kill -9` of a server or of the launcher, then `make up`: the demo passes again, with the data of before.

Works on the project's own stack, so it is no part of `make test`: `make test-faults` runs it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVERS = ("kafka", "postgres", "versitygw", "zookeeper", "coordinator", "indexer", "historical", "broker", "router")
SERVICES = ("gateway", "validator", "submitter", "monitor", "projector")
MINUTES = 60


def run(*command: str, minutes: int = 10) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=minutes * MINUTES, check=False)
    assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def up() -> float:
    started = time.monotonic()
    run("make", "up", f"VENV={Path(sys.executable).parent.parent}")
    return time.monotonic() - started


def demo() -> None:
    said = run(sys.executable, "-m", "demo")
    assert said.count("RECONCILED") == 2
    assert said.count("336,776") >= 4


def pid_of(name: str) -> int:
    for one in json.loads(run(sys.executable, "-m", "stack", "status", "--json")):
        if one["name"] == name:
            assert isinstance(one["pid"], int)
            return one["pid"]
    raise LookupError(name)


@pytest.fixture(scope="module", autouse=True)
def running() -> None:
    up()


@pytest.mark.parametrize("name", [*SERVERS, *SERVICES])
def test_a_killed_process_is_healed(name: str) -> None:
    os.kill(pid_of(name), signal.SIGKILL)
    print(f"\n{name}: healed in {up():.1f} s")  # noqa: T201  # the figure is what one runs this for
    demo()


@pytest.mark.parametrize("after_seconds", [1.0, 8.0])
def test_a_killed_launcher_is_healed(after_seconds: float) -> None:
    run(sys.executable, "-m", "stack", "down")
    launcher = subprocess.Popen([sys.executable, "-m", "stack", "up", "servers"], cwd=ROOT)
    with pytest.raises(subprocess.TimeoutExpired):  # it must still be at work when it is killed
        launcher.wait(after_seconds)
    launcher.kill()
    launcher.wait()
    print(f"\nlauncher killed after {after_seconds:g} s: healed in {up():.1f} s")  # noqa: T201  # see above
    demo()
