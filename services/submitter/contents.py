"""What each turn of a line loads, in PostgreSQL (`load_turns`): by it the same bytes are known again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.submitter.duplicates import Duplicate, Twin, concerns, is_loaded, look
from shared.db.models import LoadTurn
from shared.events import NO_CONTRACT, FileUploaded, FileValidated, LoadMode, TaskStatus


async def keep(connection: AsyncConnection, event: FileUploaded | FileValidated) -> None:
    """Keep what a task loads; what the verdict says of the file stays."""
    mine = update(LoadTurn).where(LoadTurn.task_id == event.task_id)
    version = event.contract_version or NO_CONTRACT
    if isinstance(event, FileValidated):
        said = {"source_sha256": event.source_sha256, "contract_version": version, "once": concerns(event)}
        await connection.execute(mine.values(**said))
        return
    if event.correction is not None:
        await connection.execute(mine.values(is_correction=True))
    if event.sha256 is not None:
        unknown = mine.where(LoadTurn.source_sha256.is_(None))
        await connection.execute(unknown.values(source_sha256=event.sha256, contract_version=version))


async def find_twin(connection: AsyncConnection, event: FileValidated) -> Duplicate | None:
    """Whether the rows of a load are in its datasource already; the caller has the line to himself."""
    mine = select(LoadTurn.once, LoadTurn.is_correction).where(LoadTurn.task_id == event.task_id)
    turn = (await connection.execute(mine)).one()
    if turn.is_correction or not turn.once:
        return None
    same = select(
        LoadTurn.task_id, LoadTurn.accepted_at, LoadTurn.ended_at, LoadTurn.ended_as, LoadTurn.undone_by
    ).where(
        LoadTurn.tenant == event.tenant,
        LoadTurn.datasource_name == event.datasource_name,
        LoadTurn.task_id != event.task_id,
        LoadTurn.source_sha256 == event.source_sha256,
        LoadTurn.contract_version == (event.contract_version or NO_CONTRACT),
        LoadTurn.ended_at.is_not(None),
        ~LoadTurn.is_correction,
    )
    twins = [
        Twin(row.task_id, (row.accepted_at, row.task_id), row.ended_at, is_loaded(row.ended_as, row.undone_by))
        for row in await connection.execute(same)
    ]
    return look(twins, wiped_at=await _wiped_at(connection, event)) if twins else None


async def _wiped_at(connection: AsyncConnection, event: FileValidated) -> datetime | None:
    """When the latest replace that is loaded has ended, unless a datasource replaces only what a file touches."""
    if event.loading is not None and event.loading.replace != "whole":
        return None
    found = await connection.execute(
        select(func.max(LoadTurn.ended_at)).where(
            LoadTurn.tenant == event.tenant,
            LoadTurn.datasource_name == event.datasource_name,
            LoadTurn.mode == LoadMode.REPLACE.value,
            LoadTurn.ended_as == TaskStatus.COMPLETED.value,
            LoadTurn.undone_by.is_(None),
        )
    )
    return found.scalar_one()
