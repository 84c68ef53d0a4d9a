"""The end of a load that has its turn and is not sent: for what is there already, a plan, or other types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.submitter import duplicates, live_types, plan, says
from services.submitter.contents import find_twin
from shared.events import FileValidated, TaskUpdated


async def end_instead(
    connection: AsyncConnection, event: FileValidated, changed: Sequence[str], spec: Mapping[str, Any], *, at: datetime
) -> TaskUpdated | None:
    """Why it is not sent, as its end; None when nothing is against it. The caller has the line to himself.

    Args:
        connection: in a transaction.
        event: whose load it is.
        changed: what has changed since the plan that it was confirmed by.
        spec: the Druid task that would be frozen.
        at: when that is, aware UTC.
    """
    twin = await find_twin(connection, event)
    if twin is not None:
        told = duplicates.problem(event.datasource_name, twin)
        return says.rejected(event, told, at=at, duplicate_of=twin.of)
    drift = live_types.noted_in(spec)
    why = plan.problem(changed) if changed else live_types.problem(event.datasource_name, drift)
    return None if why is None else says.rejected(event, why, at=at)
