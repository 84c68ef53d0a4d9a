"""A second stack beside the user's: its own folder, its own ports, the same downloads."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stack.settings import PROJECT

OFFSET = 3000
NAMES = ("kafka", "postgres", "versitygw")
QUICK = ("postgres", "versitygw")


@dataclass(frozen=True)
class Stack:
    """Runs the command line against one state directory."""

    state: Path
    offset: int = OFFSET

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "STACK_DIR": str(self.state), "STACK_PORT_OFFSET": str(self.offset)}

    def command(self, *arguments: str) -> Sequence[str]:
        return [sys.executable, "-m", "stack", *arguments]

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            cwd=PROJECT,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def ok(self, *arguments: str) -> None:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.command(*arguments),
            cwd=PROJECT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def status(self) -> dict[str, dict[str, Any]]:
        done = self.run("status", "--json")
        assert done.returncode == 0, done.stderr
        return {one["name"]: one for one in json.loads(done.stdout)}

    def pids(self) -> dict[str, int]:
        return {name: one["pid"] for name, one in self.status().items() if one["pid"]}

    def ready(self) -> set[str]:
        return {name for name, one in self.status().items() if one["state"] == "ready"}

    def profile(self) -> dict[str, str]:
        lines = (self.state / "profile.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)


def _forget(stack: Stack) -> None:
    stack.ok("reset")
    shutil.rmtree(stack.state)


@pytest.fixture(scope="session")
def second_stack() -> Iterator[Stack]:
    # Open to PostgreSQL's user, which pytest's own folders are not.
    folder = Path(tempfile.mkdtemp(prefix="stack-test-", dir="/var/tmp"))
    folder.chmod(0o755)
    stack = Stack(folder / ".stack")
    stack.ok("up", *NAMES)
    try:
        yield stack
    finally:
        _forget(stack)
        folder.rmdir()


@pytest.fixture
def closed_stack(tmp_path: Path) -> Iterator[Stack]:
    """A stack that was never started, in a folder that only we may enter."""
    tmp_path.chmod(0o700)
    stack = Stack(tmp_path / ".stack", OFFSET + 300)
    try:
        yield stack
    finally:
        if stack.state.exists():
            _forget(stack)
