"""Whose a datasource is. Druid has one space of names, so a name is that tenant's who uses it first."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.callers import Caller
from services.gateway.problems import ProblemError, ProblemKind
from shared.db.models import DatasourceOwner


class ForeignDatasourceError(Exception):
    """The datasource is another tenant's."""


async def claim(connection: AsyncConnection, datasource_name: str, tenant: str) -> None:
    """Make the datasource the tenant's, in the caller's transaction, if it is nobody's yet.

    Raises:
        ForeignDatasourceError: it is another tenant's.
    """
    claiming = insert(DatasourceOwner).values(name=datasource_name, tenant=tenant).on_conflict_do_nothing()
    await connection.execute(claiming)
    if await owner(connection, datasource_name) != tenant:
        raise ForeignDatasourceError


async def owner(connection: AsyncConnection, datasource_name: str) -> str | None:
    """The tenant whose the datasource is; None when it is nobody's."""
    asking = select(DatasourceOwner.tenant).where(DatasourceOwner.name == datasource_name)
    return (await connection.execute(asking)).scalar_one_or_none()


def check_patterns(caller: Caller, datasource_name: str) -> None:
    """Raises `ProblemError` when no pattern of the caller fits the datasource."""
    if not caller.touches(datasource_name):
        raise forbidden(datasource_name)


def forbidden(datasource_name: str) -> ProblemError:
    """The answer about a datasource that the caller may not use; the same for one of another tenant."""
    detail = (
        f"The datasource {datasource_name[:200]!r} cannot be used with this credential: its key does not name it, or "
        "others have it. Choose another name, or ask for a key that names it."
    )
    return ProblemError(ProblemKind.FORBIDDEN_DATASOURCE, detail, field="datasource_name")
