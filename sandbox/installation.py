"""An installation of its own beside the running one: own database, bucket, topics and ports, on the same servers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from sandbox.servers import Servers
from services.gateway.api_keys import ApiKey
from services.gateway_client import GatewayClient, credentials

ROOT = Path(__file__).parents[1]
SERVICES = ("gateway", "validator", "submitter", "monitor", "projector")
START_SECONDS = 60.0
STOP_SECONDS = 60.0
LOOK_SECONDS = 0.1


class StartError(Exception):
    """A service ended while it started, or is not ready in time; the message names its log."""


class Installation:
    """Services as child processes. Nothing is made before `create`; `destroy` removes whatever was made.

    Args:
        profile: the variables of the servers, as `make up` writes them.
        folder: for logs and the validator's files.
        kind: how the names of everything begin, so that it is seen whose they are.
        more: variables that differ from the defaults.
    """

    def __init__(self, profile: Mapping[str, str], folder: Path, *, kind: str, more: Mapping[str, str]) -> None:
        drawn = secrets.token_hex(4)
        self.name = f"{kind}_{drawn}"
        self.prefix = f"{kind}-{drawn}."
        self.bucket = f"{kind}-{drawn}"
        self.ports = {service: free_port() for service in SERVICES}
        self.profile = profile
        self.servers = Servers(profile)
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("KAFKA_", "DB_", "S3_"))},
            **profile,
            "INGEST_PROFILE": os.devnull,
            "DB_NAME": self.name,
            "S3_BUCKET_NAME": self.bucket,
            "KAFKA_TOPIC_PREFIX": self.prefix,
            "VALIDATOR_WORK_DIR": str(folder / "work"),
            "INGEST_API_KEY": ApiKey.draw().text,  # `setup` makes it an administrator's
            "INGEST_API_URL": f"http://127.0.0.1:{self.ports['gateway']}",
            **{f"{service.upper()}_PORT": str(port) for service, port in self.ports.items()},
            **more,
        }
        self.datasources: set[str] = set()
        self._logs = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._removals = contextlib.ExitStack()

    @property
    def pids(self) -> dict[str, int]:
        """The processes that run, by service."""
        return {service: process.pid for service, process in self._running.items()}

    @property
    def credentials(self) -> dict[str, str]:
        """The headers of an administrator's request."""
        return credentials(self.environment["INGEST_API_KEY"])

    def gateway(self) -> GatewayClient:
        """A connection to its gateway, as an administrator's."""
        return GatewayClient(self.environment["INGEST_API_URL"], self.environment["INGEST_API_KEY"])

    def create(self, services: tuple[str, ...] = SERVICES) -> None:
        """Make database, tables, bucket and topics, and start services.

        Raises:
            StartError: one of them does not come up.
        """
        remove = self._removals.callback
        remove(lambda: asyncio.run(self.servers.drop_database(self.name)))
        asyncio.run(self.servers.create_database(self.name))
        remove(lambda: asyncio.run(self.servers.drop_bucket(self.bucket)))
        self.command("setup")
        remove(lambda: asyncio.run(self.servers.delete_topics(self.prefix)))
        remove(lambda: self.servers.drop_datasources(self.datasources))
        for service in services:
            remove(self.stop, service)
            self.start(service, wait=False)
        for service in services:
            self.wait_ready(service)

    def destroy(self) -> None:
        """Stop the services and remove what was made; a step that fails keeps no other from being taken."""
        self._removals.close()

    def start(self, service: str, *, failpoint: str | None = None, wait: bool = True) -> None:
        """Start a service, with a fail point if one is named.

        Raises:
            StartError: it does not become ready.
        """
        environment = self.environment | ({"INGEST_FAILPOINT": failpoint} if failpoint else {})
        with (self._logs / f"{service}.log").open("ab") as log:
            self._running[service] = subprocess.Popen(  # noqa: S603  # our own modules, by our own interpreter
                [sys.executable, "-m", f"services.{service}"], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        if wait:
            self.wait_ready(service)

    def stop(self, service: str) -> None:
        """End a service as an operator would; does nothing when it does not run."""
        process = self._running.pop(service, None)
        if process is not None:
            process.terminate()
            process.wait(STOP_SECONDS)

    def died(self, service: str, seconds: float) -> int:
        """Wait until a service has ended by itself; its exit code."""
        return self._running.pop(service).wait(seconds)

    def restart(self, service: str, *, failpoint: str | None = None) -> None:
        """Stop a service, if it runs, and start it."""
        self.stop(service)
        self.start(service, failpoint=failpoint)

    def wait_ready(self, service: str) -> None:
        """Return when the service says that it is ready.

        Raises:
            StartError: it has ended, or takes longer than a minute.
        """
        deadline = time.monotonic() + START_SECONDS
        url = f"http://127.0.0.1:{self.ports[service]}/readyz"
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(url, timeout=10, trust_env=False).is_success:
                    return
            if self._running[service].poll() is not None:
                msg = f"{service} ended while starting; see {self._logs / service}.log"
                raise StartError(msg)
            time.sleep(LOOK_SECONDS)
        msg = f"{service} is not ready after {START_SECONDS:g} s; see {self._logs / service}.log"
        raise StartError(msg)

    def command(
        self, *arguments: str, check: bool = True, given: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `ingest` with the installation's own settings; `given` is its standard input."""
        program = Path(sys.executable).parent / "ingest"
        return subprocess.run(  # noqa: S603  # our own program
            [str(program), *arguments],
            cwd=ROOT,
            env=self.environment,
            check=check,
            text=True,
            capture_output=True,
            input=given,
        )

    def datasource(self) -> str:
        """A name that nobody has used, removed with the installation."""
        name = f"{self.name}_{secrets.token_hex(3)}"
        self.datasources.add(name)
        return name


def free_port() -> int:
    """A port of the loopback address on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
