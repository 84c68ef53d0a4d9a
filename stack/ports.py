"""Ports of loopback: is one free, and if not, who has it."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

from stack.profile import LOOPBACK

_LISTENING = "0A"


def is_free(port: int) -> bool:
    """Tell whether a server could listen on `port` now; connections that are only fading away do not count."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen()
        except OSError:
            return False
    return True


def holder(port: int, proc: Path = Path("/proc")) -> str | None:
    """Name the process that listens on `port`, as far as we may see it: `nginx (pid 42)`."""
    sockets = {f"socket:[{inode}]" for inode in _inodes(port, proc)}
    for entry in proc.iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if any(str(handle.readlink()) in sockets for handle in (entry / "fd").iterdir()):
                    return f"{(entry / 'comm').read_text().strip()} (pid {entry.name})"
    return None


def _inodes(port: int, proc: Path) -> list[str]:
    """Read the inodes of listening sockets from the kernel's tables; addresses there are `HEX:PORT` in hex."""
    found = []
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (proc / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    found.append(fields[9])
    return found
