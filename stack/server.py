"""What the launcher knows of a server: how it is prepared, started, recognised as ready, and stopped."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stack.process import Command
from stack.profile import Secrets
from stack.settings import StackSettings


class NotReadyError(Exception):
    """A probe found the server not ready yet; the message says what it is waiting for."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """Everything from which servers are defined."""

    settings: StackSettings
    secret: Secrets
    profile: Mapping[str, str]

    @property
    def state(self) -> Path:
        """The absolute state directory."""
        return self.settings.state

    def log(self, name: str) -> Path:
        """Give the log file of the server `name`."""
        return self.state / "log" / f"{name}.log"


def nothing() -> None:
    """Prepare nothing."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """One server or service.

    `prepare` runs before each start, with no process of the server alive, and must bear being cut off anywhere.
    `probe` raises `NotReadyError` (or any connection error) until the server does its work. `homes` are folders
    whose tenants are the server's processes. `after` must be ready before it starts, `requires` is only started along.
    """

    name: str
    command: Command
    ports: tuple[str, ...]
    probe: Callable[[], Awaitable[None]]
    prepare: Callable[[], None] = nothing
    after: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    needs_java: bool = False
    stop_signal: signal.Signals = signal.SIGTERM
    homes: tuple[Path, ...] = field(default=())
