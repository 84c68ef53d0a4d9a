"""The migrations make exactly the tables of the models, once, forwards and backwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db import migrate
from shared.db.engine import Database, DatabaseAwayError, DatabaseSettings
from shared.db.models import Base
from tests.integration.resources import fresh_database


@pytest_asyncio.fixture
async def empty(profile: dict[str, str]) -> AsyncIterator[DatabaseSettings]:
    async with fresh_database(profile) as settings:
        yield settings


@pytest_asyncio.fixture
async def opened(empty: DatabaseSettings) -> AsyncIterator[Database]:
    database = Database(empty)
    yield database
    await database.close()


def drift(connection: Connection) -> list[Any]:
    options = {"compare_type": True, "compare_server_default": True}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


async def test_an_upgraded_database_is_what_the_models_say(empty: DatabaseSettings, opened: Database) -> None:
    assert await migrate.current(empty) is None
    await migrate.upgrade(empty)
    assert await migrate.current(empty) == migrate.head()
    async with opened.transaction() as connection:
        assert await connection.run_sync(drift) == []


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE uploads ADD COLUMN planted text",
        "ALTER TABLE ingestion_tasks DROP COLUMN ledger",
        "ALTER TABLE ingestion_tasks ALTER COLUMN row_count TYPE bigint",
        "ALTER TABLE ingestion_tasks ALTER COLUMN status SET DEFAULT 'RUNNING'",
        "ALTER TABLE ingestion_tasks ALTER COLUMN status DROP NOT NULL",
        "ALTER TABLE ingestion_tasks DROP CONSTRAINT uq_ingestion_tasks_task_id",
        "DROP INDEX ix_task_history_task_id",
    ],
)
async def test_a_difference_is_seen(empty: DatabaseSettings, opened: Database, change: str) -> None:
    await migrate.upgrade(empty)
    async with opened.transaction() as connection:
        await connection.execute(text(change))
        assert len(await connection.run_sync(drift)) == 1


async def test_keys_and_indexes_are_what_the_models_say(
    empty: DatabaseSettings, opened: Database, profile: dict[str, str]
) -> None:
    """The comparison above sees neither a primary key nor an index's condition."""
    await migrate.upgrade(empty)
    migrated = await definitions(opened)
    async with fresh_database(profile) as settings:
        modelled = Database(settings)
        async with modelled.transaction() as connection:
            await connection.run_sync(Base.metadata.create_all)
        expected = await definitions(modelled)
        await modelled.close()
    assert len(expected) > len(Base.metadata.tables)
    assert migrated == expected


async def test_the_way_back_leaves_nothing_and_the_way_up_works_again(
    empty: DatabaseSettings, opened: Database
) -> None:
    await migrate.upgrade(empty)
    await migrate.downgrade(empty, "base")
    async with opened.transaction() as connection:
        assert await connection.run_sync(tables) == {"alembic_version"}
    await migrate.upgrade(empty)
    async with opened.transaction() as connection:
        assert await connection.run_sync(drift) == []


async def test_an_upgrade_keeps_the_rows_when_there_is_nothing_to_do(empty: DatabaseSettings, opened: Database) -> None:
    await migrate.upgrade(empty)
    async with opened.transaction() as connection:
        await connection.execute(text("INSERT INTO load_turns (task_id) VALUES ('one')"))
    await migrate.upgrade(empty)
    async with opened.transaction() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM load_turns"))).scalar_one() == 1


async def test_upgrades_at_the_same_time_take_turns(empty: DatabaseSettings, opened: Database) -> None:
    await asyncio.gather(*(migrate.upgrade(empty) for _ in range(4)))
    async with opened.transaction() as connection:
        assert await connection.run_sync(drift) == []


async def test_whoever_waits_too_long_for_its_turn_says_so(empty: DatabaseSettings, opened: Database) -> None:
    async with opened.transaction() as connection:
        await hold_the_turn(connection)
        with pytest.raises(migrate.MigrationBlockedError):
            await migrate.upgrade(empty, patience=timedelta(milliseconds=300))
    await migrate.upgrade(empty)


async def test_a_migration_does_not_queue_behind_a_table_lock(
    empty: DatabaseSettings, opened: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", timedelta(milliseconds=200))
    await migrate.upgrade(empty)
    async with opened.transaction() as connection:
        await connection.execute(text(f"LOCK TABLE {', '.join(Base.metadata.tables)} IN ACCESS SHARE MODE"))
        with pytest.raises(migrate.MigrationBlockedError):
            await migrate.downgrade(empty, "base")
    assert await migrate.current(empty) == migrate.head()


async def test_a_server_that_stays_away_is_one_error(empty: DatabaseSettings) -> None:
    nowhere = empty.model_copy(update={"port": 1})
    with pytest.raises(DatabaseAwayError, match="did not answer at"):
        await migrate.upgrade(nowhere, patience=timedelta(milliseconds=300))


async def definitions(database: Database) -> set[str]:
    indexes = (
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        " UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace AND conrelid <> coalesce(to_regclass('alembic_version'), 0)"
    )
    async with database.transaction() as connection:
        return set((await connection.execute(text(indexes))).scalars())


async def hold_the_turn(connection: AsyncConnection) -> None:
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": migrate._LOCK_KEY})
