"""The validator's copy of the contracts, in its table `contracts`."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from shared.db.engine import Database
from shared.db.models import HeardContract
from shared.events import NO_CONTRACT, DatasourceUpdated


class ContractRows:
    """Every version that was ever heard of. Each method is a transaction and may raise `DatabaseAwayError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, event: DatasourceUpdated) -> None:
        """Keep a version; one that is kept already stays as it is.

        The text is not read here: one that this release cannot read can be read by the next.
        """
        adding = insert(HeardContract).values(
            tenant=event.tenant,
            datasource_name=event.datasource_name,
            version=event.version,
            content=event.contract.encode(),
            created_at=event.created_at,
        )
        async with self._database.transaction() as connection:
            await connection.execute(adding.on_conflict_do_nothing())

    async def latest(self, tenant: str, datasource_name: str) -> int:
        """The latest version that is kept; 0 without one."""
        asking = select(func.max(HeardContract.version)).where(
            HeardContract.tenant == tenant, HeardContract.datasource_name == datasource_name
        )
        async with self._database.transaction() as connection:
            return (await connection.execute(asking)).scalar_one_or_none() or NO_CONTRACT

    async def find(self, tenant: str, datasource_name: str, version: int) -> bytes | None:
        """The text of a version; None if it is not kept."""
        asking = select(HeardContract.content).where(
            HeardContract.tenant == tenant,
            HeardContract.datasource_name == datasource_name,
            HeardContract.version == version,
        )
        async with self._database.transaction() as connection:
            return (await connection.execute(asking)).scalar_one_or_none()
