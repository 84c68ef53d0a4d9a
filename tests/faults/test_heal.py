"""`kill -9` of a server or of the launcher, then `make up`: the demo passes again, with the data of before.

Works on the project's own stack, so it is no part of `make test`: `make test-faults` runs it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tests.faults.project_stack import ROOT, pid_of, run, up

SERVERS = ("kafka", "postgres", "versitygw", "zookeeper", "coordinator", "indexer", "historical", "broker", "router")
SERVICES = ("gateway", "validator", "submitter", "monitor", "projector")


def demo() -> None:
    said = run(sys.executable, "-m", "demo")
    assert said.count("RECONCILED") == 2
    assert said.count("336,776") >= 4


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
