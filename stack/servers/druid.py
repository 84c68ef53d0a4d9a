"""Druid: ZooKeeper, coordinator with overlord, indexer, historical, broker and router, each its own JVM."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from stack import cache
from stack.http_probe import ask, expect_ok
from stack.java import java_environment
from stack.process import Command
from stack.profile import LOOPBACK, REGION
from stack.server import Context, NotReadyError, Server
from stack.servers import zookeeper
from stack.templating import joined, render, write_all

# As Druid 33 is started by its own scripts on Java 17. The serial collector is the smallest; C2 stays on: with
# TieredStopAtLevel=1 loading is 1.4 times slower.
_JVM = (
    "-server",
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",
    "-Duser.timezone=UTC",
    "-Dfile.encoding=UTF-8",
    "-Djava.util.logging.manager=org.apache.logging.log4j.jul.LogManager",
    "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/java.util=ALL-UNNAMED",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/jdk.internal.ref=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-opens=jdk.management/com.sun.management.internal=ALL-UNNAMED",
)
Probe = Callable[[Context], Awaitable[None]]


def servers(context: Context, java: str) -> list[Server]:
    """Define the six processes of Druid."""
    settings = context.settings
    probes: dict[str, Probe] = {
        "coordinator": _leads,
        "indexer": _takes_tasks,
        "historical": _historical_ready,
        "broker": _broker_ready,
        "router": _answers_sql,
    }
    processes = [_process(name, probe, context, java) for name, probe in probes.items()]
    keeper = _server(
        "zookeeper",
        context,
        java,
        files={"zoo.cfg": render("druid/zoo.cfg", {"home": _home(context), "port": settings.port("zookeeper")})},
        flags=(f"-Xmx{settings.zookeeper_heap}",),
        main=("org.apache.zookeeper.server.quorum.QuorumPeerMain", str(_home(context) / "conf/zookeeper/zoo.cfg")),
        probe=lambda context: zookeeper.serves(context.settings.port("zookeeper")),
    )
    return [keeper, *processes]


def _home(context: Context) -> Path:
    return context.state / "druid"


def _process(name: str, probe: Probe, context: Context, java: str) -> Server:
    settings = context.settings
    values = {"home": _home(context), "port": settings.port(name)}
    flags = [f"-Xmx{getattr(settings, f'{name}_heap')}"]
    if direct := getattr(settings, f"{name}_direct", None):
        flags.append(f"-XX:MaxDirectMemorySize={direct}")
    if name == "coordinator":
        flags.append(f"-Dderby.stream.error.file={_home(context) / 'var/derby.log'}")
    others = tuple(other for other in ("coordinator", "broker", "historical", "indexer") if other != name)
    return _server(
        name,
        context,
        java,
        files={"runtime.properties": render(f"druid/{name}.properties", values)},
        flags=tuple(flags),
        main=("org.apache.druid.cli.Main", "server", name),
        probe=probe,
        after=("zookeeper",),
        requires=others if name == "router" else ("coordinator",),
        ports=("coordinator", "derby") if name == "coordinator" else None,
    )


def _server(  # noqa: PLR0913 - the ways in which six definitions differ
    name: str,
    context: Context,
    java: str,
    *,
    files: dict[str, str],
    flags: tuple[str, ...],
    main: tuple[str, ...],
    probe: Probe,
    after: tuple[str, ...] = (),
    requires: tuple[str, ...] = (),
    ports: tuple[str, ...] | None = None,
) -> Server:
    home, common = _home(context), _common(context)
    jars = cache.folder(context.settings.cache, "druid")
    # Each process has its own copy of the common part: a start rewrites nothing that another process reads.
    conf = home / "conf" / name
    written = {**files, **common}
    temporary = f"-Djava.io.tmpdir={home / 'var/tmp' / name}"
    command = Command(
        argv=(java, *flags, *_JVM, temporary, "-cp", f"{conf}:{jars}/*", *main),
        cwd=home,
        env=java_environment(),
        config=joined(written),
    )

    def prepare() -> None:
        (home / "var" / "tmp" / name).mkdir(parents=True, exist_ok=True)
        write_all(conf, written)

    return Server(
        name=name,
        command=command,
        ports=ports or (name,),
        probe=lambda: probe(context),
        prepare=prepare,
        after=after,
        requires=requires,
        artifacts=("druid", "druid-s3"),
        needs_java=True,
    )


def _common(context: Context) -> dict[str, str]:
    settings = context.settings
    values = {
        "home": _home(context),
        "extensions": cache.folder(settings.cache, "druid-s3"),
        "zookeeper_port": settings.port("zookeeper"),
        "derby_port": settings.port("derby"),
        "s3_access_key": context.secret.s3_access_key,
        "s3_secret_key": context.secret.s3_secret_key,
        "s3_endpoint": context.profile["S3_ENDPOINT_URL"],
        "s3_region": REGION,
    }
    name = "common.runtime.properties"
    return {name: render(f"druid/{name}", values), "log4j2.xml": render("druid/log4j2.xml", {})}


async def _healthy(context: Context, name: str) -> None:
    """Want the process healthy, and the registration that the others see to be its own.

    After a kill -9 they see the dead one's until its session ends, and a task sent meanwhile waits 15 s.
    """
    answer = await expect_ok(context.settings.port(name), "/status/health")
    if answer.json() is not True:
        message = "/status/health is not true"
        raise NotReadyError(message)
    await zookeeper.has_no_ghost(context.settings.port("zookeeper"), f"{LOOPBACK}:{context.settings.port(name)}")


async def _leads(context: Context) -> None:
    """Want the coordinator to lead as coordinator and as overlord; until then it refuses tasks."""
    await _healthy(context, "coordinator")
    port = context.settings.port("coordinator")
    await expect_ok(port, "/druid/coordinator/v1/isLeader")
    await expect_ok(port, "/druid/indexer/v1/isLeader")


async def _takes_tasks(context: Context) -> None:
    """Want the indexer among the overlord's workers."""
    await _healthy(context, "indexer")
    answer = await expect_ok(context.settings.port("coordinator"), "/druid/indexer/v1/workers")
    host = f"{LOOPBACK}:{context.settings.port('indexer')}"
    if not any(worker["worker"]["host"] == host for worker in answer.json()):
        message = "the overlord does not know the indexer as a worker"
        raise NotReadyError(message)


async def _historical_ready(context: Context) -> None:
    """Want its segments announced, and the coordinator to know it."""
    await _healthy(context, "historical")
    await expect_ok(context.settings.port("historical"), "/druid/historical/v1/readiness")
    answer = await expect_ok(context.settings.port("coordinator"), "/druid/coordinator/v1/servers?simple")
    host = f"{LOOPBACK}:{context.settings.port('historical')}"
    if not any(server["host"] == host for server in answer.json()):
        message = "the coordinator does not know the historical"
        raise NotReadyError(message)


async def _broker_ready(context: Context) -> None:
    """Want its view of the segments complete; before that, counts are too small."""
    await _healthy(context, "broker")
    await expect_ok(context.settings.port("broker"), "/druid/broker/v1/readiness")


async def _answers_sql(context: Context) -> None:
    """Want the router to find a broker for a query."""
    await _healthy(context, "router")
    answer = await ask(
        context.settings.port("router"),
        "/druid/v2/sql",
        method="POST",
        body=json.dumps({"query": "SELECT 1", "resultFormat": "array"}).encode(),
        headers={"Content-Type": "application/json"},
    )
    if answer.json() != [[1]]:
        message = f"SELECT 1 answers {answer.status} {answer.body[:200]!r}"
        raise NotReadyError(message)
