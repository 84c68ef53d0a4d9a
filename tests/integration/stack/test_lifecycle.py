from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from stack import process
from tests.integration.stack.conftest import NAMES, QUICK, Stack

DEADLINE_S = 30


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {DEADLINE_S} s: {what}"
        time.sleep(0.02)


def all_processes(stack: Stack) -> list[process.Process]:
    home = (stack.state / "postgres" / "data").resolve()
    return process.scan(stack.state, homes={home: "postgres"})


async def connect(stack: Stack) -> asyncpg.Connection:
    profile = stack.profile()
    return await asyncpg.connect(
        host=profile["DB_HOST"],
        port=int(profile["DB_PORT"]),
        user=profile["DB_USER"],
        password=profile["DB_PASSWORD"],
        database=profile["DB_NAME"],
    )


def test_a_second_up_changes_nothing(second_stack: Stack) -> None:
    second_stack.ok("up", *NAMES)
    before, profile = second_stack.pids(), second_stack.profile()
    second_stack.ok("up", *NAMES)
    assert set(before) == set(NAMES)
    assert second_stack.pids() == before
    assert second_stack.profile() == profile


@pytest.mark.parametrize("name", NAMES)
def test_up_heals_a_killed_server(second_stack: Stack, name: str) -> None:
    second_stack.ok("up", *NAMES)
    before = second_stack.pids()
    os.kill(before[name], signal.SIGKILL)
    second_stack.ok("up", *NAMES)
    after = second_stack.pids()
    assert after.pop(name) != before.pop(name)
    assert after == before
    assert second_stack.ready() == set(NAMES)


def _has_ended(pid: int) -> bool:
    """Gone, or a zombie that its new parent has not collected yet."""
    try:
        state = process.PROC.joinpath(str(pid), "stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


async def test_up_heals_postgresql_that_was_killed_in_mid_statement(second_stack: Stack) -> None:
    await asyncio.to_thread(second_stack.ok, "up", "postgres")
    pid = second_stack.pids()["postgres"]
    connection, observer = await connect(second_stack), await connect(second_stack)
    backend = connection.get_server_pid()
    # A busy backend does not notice its parent's death, and its shared memory keeps a new server from starting.
    statement = asyncio.create_task(connection.fetch("SELECT count(*) FROM generate_series(1, 2000000000)"))
    query = "SELECT state FROM pg_stat_activity WHERE pid = $1"
    async with asyncio.timeout(DEADLINE_S):
        while await observer.fetchval(query, backend) != "active":  # noqa: ASYNC110 - another process changes it
            await asyncio.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    await asyncio.to_thread(second_stack.ok, "up", "postgres")
    assert _has_ended(backend)
    with pytest.raises((asyncpg.PostgresError, OSError)):
        await statement
    observer.terminate()
    assert second_stack.pids()["postgres"] != pid


async def test_down_leaves_no_process_and_keeps_the_data(second_stack: Stack) -> None:
    await asyncio.to_thread(second_stack.ok, "up", *QUICK)
    connection = await connect(second_stack)
    await connection.execute("CREATE TABLE kept AS SELECT 42 AS value")
    await connection.close()
    assert {one.name for one in all_processes(second_stack)} >= set(QUICK)

    await asyncio.to_thread(second_stack.ok, "down")
    assert all_processes(second_stack) == []

    await asyncio.to_thread(second_stack.ok, "up", *QUICK)
    connection = await connect(second_stack)
    assert await connection.fetchval("SELECT value FROM kept") == 42
    await connection.execute("DROP TABLE kept")
    await connection.close()


def test_up_heals_after_its_launcher_was_killed(second_stack: Stack) -> None:
    second_stack.ok("down")
    launcher = second_stack.start("up", *QUICK)
    until(lambda: len(all_processes(second_stack)) > 0, "the launcher has started something")
    launcher.kill()
    launcher.wait()
    second_stack.ok("up", *QUICK)
    assert second_stack.ready() == set(QUICK)
    leaders = [one.name for one in all_processes(second_stack) if one.leader]
    assert sorted(leaders) == sorted(QUICK)


def test_two_launchers_take_turns(second_stack: Stack) -> None:
    second_stack.ok("down")
    launchers = [second_stack.start("up", *QUICK) for _ in range(2)]
    assert [launcher.wait(60) for launcher in launchers] == [0, 0]
    leaders = [one.name for one in all_processes(second_stack) if one.leader]
    assert sorted(leaders) == sorted(QUICK)


def test_changed_settings_start_a_server_again(second_stack: Stack) -> None:
    second_stack.ok("up", "versitygw")
    before = second_stack.pids()["versitygw"]
    moved = second_stack.run("up", "versitygw", STACK_VERSITYGW_PORT="17071")
    assert moved.returncode == 0, moved.stderr
    assert "its settings have changed" in moved.stderr
    second_stack.ok("up", "versitygw")
    assert second_stack.pids()["versitygw"] != before


def test_a_taken_port_is_one_line(closed_stack: Stack) -> None:
    with socket.create_server(("127.0.0.1", 5433 + closed_stack.offset)) as server:
        port = server.getsockname()[1]
        done = closed_stack.run("up", *QUICK)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"postgres: port {port} is taken by ")
    assert f"(pid {os.getpid()})" in line
    assert "STACK_POSTGRES_PORT" in line
    assert all_processes(closed_stack) == []


def test_missing_programs_are_one_line_each(closed_stack: Stack, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    done = closed_stack.run("up", "kafka", "versitygw", PATH=str(empty), JAVA_HOME="", STACK_CACHE=str(empty))
    assert done.returncode == 1
    assert [line.split(" ", 1)[0] for line in done.stderr.splitlines()] == ["java", "mvn", "go"]
    assert all("install it with" in line for line in done.stderr.splitlines())


@pytest.mark.usefixtures("second_stack")  # it has filled the cache
def test_a_full_cache_needs_neither_maven_nor_go(closed_stack: Stack, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    done = closed_stack.run("up", *QUICK, PATH=str(empty), JAVA_HOME="")
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("second_stack")
def test_postgresql_runs_unprivileged_even_below_a_closed_folder(closed_stack: Stack) -> None:
    closed_stack.ok("up", "postgres")
    owners = {process.PROC.joinpath(str(one.pid)).stat().st_uid for one in all_processes(closed_stack)}
    assert owners
    assert 0 not in owners
    data = (closed_stack.state / "postgres" / "data").resolve()
    closed_stack.ok("reset")
    assert not data.exists()
    assert all_processes(closed_stack) == []
