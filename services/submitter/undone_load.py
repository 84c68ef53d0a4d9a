"""What the submitter knows of a load that is to be taken back: its own two tables, and the spec that it froze."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.submitter.spec import intervals_of, proof_of
from services.submitter.undo_plan import Refused, Replaced
from shared.db.models import LoadTurn, Submission
from shared.druid import TASK_COLUMN
from shared.events import LoadMode, TaskCommand, TaskStatus


@dataclass(frozen=True)
class Loaded:
    """A load that is COMPLETED; `count_metric` is the one whose sum counts rows, `replaced` is None for an append."""

    task_id: str
    datasource: str
    intervals: tuple[str, ...]
    count_metric: str | None
    replaced: Replaced | None


async def find(connection: AsyncConnection, command: TaskCommand) -> Loaded | Refused:
    """The load that a command wants to take back, or why it cannot be one."""
    task_id = str(command.undoes)
    asking = select(
        LoadTurn.tenant,
        LoadTurn.datasource_name,
        LoadTurn.mode,
        LoadTurn.ended_as,
        LoadTurn.undone_by,
        LoadTurn.replaced,
    ).where(LoadTurn.task_id == task_id)
    turn = (await connection.execute(asking)).one_or_none()
    mine = (command.tenant, command.datasource_name)
    if turn is None or (turn.tenant, turn.datasource_name) != mine or turn.ended_as != TaskStatus.COMPLETED:
        return Refused(_NOT_LOADED)
    if turn.undone_by is not None:
        return Refused(_UNDONE.format(turn.undone_by))
    frozen = select(Submission.spec).where(Submission.task_id == task_id, Submission.spec.is_not(None))
    frozen = frozen.order_by(Submission.attempt)
    specs = (await connection.execute(frozen)).scalars().all()
    if not specs or not all(map(_marks_rows, specs)):
        return Refused(_UNMARKED)
    if turn.mode == LoadMode.REPLACE and turn.replaced is None:
        return Refused(_NOT_NOTED)
    intervals = sorted({interval for spec in specs for interval in intervals_of(spec)})
    replaced = None if turn.mode != LoadMode.REPLACE else replaced_from_json(turn.replaced)
    metric = proof_of(specs[-1]).count_metric
    return Loaded(task_id, turn.datasource_name, tuple(intervals), metric, replaced)


def replaced_as_json(replaced: Replaced) -> dict[str, Any]:
    """The form in which it is kept."""
    return {"segments": sorted(replaced.segments), "tombstones": sorted(replaced.tombstones)}


def replaced_from_json(kept: Mapping[str, Any]) -> Replaced:
    """Read that form."""
    return Replaced(frozenset(kept["segments"]), frozenset(kept["tombstones"]))


def _marks_rows(spec: Mapping[str, Any]) -> bool:
    dimensions = spec["spec"]["dataSchema"]["dimensionsSpec"]["dimensions"]
    return any(one["name"] == TASK_COLUMN for one in dimensions)


_NOT_LOADED = "It is not known here as a load that is COMPLETED, so there is nothing to take back."
_UNDONE = "It was taken back before, by task {}."
_UNMARKED = (
    "Its rows do not carry its id (the datasource's contract says `task_id_column: false`), so they cannot be told "
    "from the others. Load what the datasource should hold with mode replace."
)
_NOT_NOTED = (
    "It was loaded by a release that did not note what a replace takes the place of. Load what was there before with "
    "mode replace."
)
