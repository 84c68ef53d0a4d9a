"""What is promised of the images and of the compose file, seen on running containers."""

from __future__ import annotations

import os
import signal
import time

import pytest

from stack.profile import SERVICES
from tests.docker.conftest import Containers, command, rows_of

# What only the named services have among their packages; DuckDB is for development.
OWN = {"fastapi": {"gateway"}, "polars": {"gateway", "validator"}, "duckdb": set(), "httpx": {"submitter", "monitor"}}
GRACE_SECONDS = 40


def test_every_service_is_healthy(containers: Containers, service: str) -> None:
    (container,) = containers.ids(service)
    assert containers.inspect(container)["State"]["Health"]["Status"] == "healthy"


def test_a_health_check_fails_where_the_service_is_not_ready(containers: Containers) -> None:
    """The check asks /readyz: on a port where nobody answers it says no."""
    (container,) = containers.ids("projector")
    done = containers.engine.attempt("exec", "--env", "HEALTH_PORT=9", container, "python", "-m", "shared.health_probe")
    assert done.returncode == 1
    assert b"127.0.0.1:9 does not answer" in done.stderr


def test_a_service_has_no_rights(containers: Containers, service: str) -> None:
    (container,) = containers.ids(service)
    found = containers.inspect(container)
    assert found["Config"]["User"] == "10001:10001"
    assert found["HostConfig"]["ReadonlyRootfs"]
    assert found["HostConfig"]["CapDrop"] == ["ALL"]
    assert "no-new-privileges:true" in found["HostConfig"]["SecurityOpt"]
    script = "import os, pathlib; print(os.getuid()); pathlib.Path('/app/planted').touch()"
    done = containers.engine.attempt("exec", container, "python", "-c", script)
    assert done.stdout.strip() == b"10001"
    assert b"Read-only file system" in done.stderr


def test_an_image_holds_one_service_and_its_own_packages(containers: Containers, service: str) -> None:
    (container,) = containers.ids(service)
    script = (
        "import importlib.util, pathlib;"
        f"print(*[name for name in {sorted(OWN)} if importlib.util.find_spec(name)]);"
        "print(*sorted(path.name for path in pathlib.Path('/app/services').iterdir() if path.is_dir()"
        " and path.name != '__pycache__'))"
    )
    packages, services = containers.engine.read("exec", container, "python", "-c", script).splitlines()
    assert set(packages.split()) == {name for name, owners in OWN.items() if service in owners}
    assert services == service


def test_only_loopback_is_published(containers: Containers) -> None:
    for container in containers.compose.read("ps", "--quiet").split():
        for bound in containers.inspect(container)["HostConfig"]["PortBindings"].values():
            assert {one["HostIp"] for one in bound} == {"127.0.0.1"}


def test_the_command_line_in_a_container_finds_all_well(containers: Containers) -> None:
    said = containers.compose.read("run", "--rm", "--no-deps", "cli", "doctor")
    lines = [line for line in said.splitlines() if line.startswith(("up", "DOWN"))]
    assert len(lines) == 4 + len(SERVICES)
    assert all(line.startswith("up") for line in lines), said


def test_the_command_line_outside_asks_what_is_published() -> None:
    done = command("doctor")
    assert done.returncode == 0, done.stdout
    assert [line.split()[1] for line in done.stdout.splitlines()] == ["kafka", "postgresql", "s3", "druid", "gateway"]


def test_three_validators_share_the_work(containers: Containers) -> None:
    containers.compose.run("up", "--detach", "--wait", "--no-recreate", "--scale", "validator=3", "validator")
    try:
        replicas = containers.ids("validator")
        assert len(replicas) == 3
        tasks = [containers.upload(rows_of(20_000), "shared_work") for _ in range(12)]
        for task in tasks:
            containers.completed(task, rows=20_000)
        judged = {
            replica: {line["task_id"] for line in containers.logs(replica) if line["event"] == "accepted"} & set(tasks)
            for replica in replicas
        }
    finally:
        containers.compose.run("up", "--detach", "--wait", "--no-recreate", "--scale", "validator=1", "validator")
    assert sum(len(own) for own in judged.values()) == 12, judged
    assert sum(1 for own in judged.values() if own) >= 2, judged
    assert containers.count("shared_work") == 12 * 20_000


def test_a_killed_service_is_started_again_and_the_task_ends_well(containers: Containers) -> None:
    (container,) = containers.ids("validator")
    task = containers.upload(rows_of(200_000), "killed")
    containers.until(lambda: containers.task(task)["status"] != "PENDING")
    os.kill(containers.inspect(container)["State"]["Pid"], signal.SIGKILL)
    containers.completed(task, rows=200_000)
    assert containers.inspect(container)["RestartCount"] >= 1


@pytest.mark.parametrize("name", SERVICES)
def test_sigterm_drains_in_the_grace_period(containers: Containers, name: str) -> None:
    (container,) = containers.ids(name)
    task = containers.upload(rows_of(100_000), f"drained_{name}")
    started = time.monotonic()
    containers.compose.run("stop", name)
    assert time.monotonic() - started < GRACE_SECONDS
    assert containers.inspect(container)["State"]["ExitCode"] == 0
    containers.compose.up(name)
    containers.completed(task, rows=100_000)


def test_down_and_up_keep_all_data(containers: Containers) -> None:
    task = containers.upload(rows_of(1000), "kept")
    before = containers.completed(task, rows=1000)
    containers.compose.down()
    assert containers.ids("gateway") == []
    containers.compose.up()
    containers.until(lambda: containers.task(task)["status"] == "COMPLETED")
    after = containers.task(task)
    assert after["ledger"] == before["ledger"]
    containers.until(lambda: containers.count("kept") == 1000)
    containers.completed(containers.upload(rows_of(1000), "kept"), rows=1000)
    assert containers.count("kept") == 2000
