"""A Docker engine that answers, and how its command line is called."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stack.errors import StackError

_ASK_LIMIT_S = 15


class DockerError(StackError):
    """A docker command failed; the message has its last words."""


@dataclass(frozen=True, kw_only=True)
class Engine:
    """An engine that has answered.

    Args:
        version: what it said.
        environment: variables that lead the command line to it; empty for the one that it finds by itself.

    """

    version: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, folder: Path | None = None) -> None:
        """Run `docker …` with its output on ours.

        Raises:
            DockerError: it ended with another code than 0.

        """
        code = subprocess.run(["docker", *arguments], cwd=folder, env=self._variables(), check=False).returncode
        if code:
            message = f"`docker {' '.join(arguments)}` ended with {code}"
            raise DockerError(message)

    def read(self, *arguments: str, folder: Path | None = None, stdin: bytes | None = None) -> str:
        """Run `docker …` quietly and give what it prints; see `run`."""
        done = self.attempt(*arguments, folder=folder, stdin=stdin)
        if done.returncode:
            message = f"`docker {' '.join(arguments)}`: {done.stderr.decode(errors='replace').strip()[-400:]}"
            raise DockerError(message)
        return done.stdout.decode(errors="replace")

    def attempt(
        self, *arguments: str, folder: Path | None = None, stdin: bytes | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run `docker …` quietly; failing is an answer."""
        return subprocess.run(
            ["docker", *arguments], cwd=folder, env=self._variables(), input=stdin, capture_output=True, check=False
        )

    def _variables(self) -> dict[str, str]:
        return {**os.environ, **self.environment}


def ask(environment: Mapping[str, str] | None = None) -> Engine | None:
    """Give the engine that answers under these variables, or None: no client, no engine, no answer in 15 s."""
    variables = dict(environment or {})
    try:
        done = subprocess.run(
            ["docker", "version", "--format", "{{.Server.Version}}"],
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            timeout=_ASK_LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = done.stdout.strip()
    return Engine(version=version, environment=variables) if done.returncode == 0 and version else None
