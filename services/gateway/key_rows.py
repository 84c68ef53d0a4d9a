"""The gateway's own table of API keys: `api_keys`. It has no secret, only what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Row, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from services.gateway.callers import Scope
from shared.db.engine import Database
from shared.db.models import ApiKeyRow

USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class KeptKey:
    """A key as the table has it; `hash` is that of its secret."""

    key_id: str
    tenant: str
    name: str
    hash: str
    scopes: frozenset[Scope]
    datasources: tuple[str, ...]
    created_at: datetime
    created_by: str | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


class KeyRows(Protocol):
    """What the use cases ask of the table. Each method is a transaction and may raise `DatabaseAwayError`."""

    async def add(self, key: KeptKey) -> bool:
        """Keep a key; False when there is one of its id, which stays as it is."""

    async def find(self, key_id: str) -> KeptKey | None:
        """Look a key up, of whichever tenant."""

    async def used(self, key: KeptKey, now: datetime) -> None:
        """Note that somebody called with the key, once a minute at most."""

    async def all(self, tenant: str) -> list[KeptKey]:
        """The keys of a tenant, the latest first; those too that open nothing any more."""

    async def end(self, tenant: str, key_id: str, at: datetime) -> KeptKey | None:
        """Revoke a key of the tenant from then on; an earlier end stays. None when the tenant has no such key."""


class PostgresKeyRows:
    """The table in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, key: KeptKey) -> bool:
        """See `KeyRows.add`."""
        adding = (
            insert(ApiKeyRow)
            .values(
                key_id=key.key_id,
                tenant=key.tenant,
                name=key.name,
                hash=key.hash,
                scopes=sorted(key.scopes),
                datasources=list(key.datasources),
                created_at=key.created_at,
                created_by=key.created_by,
                expires_at=key.expires_at,
            )
            .on_conflict_do_nothing()
            .returning(ApiKeyRow.key_id)
        )
        async with self._database.transaction() as connection:
            return (await connection.execute(adding)).first() is not None

    async def find(self, key_id: str) -> KeptKey | None:
        """See `KeyRows.find`."""
        async with self._database.transaction() as connection:
            row = (await connection.execute(_KEYS.where(ApiKeyRow.key_id == key_id))).one_or_none()
        return None if row is None else _kept(row)

    async def used(self, key: KeptKey, now: datetime) -> None:
        """See `KeyRows.used`."""
        before = now - USE_NOTED_EVERY
        if key.last_used_at is not None and key.last_used_at >= before:
            return
        long_ago = or_(ApiKeyRow.last_used_at.is_(None), ApiKeyRow.last_used_at < before)
        noting = update(ApiKeyRow).where(ApiKeyRow.key_id == key.key_id, long_ago).values(last_used_at=now)
        async with self._database.transaction() as connection:
            await connection.execute(noting)

    async def all(self, tenant: str) -> list[KeptKey]:
        """See `KeyRows.all`."""
        asking = _KEYS.where(ApiKeyRow.tenant == tenant).order_by(ApiKeyRow.created_at.desc(), ApiKeyRow.key_id)
        async with self._database.transaction() as connection:
            return [_kept(row) for row in (await connection.execute(asking)).all()]

    async def end(self, tenant: str, key_id: str, at: datetime) -> KeptKey | None:
        """See `KeyRows.end`."""
        ending = (
            update(ApiKeyRow)
            .where(ApiKeyRow.tenant == tenant, ApiKeyRow.key_id == key_id)
            .values(revoked_at=func.least(func.coalesce(ApiKeyRow.revoked_at, at), at))
            .returning(*ApiKeyRow.__table__.columns)
        )
        async with self._database.transaction() as connection:
            row = (await connection.execute(ending)).one_or_none()
        return None if row is None else _kept(row)


_KEYS = select(ApiKeyRow.__table__)


def _kept(row: Row[Any]) -> KeptKey:
    return KeptKey(
        key_id=row.key_id,
        tenant=row.tenant,
        name=row.name,
        hash=row.hash,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        datasources=tuple(row.datasources),
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
