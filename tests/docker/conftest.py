"""The running project of `make test-docker`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from dotenv import dotenv_values

from services.gateway_client import credentials
from stack.docker.compose import Compose
from stack.docker.engine import Engine, ask
from stack.profile import SERVICES
from stack.settings import PROJECT

PATIENCE_SECONDS = 180.0
ENDS = {"COMPLETED", "FAILED", "REJECTED", "CANCELLED", "SUPERSEDED"}


class Containers:
    """The project's containers, and its gateway from outside."""

    def __init__(self, compose: Compose, profile: dict[str, str]) -> None:
        self.compose = compose
        self.engine: Engine = compose.engine
        headers = credentials(profile["INGEST_API_KEY"])
        self.http = httpx.Client(base_url=profile["INGEST_API_URL"], headers=headers, timeout=60, trust_env=False)
        self.druid = httpx.Client(base_url=profile["DRUID_URL"], timeout=60, trust_env=False)

    def ids(self, service: str) -> list[str]:
        return self.compose.read("ps", "--all", "--quiet", service).split()

    def inspect(self, container: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = json.loads(self.engine.read("inspect", container))
        return found[0]

    def logs(self, container: str) -> list[dict[str, Any]]:
        done = self.engine.attempt("logs", container)
        lines = (done.stdout + done.stderr).decode().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def upload(self, content: bytes, datasource: str) -> str:
        answer = self.http.post(
            "/api/ingest/upload",
            data={"datasource_name": datasource, "force": "true"},
            files={"file": ("rows.csv", content)},
        )
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        task_id: str = answer.json()["task_id"]
        return task_id

    def task(self, task_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/api/ingest/status/{task_id}")
        answer.raise_for_status()
        task: dict[str, Any] = answer.json()
        return task

    def completed(self, task_id: str, *, rows: int) -> dict[str, Any]:
        self.until(lambda: self.task(task_id)["status"] in ENDS)
        task = self.task(task_id)
        assert task["status"] == "COMPLETED", task
        assert task["ledger"]["status"] == "RECONCILED"
        assert task["ledger"]["rows_counted"] == rows
        return task

    def count(self, datasource: str) -> int:
        query = f'SELECT COUNT(*) AS n FROM "{datasource}"'  # noqa: S608  # a name that the test has made
        answer = self.druid.post("/druid/v2/sql", json={"query": query})
        answer.raise_for_status()
        rows: list[dict[str, int]] = answer.json()
        return rows[0]["n"]

    def until(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                if done():
                    return
            except httpx.HTTPError:  # a service or server that is just starting again
                pass
            assert time.monotonic() < deadline, "not within the time"
            time.sleep(0.2)


def rows_of(number: int, *, first: int = 0) -> bytes:
    lines = [f"2026-01-01T{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}Z,{n},row {n}" for n in range(number)]
    return ("time,number,text\n" + "\n".join(lines[first:]) + "\n").encode()


@pytest.fixture(scope="session")
def containers() -> Iterator[Containers]:
    engine = ask()
    env_file = os.environ.get("INGEST_COMPOSE_ENV")
    if engine is None or env_file is None:
        pytest.fail("these tests run in `make test-docker`", pytrace=False)
    profile = {name: value for name, value in dotenv_values(os.environ["INGEST_PROFILE"]).items() if value}
    found = Containers(Compose(engine=engine, settings_file=Path(env_file)), profile)
    with found.http, found.druid:
        yield found


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "ingest"
    return subprocess.run([str(program), *arguments], cwd=PROJECT, check=False, text=True, capture_output=True)
