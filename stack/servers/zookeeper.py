"""Questions to ZooKeeper in its four-letter words: does it serve, and whose registrations are left of the dead."""

from __future__ import annotations

import asyncio
import re

from stack.profile import LOOPBACK
from stack.server import NotReadyError

_TIMEOUT_S = 3
_SESSION = re.compile(r"^(0x[0-9a-f]+):$")
_CONNECTED = re.compile(r"sid=(0x[0-9a-f]+)")


async def serves(port: int) -> None:
    """Want ZooKeeper's own report that it serves; it answers earlier that it does not.

    Raises:
        NotReadyError: it does not serve yet.

    """
    report = await _ask(port, "srvr")
    if "Mode: " not in report:
        message = f"srvr answers {report[:100]!r}"
        raise NotReadyError(message)


async def has_no_ghost(port: int, address: str) -> None:
    """Want no node that ends in `address` to be held by a session without a connection.

    Raises:
        NotReadyError: a dead process is still registered under that address.

    """
    dump, connections = await _ask(port, "dump"), await _ask(port, "cons")
    ghosts = ghost_nodes(dump, connections)
    if any(node.endswith(address) for node in ghosts):
        message = f"a dead process is still registered as {address}"
        raise NotReadyError(message)


def ghost_nodes(dump: str, connections: str) -> list[str]:
    """Read from the words `dump` and `cons` which ephemeral nodes belong to sessions without a connection."""
    connected = set(_CONNECTED.findall(connections))
    ghosts, session = [], ""
    for line in dump.splitlines():
        if match := _SESSION.match(line.strip()):
            session = match.group(1)
        elif line.startswith("\t/") and session not in connected:
            ghosts.append(line.strip())
    return ghosts


async def _ask(port: int, word: str) -> str:
    async with asyncio.timeout(_TIMEOUT_S):
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        try:
            writer.write(word.encode())
            return (await reader.read()).decode(errors="replace")
        finally:
            writer.close()
