"""`make test-docker`: from a machine without an engine to a RECONCILED ledger through compose, and away again.

Finds a Docker engine or starts one of its own, takes the official images or builds stand-ins where none can be pulled,
builds the services' images, runs the tests of this folder and the integration tests on testcontainers, and removes all
that it started. What took how long, and which image was which, is printed at the end.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from stack.console import say
from stack.docker import images, own_engine
from stack.docker.compose import Compose, make_settings, profile_of
from stack.docker.engine import Engine
from stack.docker.standins import build as standins
from stack.errors import StackError
from stack.profile import SERVICES, to_text, write_private
from stack.settings import PROJECT, StackSettings
from tests.integration.containers import own_project

# They need Kafka, PostgreSQL and S3 alone; Druid is tested through the whole chain.
ON_TESTCONTAINERS = [f"tests/integration/{name}" for name in ("db", "inbox", "kafka", "projector", "storage")]
MEGABYTE = 1_000_000


class Clock:
    """Times the steps, and shows them while they run."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, float]] = []

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        say(f"\n== {name}")
        started = time.monotonic()
        try:
            yield
        finally:
            self.steps.append((name, time.monotonic() - started))

    def table(self) -> str:
        lines = [f"{name:<52}{seconds:7.1f} s" for name, seconds in self.steps]
        return "\n".join([*lines, f"{'all':<52}{sum(seconds for _, seconds in self.steps):7.1f} s"])


def main() -> int:
    settings, clock = StackSettings(), Clock()
    try:
        from stack.docker.__main__ import find_engine  # noqa: PLC0415  # a command line, imported where it is needed

        with clock.step("engine"):
            engine = find_engine(settings)
            say(f"docker     engine {engine.version} answers" if engine else "docker     no engine answers")
            ours = engine is None
            engine = engine or own_engine.start(settings.state)
        try:
            return _with_engine(engine, settings, clock)
        finally:
            if ours:
                own_engine.stop(settings.state)
    except StackError as error:
        say(str(error))
        return 1


def _with_engine(engine: Engine, settings: StackSettings, clock: Clock) -> int:
    folder = settings.state / "docker" / "test"
    folder.mkdir(parents=True, exist_ok=True)
    env_file = folder / "env"
    env_file.unlink(missing_ok=True)
    values = make_settings(env_file, own_project())
    profile = folder / "profile.env"
    write_private(profile, to_text(profile_of(values)))
    compose = Compose(engine=engine, settings_file=env_file)
    with clock.step("images of the servers, pulled or built as stand-ins"):
        problem = images.pull(engine, images.absent(engine, compose.foreign_images()))
        if problem:
            say(f"docker     {problem}: building stand-ins")
            standins.build(engine, settings, values)
    with clock.step("images of the services"):
        compose.build()
    environment = {
        **os.environ,
        **engine.environment,
        "INGEST_PROFILE": str(profile),
        "INGEST_COMPOSE_ENV": str(env_file),
        "TEST_BACKEND": "docker",
        "TESTCONTAINERS_RYUK_DISABLED": "true",  # its image cannot be had everywhere; every fixture cleans up itself
    }
    try:
        with clock.step("compose up, until all is healthy"):
            compose.up()
        with clock.step("the demo through the containers"):
            code = _python(environment, "-m", "demo")
        if not code:
            with clock.step("tests/docker"):
                code = _python(environment, "-m", "pytest", "-q", "tests/docker", *sys.argv[1:])
        shown = _images(engine, compose)
    finally:
        with clock.step("compose down, volumes too"):
            compose.down(forget=True)
    if not code:
        with clock.step("integration tests on testcontainers"):
            code = _python(environment, "-m", "pytest", "-q", *ON_TESTCONTAINERS)
    say(f"\n{shown}\n\n{clock.table()}")
    return code


def _python(environment: dict[str, str], *arguments: str) -> int:
    return subprocess.run([sys.executable, *arguments], cwd=PROJECT, env=environment, check=False).returncode


def _images(engine: Engine, compose: Compose) -> str:
    """Say of every image whether it is the official one, a stand-in, or our own, and its size."""
    ours = [f"druid-ingest/{name}:local" for name in (*SERVICES, "cli")]
    lines = []
    for image in [*compose.foreign_images(), *ours]:
        form = '{{.Size}} {{index .Config.Labels "' + standins.LABEL + '"}}'
        size, _, label = engine.read("image", "inspect", image, "--format", form).strip().partition(" ")
        kind = "ours" if image in ours else "stand-in" if label == "true" else "official"
        lines.append(f"{image:<40}{kind:<10}{int(size) / MEGABYTE:7.0f} MB")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
