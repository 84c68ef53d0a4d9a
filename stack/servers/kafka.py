"""Kafka: one node in KRaft mode, broker and controller in one JVM."""

from __future__ import annotations

import logging
import shutil
import subprocess
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient

from stack import cache
from stack.errors import StackError
from stack.java import java_environment
from stack.process import Command
from stack.server import Context, NotReadyError, Server
from stack.templating import joined, render, write_all

_PROBE_TIMEOUT_MS = 2000


class FormatError(StackError):
    """Kafka's storage could not be formatted."""


def server(context: Context, java: str) -> Server:
    """Define Kafka."""
    home = context.state / "kafka"
    settings = context.settings
    jars = cache.folder(settings.cache, "kafka")
    files = {
        "server.properties": _properties(context, home / "data"),
        "format.properties": _properties(context, home / "formatting"),
        "log4j2.xml": render("kafka/log4j2.xml", {}),
    }
    base = (java, f"-Dlog4j2.configurationFile={home / 'log4j2.xml'}", "-cp", f"{jars}/*")
    heap = (f"-Xmx{settings.kafka_heap}", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError")
    command = Command(
        argv=(base[0], *heap, *base[1:], "kafka.Kafka", str(home / "server.properties")),
        cwd=home,
        env=java_environment(),
        config=joined(files),
    )

    def prepare() -> None:
        write_all(home, files)
        _format(home, [*base, "kafka.tools.StorageTool", "format"], context)

    async def probe() -> None:
        await answers(context.profile["KAFKA_BOOTSTRAP_SERVERS"])

    return Server(
        name="kafka",
        command=command,
        ports=("kafka", "kafka_controller"),
        probe=probe,
        prepare=prepare,
        artifacts=("kafka",),
        needs_java=True,
    )


def _properties(context: Context, data: Path) -> str:
    settings = context.settings
    ports = {"port": settings.port("kafka"), "controller_port": settings.port("kafka_controller")}
    return render("kafka/server.properties", {**ports, "data": data})


def _format(home: Path, tool: list[str], context: Context) -> None:
    """Format the storage beside its place and move it there whole: Kafka refuses half of one."""
    if (home / "data").exists():
        return
    shutil.rmtree(home / "formatting", ignore_errors=True)
    arguments = ["-t", context.secret.kafka_cluster_id, "-c", str(home / "format.properties")]
    done = subprocess.run([*tool, *arguments], env=java_environment(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        message = f"kafka: formatting failed: {(done.stderr or done.stdout).strip()[-400:]}"
        raise FormatError(message)
    (home / "formatting").rename(home / "data")


async def answers(bootstrap: str) -> None:
    """Ask for the cluster's metadata; a broker that still waits for its old session is not in it.

    Raises:
        NotReadyError: no broker answers, or none has joined.

    """
    # The client logs every refused connection, and a probe expects those.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=_PROBE_TIMEOUT_MS)
    try:
        await admin.start()
        cluster = await admin.describe_cluster()
    finally:
        await admin.close()
    if not cluster["brokers"]:
        message = "no broker has joined the cluster"
        raise NotReadyError(message)
