"""A service as a process of a test's own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from shared.db.engine import DatabaseSettings
from shared.kafka.settings import KafkaSettings

_ROOT = Path(__file__).parents[2]


def variables(database: DatabaseSettings, kafka: KafkaSettings, **more: str) -> dict[str, str]:
    """What a service has to know of its servers, and nothing of this machine's profile."""
    return {
        "PATH": os.environ["PATH"],
        "INGEST_PROFILE": os.devnull,
        "DB_HOST": database.host,
        "DB_PORT": str(database.port),
        "DB_USER": database.user,
        "DB_PASSWORD": database.password.get_secret_value(),
        "DB_NAME": database.name,
        "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "KAFKA_TOPIC_PREFIX": kafka.topic_prefix,
        **more,
    }


@asynccontextmanager
async def service(
    name: str, said: dict[str, str], *, logs: int = subprocess.DEVNULL
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m services.{name}` with the variables that are `said`; `logs` is its standard error."""
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"services.{name}", cwd=_ROOT, env=said, stderr=logs
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.terminate()
        await started.communicate()
