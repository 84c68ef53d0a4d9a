"""The door to PostgreSQL: one pool, one way to open a transaction, one error when the server is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict
from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from shared.backoff import Backoff
from shared.errors import TransientError
from shared.settings import SettingsGroup
from shared.waiting import wait_any

_STILL_THERE = timedelta(seconds=30)

# SQLSTATE classes and codes after which the same transaction may be repeated:
# 08 connection, 53 out of resources, 57P0x shutting down or starting, 40001 serialization failure, 40P01 deadlock,
# 55P03 lock not available, 42P01 and 42703 no such table or column:
# the migration has not run yet, 28 and 3D000 password or database: somebody is setting them right. https://www.postgresql.org/docs/17/errcodes-appendix.html
_REPEATABLE = ("08", "53", "57P0", "40001", "40P01", "55P03", "42P01", "42703", "28", "3D000")


class DatabaseSettings(SettingsGroup):
    """Where PostgreSQL is and how many connections one service may hold; every variable starts with DB_."""

    model_config = SettingsConfigDict(env_prefix="DB_", extra="ignore", frozen=True, env_ignore_empty=True)

    host: str = "localhost"
    port: int = Field(default=5433, ge=1, le=65535)
    user: str = "ingest"
    password: SecretStr = SecretStr("")
    name: str = "ingest"
    pool_connections: int = Field(default=5, ge=1)
    connect_timeout: timedelta = timedelta(seconds=5)
    statement_timeout: timedelta = timedelta(seconds=30)

    def url(self) -> URL:
        """The SQLAlchemy address; any character may stand in the password."""
        return URL.create(
            "postgresql+asyncpg",
            username=self.user,
            password=self.password.get_secret_value(),
            host=self.host,
            port=self.port,
            database=self.name,
        )


class DatabaseAwayError(TransientError):
    """PostgreSQL cannot be reached, is shutting down, or broke the connection: the outcome of a commit is unknown."""


class Database:
    """A pool of connections. Made without connecting; the first transaction connects."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self._settings = settings
        self._engine = create_async_engine(
            settings.url(),
            pool_size=settings.pool_connections,
            max_overflow=2,
            pool_timeout=settings.connect_timeout.total_seconds(),
            pool_pre_ping=True,
            hide_parameters=True,  # what users send does not belong into a log
            connect_args={
                "timeout": settings.connect_timeout.total_seconds(),
                "command_timeout": settings.statement_timeout.total_seconds(),
                "server_settings": {"application_name": "ingest", "timezone": "UTC"},
            },
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction, commit it at the end of the block, roll it back if the block raises.

        Raises:
            DatabaseAwayError: nothing can be said about a commit that was under way; repeat the whole block.
        """
        try:
            async with self._engine.begin() as connection:
                yield connection
        except (OSError, TimeoutError, PoolTimeoutError) as error:
            raise DatabaseAwayError(_in_one_line(error)) from error
        except DBAPIError as error:
            if is_away(error):
                raise DatabaseAwayError(_in_one_line(error)) from error
            raise

    async def listen(self, channel: str, heard: Callable[[], None], stop: asyncio.Event) -> None:
        """Call `heard` at every NOTIFY on a channel, and whenever some may have been missed, until `stop` is set.

        It has a connection of its own beside the pool, and makes a new one when that breaks.
        """
        backoff, failures = Backoff(), 0
        while not stop.is_set():
            try:
                connection = await self._connect()
            except (OSError, TimeoutError, asyncpg.PostgresError):
                failures += 1
                await wait_any(backoff.delay(failures), stop)
                continue
            failures = 0
            try:
                await _listen_on(connection, channel, heard, stop)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                failures = 1
            finally:
                connection.terminate()

    async def _connect(self) -> asyncpg.Connection:
        said = self._settings
        return await asyncpg.connect(
            host=said.host,
            port=said.port,
            user=said.user,
            password=said.password.get_secret_value(),
            database=said.name,
            timeout=said.connect_timeout.total_seconds(),
            server_settings={"application_name": "ingest-listen"},
        )

    async def ping(self) -> None:
        """Answer when PostgreSQL answers; raise `DatabaseAwayError` when it does not."""
        async with self.transaction() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Give all connections back."""
        await self._engine.dispose()


async def _listen_on(
    connection: asyncpg.Connection, channel: str, heard: Callable[[], None], stop: asyncio.Event
) -> None:
    """Return when the connection is closed or `stop` is set; raise when it does not answer any more."""
    closed = asyncio.Event()
    connection.add_termination_listener(lambda _: closed.set())
    await connection.add_listener(channel, lambda *_: heard())
    heard()
    while not (stop.is_set() or closed.is_set()):
        await wait_any(_STILL_THERE, stop, closed)
        if not (stop.is_set() or closed.is_set()):
            await connection.execute("SELECT 1", timeout=_STILL_THERE.total_seconds())


def is_away(error: DBAPIError) -> bool:
    """Whether the error is about the connection or the moment, not about the statement."""
    if error.connection_invalidated or isinstance(error, InterfaceError):
        return True
    code = str(getattr(error.orig, "sqlstate", "") or "")
    return code.startswith(_REPEATABLE) or (isinstance(error, OperationalError) and not code)


def _in_one_line(error: BaseException) -> str:
    first = str(error).splitlines()[0] if str(error) else type(error).__name__
    hint = "; run `ingest db upgrade`" if "does not exist" in first else ""
    return f"PostgreSQL cannot serve: {first}{hint}"
