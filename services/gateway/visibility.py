"""Which tasks are there for a caller, as a condition of SQL; the same as `Caller.sees`."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, false, func, or_

from services.gateway.callers import Caller, regular_expression
from shared.db.models import IngestionTask

_ANY = "*"


def visible_to(caller: Caller) -> ColumnElement[bool]:
    """The condition on a row of `ingestion_tasks`."""
    theirs = IngestionTask.tenant == caller.tenant
    if _ANY in caller.datasources:
        return theirs
    name = func.coalesce(IngestionTask.datasource_name, "")
    return and_(theirs, or_(false(), *(name.regexp_match(regular_expression(glob)) for glob in caller.datasources)))
