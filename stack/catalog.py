"""All servers of a stack, their groups, and the order in which they are stopped."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from stack import profile
from stack.errors import StackError
from stack.java import find_java
from stack.server import Context, Server
from stack.servers import druid, kafka, postgres, service, versitygw
from stack.settings import StackSettings

DRUID = ("zookeeper", "coordinator", "indexer", "historical", "broker", "router")
SERVERS = ("kafka", *DRUID, "postgres", "versitygw")
SERVICES = profile.SERVICES
GROUPS: Mapping[str, tuple[str, ...]] = {
    "servers": SERVERS,
    "druid": DRUID,
    "services": SERVICES,
    "all": (*SERVERS, *SERVICES),
}
# Each group ends before the next: nobody loses a server that it still needs to end well.
STOP_ORDER = (
    SERVICES,
    ("router", "broker", "historical", "indexer"),
    ("coordinator",),
    ("zookeeper",),
    ("kafka",),
    ("postgres",),
    ("versitygw",),
)


class UnknownNameError(StackError):
    """A name on the command line is no server, service or group."""


def make_context(settings: StackSettings) -> Context:
    """Read or make the stack's secrets, and compose the profile. Creates the state directory."""
    settings.state.mkdir(parents=True, exist_ok=True)
    (settings.state / "log").mkdir(exist_ok=True)
    secret = profile.load_secrets(settings.state)
    return Context(settings=settings, secret=secret, profile=profile.render(settings, secret))


def define(context: Context) -> dict[str, Server]:
    """Define every server and service."""
    # One spelling for one JVM, however PATH and JAVA_HOME name it.
    java = os.path.realpath(find_java() or "java")
    defined = [
        kafka.server(context, java),
        *druid.servers(context, java),
        postgres.server(context),
        versitygw.server(context),
        *service.services(context),
    ]
    return {server.name: server for server in defined}


def expand(names: Iterable[str]) -> list[str]:
    """Replace groups by their members, each once.

    Raises:
        UnknownNameError: a name is neither a member nor a group.

    """
    found: dict[str, None] = {}
    for name in names:
        members = GROUPS.get(name, (name,) if name in GROUPS["all"] else ())
        if not members:
            message = f"no server or service is called {name}: there are {', '.join((*GROUPS['all'], *GROUPS))}"
            raise UnknownNameError(message)
        found.update(dict.fromkeys(members))
    return list(found)


def with_needs(names: Iterable[str], servers: Mapping[str, Server]) -> list[Server]:
    """Add everything that the named servers need, in the order of the catalogue."""
    wanted: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in wanted:
            wanted.add(name)
            todo += [*servers[name].after, *servers[name].requires]
    return [server for name, server in servers.items() if name in wanted]
