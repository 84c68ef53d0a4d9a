"""The gateway as a process of its own, on the real servers, with a database, a bucket and topics of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from shared.db.engine import DatabaseSettings
from shared.kafka.settings import KafkaSettings
from shared.storage.s3 import S3ObjectStore
from shared.storage.settings import S3Settings

ROOT = Path(__file__).parents[3]
START_SECONDS = 30.0


@dataclass
class Process:
    """A running gateway."""

    process: subprocess.Popen[bytes]
    client: httpx.Client
    log: Path

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(START_SECONDS)


Start = Callable[..., Process]


@pytest.fixture(scope="session")
def environment(
    store: S3ObjectStore, s3_settings: S3Settings, database_settings: DatabaseSettings, kafka_settings: KafkaSettings
) -> dict[str, str]:
    """The variables of a gateway on these servers."""
    secret = s3_settings.aws_secret_access_key
    return {
        "INGEST_PROFILE": os.devnull,
        "AUTH": "none",  # who calls is tested in test_identity.py
        "S3_ENDPOINT_URL": str(s3_settings.s3_endpoint_url),
        "S3_BUCKET_NAME": store.bucket,
        "AWS_REGION": s3_settings.aws_region,
        "AWS_ACCESS_KEY_ID": str(s3_settings.aws_access_key_id),
        "AWS_SECRET_ACCESS_KEY": secret.get_secret_value() if secret else "",
        "DB_HOST": database_settings.host,
        "DB_PORT": str(database_settings.port),
        "DB_USER": database_settings.user,
        "DB_PASSWORD": database_settings.password.get_secret_value(),
        "DB_NAME": database_settings.name,
        "KAFKA_BOOTSTRAP_SERVERS": kafka_settings.bootstrap_servers,
        "KAFKA_TOPIC_PREFIX": kafka_settings.topic_prefix,
    }


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Start a gateway; keywords are further variables."""
    running: list[Process] = []

    def starting(**variables: str) -> Process:
        port = _free_port()
        log = tmp_path / f"gateway-{port}.log"
        with log.open("wb") as target:
            process = subprocess.Popen(
                [sys.executable, "-m", "services.gateway"],
                cwd=ROOT,
                env={"PATH": os.environ["PATH"], **environment, "GATEWAY_PORT": str(port), **variables},
                stdout=target,
                stderr=subprocess.STDOUT,
            )
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False)
        running.append(Process(process, client, log))
        _until_it_answers(running[-1])
        return running[-1]

    yield starting
    for one in running:
        one.client.close()
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait()


@pytest.fixture
def gateway(start: Start) -> Process:
    return start()


def _until_it_answers(started: Process) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if started.process.poll() is not None:
            pytest.fail(f"the gateway has ended: {started.log.read_text()}")
        try:
            started.client.get("/")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"the gateway does not answer: {started.log.read_text()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
