"""The versions of contracts in the gateway's table `datasources`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import JSON, Text, cast, func, select
from sqlalchemy.dialects.postgresql import insert

from services.gateway import owners
from services.gateway.decisions import SOURCE
from services.gateway.preconditions import Decision
from shared.db.engine import Database
from shared.db.models import Datasource
from shared.events import NO_CONTRACT, DatasourceUpdated
from shared.kafka.envelope import encode
from shared.outbox import promise


@dataclass(frozen=True)
class NewContract:
    """A good contract that was sent. `content` is as it came, `document` the same as JSON text."""

    tenant: str
    datasource_name: str
    content: bytes
    document: str
    sha256: str
    created_at: datetime
    created_by: str | None


@dataclass(frozen=True)
class Version:
    """What is known of a version beside its text."""

    datasource_name: str
    version: int
    sha256: str
    created_at: datetime
    created_by: str | None


@dataclass(frozen=True)
class StoredContract:
    """A version with its text, as it was sent and as JSON."""

    about: Version
    content: bytes
    document: str


@dataclass(frozen=True)
class Outcome:
    """What came of a contract: the decision, and the version that is the latest now; None when there is none."""

    decision: Decision
    latest: Version | None


Decide = Callable[[Version | None], Decision]


class DatasourceRows(Protocol):
    """What the use cases ask of the table. Each method is a transaction and may raise `DatabaseAwayError`."""

    async def add(self, contract: NewContract, decide: Decide) -> Outcome:
        """Let `decide` look at the latest version, and if it says ADD, add the next with the promise of its event.

        Callers for one datasource take turns, so what was decided still holds when the version is added. Raises
        `ForeignDatasourceError` when the datasource is another tenant's.
        """

    async def find(self, tenant: str, datasource_name: str, version: int | None = None) -> StoredContract | None:
        """A version; the latest without a number."""

    async def history(self, tenant: str, datasource_name: str) -> list[Version]:
        """Every version, the latest first."""


class PostgresDatasourceRows:
    """The table in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, contract: NewContract, decide: Decide) -> Outcome:
        """See `DatasourceRows.add`."""
        tenant, name = contract.tenant, contract.datasource_name
        async with self._database.transaction() as connection:
            turn = func.pg_advisory_xact_lock(func.hashtextextended(f"datasource:{tenant}/{name}", 0))
            await connection.execute(select(turn))
            if await owners.owner(connection, name) not in {None, tenant}:
                raise owners.ForeignDatasourceError
            row = (await connection.execute(_versions(tenant, name).limit(1))).one_or_none()
            latest = None if row is None else _version(row)
            decision = decide(latest)
            if decision is not Decision.ADD:
                return Outcome(decision, latest)
            await owners.claim(connection, name, tenant)
            event = event_of(contract, (latest.version if latest else NO_CONTRACT) + 1)
            await connection.execute(
                insert(Datasource).values(
                    tenant=tenant,
                    name=name,
                    version=event.version,
                    content=contract.content,
                    document=cast(cast(contract.document, Text), JSON),
                    sha256=contract.sha256,
                    created_at=contract.created_at,
                    created_by=contract.created_by,
                )
            )
            await promise(connection, encode(event, source=SOURCE))
        added = Version(name, event.version, contract.sha256, contract.created_at, contract.created_by)
        return Outcome(decision, added)

    async def find(self, tenant: str, datasource_name: str, version: int | None = None) -> StoredContract | None:
        """See `DatasourceRows.find`."""
        asking = _versions(tenant, datasource_name).add_columns(
            Datasource.content, cast(Datasource.document, Text).label("json")
        )
        if version is not None:
            asking = asking.where(Datasource.version == version)
        async with self._database.transaction() as connection:
            row = (await connection.execute(asking.limit(1))).one_or_none()
        return None if row is None else StoredContract(_version(row), row.content, row.json)

    async def history(self, tenant: str, datasource_name: str) -> list[Version]:
        """See `DatasourceRows.history`."""
        async with self._database.transaction() as connection:
            rows = (await connection.execute(_versions(tenant, datasource_name))).all()
        return [_version(row) for row in rows]


def event_of(contract: NewContract, version: int) -> DatasourceUpdated:
    """The event that tells of a version."""
    return DatasourceUpdated(
        tenant=contract.tenant,
        datasource_name=contract.datasource_name,
        version=version,
        contract=contract.content.decode(),
        sha256=contract.sha256,
        created_at=contract.created_at,
        created_by=contract.created_by,
    )


def _versions(tenant: str, datasource_name: str) -> Any:
    columns = (Datasource.name, Datasource.version, Datasource.sha256, Datasource.created_at, Datasource.created_by)
    mine = (Datasource.tenant == tenant, Datasource.name == datasource_name)
    return select(*columns).where(*mine).order_by(Datasource.version.desc())


def _version(row: Any) -> Version:
    return Version(row.name, row.version, row.sha256, row.created_at, row.created_by)
