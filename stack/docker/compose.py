"""`docker compose` over the project's file, with its settings from `.env`."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import dotenv_values

from stack.docker.engine import Engine
from stack.profile import (
    BUCKET,
    DATABASE,
    DATABASE_USER,
    LOOPBACK,
    REGION,
    SERVICES,
    new_api_key,
    write_private,
)
from stack.settings import PROJECT

EXAMPLE = PROJECT / ".env.example"
SERVERS = ("kafka", "postgres", "s3", "zookeeper", "coordinator", "indexer", "historical", "broker", "router")
_SECRETS = {"DB_PASSWORD": 16, "AWS_ACCESS_KEY_ID": 10, "AWS_SECRET_ACCESS_KEY": 20}  # bytes of chance
_API_KEY = "INGEST_API_KEY"


def make_settings(file: Path, changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """Read `file`; make it from `.env.example`, with fresh secrets and `changes`, when there is none.

    A file of a release that had no API keys gets one.
    """
    if not file.exists():
        drawn = {name: secrets.token_hex(size) for name, size in _SECRETS.items()} | {_API_KEY: new_api_key()}
        given = {**drawn, **(changes or {})}
        lines = []
        for line in EXAMPLE.read_text().splitlines():
            name, is_setting, _ = line.partition("=")
            lines.append(f"{name}={given.pop(name)}" if is_setting and name in given else line)
        write_private(file, "\n".join([*lines, *(f"{name}={value}" for name, value in given.items())]) + "\n")
    elif not dotenv_values(file).get(_API_KEY):
        write_private(file, file.read_text().rstrip("\n") + f"\n{_API_KEY}={new_api_key()}\n")
    return {name: value for name, value in dotenv_values(file).items() if value}


def profile_of(settings: Mapping[str, str]) -> dict[str, str]:
    """Compose the profile of the published ports: what the command line and the tests on this machine read.

    Of the services only the gateway publishes its port; the health of the others is in `docker compose ps`.
    """

    def at(name: str) -> str:
        return f"{LOOPBACK}:{settings[name]}"

    return {
        "S3_ENDPOINT_URL": f"http://{at('S3_PORT')}",
        "S3_BUCKET_NAME": BUCKET,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": settings["AWS_ACCESS_KEY_ID"],
        "AWS_SECRET_ACCESS_KEY": settings["AWS_SECRET_ACCESS_KEY"],
        "DB_HOST": LOOPBACK,
        "DB_PORT": settings["DB_PORT"],
        "DB_USER": DATABASE_USER,
        "DB_PASSWORD": settings["DB_PASSWORD"],
        "DB_NAME": DATABASE,
        "KAFKA_BOOTSTRAP_SERVERS": at("KAFKA_PORT"),
        "DRUID_URL": f"http://{at('DRUID_PORT')}",
        "GATEWAY_PORT": settings["GATEWAY_PORT"],
        "INGEST_API_URL": f"http://{at('GATEWAY_PORT')}",
        _API_KEY: settings[_API_KEY],
        "INGEST_DOCTOR_SERVICES": "gateway",
    }


@dataclass(frozen=True, kw_only=True)
class Compose:
    """One project: an engine and the settings file that names project, ports and secrets."""

    engine: Engine
    settings_file: Path
    folder: Path = field(default=PROJECT)

    @property
    def _base(self) -> tuple[str, ...]:
        progress = "tty" if sys.stderr.isatty() else "quiet"  # its plain form says every line many times
        return ("compose", "--progress", progress, "--env-file", str(self.settings_file))

    def run(self, *arguments: str) -> None:
        """Run `docker compose …` with its output on ours; raises `DockerError`."""
        self.engine.run(*self._base, *arguments, folder=self.folder)

    def read(self, *arguments: str) -> str:
        """Give what `docker compose …` prints; raises `DockerError`."""
        return self.engine.read(*self._base, *arguments, folder=self.folder)

    def foreign_images(self) -> list[str]:
        """Name the images that are not built here: those of the servers, and Python's, which ours stand on."""
        config = json.loads(self.read("config", "--format", "json"))
        services = config["services"].values()
        servers = {one["image"] for one in services if "build" not in one}
        bases = {one["build"]["args"]["PYTHON_IMAGE"] for one in services if "build" in one}
        return sorted(servers | bases)

    def build(self) -> None:
        """Build the images of the services and of the command line."""
        self.run("--profile", "cli", "build", "--quiet")

    def up(self, *names: str) -> None:
        """Start what does not run, of `names` and what they need, and wait until it is healthy."""
        # Named, because compose takes the end of a one-shot container, which nobody named, for a failure to wait.
        self.run("up", "--detach", "--wait", "--quiet-pull", *(names or SERVICES))

    def down(self, *, forget: bool = False) -> None:
        """Stop and remove the containers; the volumes stay, unless `forget`."""
        self.run("--profile", "cli", "down", *(["--volumes"] if forget else []))
