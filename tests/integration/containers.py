"""The servers of docker-compose.yml through testcontainers, for `TEST_BACKEND=docker`; gone at the end.

Kafka, PostgreSQL and the S3 server: what the tests need that do not ask Druid. The project, its ports and its volumes
are this session's own, so that whatever else runs is left alone.
"""

from __future__ import annotations

import secrets
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testcontainers.compose import DockerCompose

from stack.docker.compose import make_settings, profile_of
from stack.settings import PROJECT

SERVERS = ["kafka", "postgres", "s3"]
PORTS = ("GATEWAY_PORT", "KAFKA_PORT", "DB_PORT", "S3_PORT", "DRUID_PORT")


@contextmanager
def servers() -> Iterator[dict[str, str]]:
    """Yield the same variables as a profile has, for the servers that are here."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "env"
        settings = make_settings(file, own_project())
        with DockerCompose(PROJECT, env_file=str(file), services=SERVERS, wait=True):
            yield profile_of(settings)


def own_project() -> dict[str, str]:
    """Settings of a project that collides with no other: a name and free ports."""
    sockets = [socket.socket() for _ in PORTS]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        ports = {name: str(one.getsockname()[1]) for name, one in zip(PORTS, sockets, strict=True)}
    finally:
        for one in sockets:
            one.close()
    return {**ports, "COMPOSE_PROJECT_NAME": f"ingest-test-{secrets.token_hex(3)}"}
