"""Brings the tables to the newest revision, and says which one they are at.

Several processes may upgrade at once: they take turns by an advisory lock, and the later ones find nothing left to do.
A migration that cannot get its table locks within five seconds gives up, instead of standing in the way of the
services; run it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from shared.backoff import Backoff
from shared.db.engine import DatabaseAwayError, DatabaseSettings, is_away
from shared.errors import TransientError

MIGRATIONS = Path(__file__).with_name("migrations")
PATIENCE = timedelta(seconds=60)
LOCK_TIMEOUT = timedelta(seconds=5)

# Any number that no other user of advisory locks in this database takes.
_LOCK_KEY = 0x1A6E57ED


class MigrationBlockedError(TransientError):
    """Another process held a lock for too long; nothing of the blocked migration was done, run it again."""


def head() -> str:
    """The revision that this code expects."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        msg = f"no migrations in {MIGRATIONS}"
        raise RuntimeError(msg)
    return revision


async def current(settings: DatabaseSettings, *, patience: timedelta = PATIENCE) -> str | None:
    """The revision that the database is at; None when no migration ran yet.

    Raises:
        DatabaseAwayError: PostgreSQL did not answer within `patience`.
    """
    async with _connection(settings, patience) as connection:
        return await connection.run_sync(_revision)


async def upgrade(settings: DatabaseSettings, revision: str = "head", *, patience: timedelta = PATIENCE) -> str | None:
    """Run every migration up to `revision` that did not run yet, each in a transaction of its own.

    Args:
        settings: where PostgreSQL is; the user must be allowed to make tables.
        revision: where to stop.
        patience: how long to wait for PostgreSQL, and then for another process that migrates.

    Returns:
        The revision that the database is at now.

    Raises:
        DatabaseAwayError: PostgreSQL did not answer within `patience`, or left in the middle.
        MigrationBlockedError: a lock was not free in time.
    """
    async with _locked(settings, patience) as connection:
        await connection.run_sync(_upgrade, revision)
        return await connection.run_sync(_revision)


async def downgrade(settings: DatabaseSettings, revision: str, *, patience: timedelta = PATIENCE) -> None:
    """Take migrations back down to `revision`; `base` drops every table. See `upgrade`."""
    async with _locked(settings, patience) as connection:
        await connection.run_sync(_downgrade, revision)


@asynccontextmanager
async def _locked(settings: DatabaseSettings, patience: timedelta) -> AsyncIterator[AsyncConnection]:
    """A connection that holds the migration lock until it is closed."""
    async with _connection(settings, patience) as connection:
        try:
            await _set_lock_timeout(connection, patience)
            await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK_KEY})
            await _set_lock_timeout(connection, LOCK_TIMEOUT)
            await connection.commit()
            yield connection
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) == "55P03":
                msg = "a lock that the migration needs was not free in time"
                raise MigrationBlockedError(msg) from error
            if is_away(error):
                msg = f"PostgreSQL left during a migration: {error.orig}"
                raise DatabaseAwayError(msg) from error
            raise


async def _set_lock_timeout(connection: AsyncConnection, longest: timedelta) -> None:
    milliseconds = str(int(longest.total_seconds() * 1000))
    await connection.execute(text("SELECT set_config('lock_timeout', :longest, false)"), {"longest": milliseconds})


@asynccontextmanager
async def _connection(settings: DatabaseSettings, patience: timedelta) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(
        settings.url(),
        poolclass=NullPool,  # closing the connection must end the session, which gives the lock back
        connect_args={
            "timeout": settings.connect_timeout.total_seconds(),
            "server_settings": {"application_name": "ingest-migrate", "timezone": "UTC"},
        },
    )
    try:
        async with aclosing(await _connect(engine, patience)) as connection:
            yield connection
    finally:
        await engine.dispose()


async def _connect(engine: AsyncEngine, patience: timedelta) -> AsyncConnection:
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + patience.total_seconds()
    backoff, failures = Backoff(longest=timedelta(seconds=2)), 0
    while True:
        try:
            return await engine.connect()
        except (OSError, TimeoutError, DBAPIError) as error:
            if isinstance(error, DBAPIError) and not is_away(error):
                raise
            failures += 1
            pause = backoff.delay(failures).total_seconds()
            if loop.time() + pause > give_up_at:
                msg = f"PostgreSQL did not answer at {engine.url.host}:{engine.url.port}: {error}"
                raise DatabaseAwayError(msg) from error
        await asyncio.sleep(pause)


def _config(connection: Connection | None = None) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: Connection, revision: str) -> None:
    command.upgrade(_config(connection), revision)


def _downgrade(connection: Connection, revision: str) -> None:
    command.downgrade(_config(connection), revision)
