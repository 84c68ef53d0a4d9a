"""A service's life: consumer, loops and health page start together, run, and drain on SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, Protocol, Self, TypeVar

import uvicorn
import uvloop

from shared import telemetry
from shared.health import Check, Progress, health_app
from shared.kafka.consumer import Consumer
from shared.settings import SettingsInvalidError, find_profile
from shared.telemetry import LogSettings, logger
from shared.waiting import wait_any

Loop = Callable[[asyncio.Event], Awaitable[None]]
Closer = Callable[[], Awaitable[None]]

TICK = timedelta(seconds=1)
RESTART_AFTER = timedelta(seconds=1)
DRAIN_SECONDS = 25.0
_log = logger(__name__)


class PortTakenError(Exception):
    """Another process listens where the service's health page belongs."""


@dataclass(frozen=True)
class Address:
    """Where a service's HTTP pages are."""

    host: str
    port: int


class Service:
    """The running parts of a worker service.

    Args:
        name: the service's name.
        address: where `/livez` and `/readyz` are served.
        consumer: its consumer group.
        loops: its long-running parts; each gets the stop signal, and is started again should it raise.
        progress: what `/livez` looks at, beside the consumer.
        checks: what `/readyz` asks.
        closers: called in order after everything has stopped.
    """

    def __init__(
        self,
        name: str,
        *,
        address: Address,
        consumer: Consumer,
        loops: Sequence[Loop] = (),
        progress: Sequence[Progress] = (),
        checks: Mapping[str, Check],
        closers: Sequence[Closer] = (),
    ) -> None:
        self.name = name
        self.address = address
        watched = (consumer.progress, consumer.reading, *progress)
        self.app = health_app(service=name, progress=watched, checks=checks)
        self._consumer = consumer
        self._loops = loops
        self._closers = closers

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start consumer and loops, without the health page; drain them at the end of the block."""
        stop = asyncio.Event()
        joining = asyncio.create_task(self._consumer.start())
        tasks = [asyncio.create_task(supervised(loop, stop)) for loop in self._loops]
        try:
            yield
        finally:
            stop.set()
            await self._consumer.stop()
            joining.cancel()
            await asyncio.gather(joining, return_exceptions=True)
            await drain(tasks)
            for close in self._closers:
                await close()

    async def serve(self) -> None:
        """Run until SIGTERM or SIGINT, then drain.

        Raises:
            PortTakenError: the address is in use.
        """
        server = http_server(self.app, lifespan="off")
        with listening(self.address) as listener, on_signal(server.ask_to_exit):
            async with self.running():
                _log.info("started", address=f"{self.address.host}:{self.address.port}")
                await server.serve(sockets=[listener])
        _log.info("stopped")


class HttpServer(uvicorn.Server):
    """uvicorn, with two habits changed.

    Signals are left to `on_signal`: uvicorn's own handling raises them again, which ends the process undrained. And it
    looks around once a second, not ten times, which was a third of what an idle service used.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._asked_to_exit = asyncio.Event()

    async def main_loop(self) -> None:
        """Keep the Date header right, until `ask_to_exit`."""
        while not await self.on_tick(0):
            await wait_any(TICK, self._asked_to_exit)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """See the class."""
        yield

    def ask_to_exit(self) -> None:
        """Take no more requests, and return from `serve` when those under way have ended."""
        self.should_exit = True
        self._asked_to_exit.set()


def http_server(app: Any, *, lifespan: Literal["on", "off"], patience: timedelta | None = None) -> HttpServer:
    """A server for an ASGI application; requests under way have `patience` to end, without it as long as they take."""
    return HttpServer(
        uvicorn.Config(
            app,
            http="httptools",
            lifespan=lifespan,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=round(patience.total_seconds()) if patience else None,
        )
    )


@contextlib.contextmanager
def on_signal(call: Callable[[], None]) -> Iterator[None]:
    """Call it at SIGTERM or SIGINT, as often as they come; at the end the process can be ended by them again."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, call)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


@contextlib.contextmanager
def listening(address: Address) -> Iterator[socket.socket]:
    """A listening socket, bound before anything starts, so that a taken port is said at once.

    Raises:
        PortTakenError: naming the address.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address.host, address.port))
        except OSError as error:
            msg = f"{address.host}:{address.port} cannot be listened on: {error.strerror}"
            raise PortTakenError(msg) from error
        yield listener


async def supervised(loop: Loop, stop: asyncio.Event) -> None:
    """Run a loop until the stop; a defect that ends it is logged, and it is started again after a second."""
    while not stop.is_set():
        try:
            await loop(stop)
        except Exception:  # noqa: BLE001  # one loop's defect must not end the others
            _log.exception("loop_died", loop=getattr(loop, "__qualname__", str(loop)))
            await wait_any(RESTART_AFTER, stop)


async def drain(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Let tasks finish what they have in hand, for at most 25 s, then cancel them: their leases run out."""
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=DRAIN_SECONDS)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class LoggedSettings(Protocol):
    """What every service's settings have: `shared.settings.ServiceSettings` with a group for the log."""

    @property
    def log(self) -> LogSettings:
        """How to log."""

    @classmethod
    def read(cls, profile: Path | None) -> Self:
        """See `shared.settings.ServiceSettings.read`."""


T = TypeVar("T", bound=LoggedSettings)


class Servable(Protocol):
    """What can be run until a signal: a `Service`, or the gateway."""

    async def serve(self) -> None:
        """Run until SIGTERM or SIGINT, then drain; may raise `PortTakenError`."""


def run_service(name: str, settings_class: type[T], create: Callable[[T], Servable]) -> int:
    """The whole of a service's `__main__`: settings, logs, event loop; 0 after a drained stop.

    A setting that cannot be used or a port that is taken is one line on stderr and exit code 1.
    """
    try:
        settings = settings_class.read(find_profile(Path.cwd()))
        telemetry.configure(service=name, settings=settings.log)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings, create))
    except (SettingsInvalidError, PortTakenError) as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 1
    return 0


async def _serve(settings: T, create: Callable[[T], Servable]) -> None:
    await create(settings).serve()
