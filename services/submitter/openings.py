"""The rows that the admission decides over, read and written in the decision's own transaction.

One decision at a time, whichever process makes it: it begins with a lock that all submitters of the database share.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Text, Uuid, and_, bindparam, case, func, select, true, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.functions import Function
from sqlalchemy.types import TypeEngine

from services.submitter import turns
from services.submitter.deciding import Entry
from services.submitter.submissions import Phase
from services.submitter.turn import Stage, Turn
from shared.db.models import LoadTurn, Submission
from shared.events import LoadMode
from shared.inbox import Job

_LOCK = "ingest.submitter.admission"
_TRIED_AGAIN = ("retry", "dependency_away")  # what `shared.worker` leaves in a row: it is not hurried
SMALL_LANE, LARGE_LANE = 0, 1


@dataclass(frozen=True)
class Outlook:
    """What there is to decide: `now` by PostgreSQL, our loads that Druid may still run, and whether any task waits."""

    now: datetime
    running: tuple[str, ...]
    waits: bool


async def outlook(connection: AsyncConnection) -> Outlook:
    """Read it."""
    ours = select(Submission.druid_task_id).join(LoadTurn, LoadTurn.task_id == Submission.task_id)
    ours = ours.where(LoadTurn.ended_at.is_(None), Submission.phase == Phase.POSTED.value, Submission.left_at.is_(None))
    waiting = select(Submission.event_id).where(Submission.done_at.is_(None), Submission.phase == Phase.WAITING.value)
    now, waits = (await connection.execute(select(func.clock_timestamp(), waiting.exists()))).one()
    running = (str(one) for one in (await connection.execute(ours)).scalars())
    return Outlook(now, tuple(running), waits)


async def alone(connection: AsyncConnection) -> None:
    """Have the decision to oneself until the transaction ends."""
    await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(_LOCK, 0))))


async def others(connection: AsyncConnection, running: Mapping[str, int]) -> int:
    """Of the slots that these groups of tasks use, those that no load of ours uses."""
    if not running:
        return 0
    ours = select(Submission.druid_task_id).where(Submission.druid_task_id.in_(running))
    known = set((await connection.execute(ours)).scalars())
    return sum(tasks for group, tasks in running.items() if group not in known)


async def open_entries(connection: AsyncConnection, *, known_at: datetime) -> list[Entry]:
    """All tasks that have not ended; a row that was made after `known_at` does not wait yet."""
    row = (
        select(Submission)
        .where(Submission.task_id == LoadTurn.task_id, Submission.attempt == LoadTurn.attempt)
        .limit(1)
        .lateral("row")
    )
    now = func.clock_timestamp()
    wanted = (
        select(
            LoadTurn.task_id,
            LoadTurn.tenant,
            LoadTurn.datasource_name,
            LoadTurn.mode,
            LoadTurn.accepted_at,
            LoadTurn.source_sha256,
            LoadTurn.contract_version,
            LoadTurn.is_correction,
            LoadTurn.once,
            row.c.event_id,
            row.c.phase,
            row.c.slots,
            row.c.lane,
            row.c.hold,
            row.c.wait_reason,
            row.c.reported_at,
            row.c.left_at,
            row.c.done_at,
            row.c.created_at,
            row.c.event["loading"]["task_id_column"].as_string().label("has_id"),
            func.coalesce(row.c.lease_until > now, False).label("leased"),  # SQL's, no argument of ours
            func.coalesce(row.c.available_at <= now, False).label("due"),  # as above
        )
        .select_from(LoadTurn)
        .outerjoin(row, true())
        .where(LoadTurn.ended_at.is_(None), LoadTurn.datasource_name.is_not(None))  # else only a retry was heard of
    )
    return [_entry(found, known_at) for found in await connection.execute(wanted)]


def _entry(row: Any, known_at: datetime) -> Entry:
    turn = Turn(
        task_id=row.task_id,
        tenant=row.tenant,
        datasource=row.datasource_name,
        exclusive=row.mode != LoadMode.APPEND.value or row.has_id == "false",
        accepted_at=row.accepted_at,
        stage=_stage(row, known_at),
        slots=1 if row.slots is None else row.slots,
        small=row.lane is not None and row.lane <= SMALL_LANE,
        ready_at=row.created_at,
        content=None
        if row.is_correction or row.source_sha256 is None
        else f"{row.source_sha256}/{row.contract_version}",
        once=row.once and not row.is_correction and row.source_sha256 is not None,
    )
    return Entry(
        turn=turn,
        event_id=row.event_id,
        hold=row.hold,
        told=row.wait_reason,
        told_at=row.reported_at,
        leased=row.leased,
        due=row.due,
    )


def _stage(row: Any, known_at: datetime) -> Stage:
    if row.phase is None:
        return Stage.UPCOMING
    if row.phase == Phase.WAITING.value:
        return Stage.WAITING if row.done_at is None and row.created_at <= known_at else Stage.UPCOMING
    return Stage.SENT if row.left_at is None else Stage.PROVING


async def admit(connection: AsyncConnection, slots: Mapping[UUID, int]) -> None:
    """WAITING → ADMITTED, with these slots; whoever takes the row next sends it."""
    if not slots:
        return
    given = _as_table(slots, Integer()).table_valued("job", "value", name="given").render_derived()
    available = case((Submission.wait_reason.in_(_TRIED_AGAIN), Submission.available_at), else_=func.clock_timestamp())
    waiting = and_(Submission.phase == Phase.WAITING.value, Submission.done_at.is_(None))
    await connection.execute(
        update(Submission)
        .where(Submission.event_id == given.c.job, waiting)
        .values(phase=Phase.ADMITTED.value, slots=given.c.value, hold=None, available_at=available)
    )


async def hold(connection: AsyncConnection, words: Mapping[UUID, str], hurried: Collection[UUID]) -> None:
    """Write what rows wait for, and have those told that are `hurried`."""
    if words:
        told = _as_table(words, Text()).table_valued("job", "value", name="told").render_derived()
        await connection.execute(update(Submission).where(Submission.event_id == told.c.job).values(hold=told.c.value))
    if hurried:
        free = and_(Submission.event_id.in_(hurried), Submission.lease_owner.is_(None), Submission.done_at.is_(None))
        await connection.execute(update(Submission).where(free).values(available_at=func.clock_timestamp()))


def _as_table(of_rows: Mapping[UUID, Any], kind: TypeEngine[Any]) -> Function[Any]:
    """Two parameters, however many rows: a statement may not have more than 32,767."""
    return func.unnest(
        bindparam("rows", list(of_rows), ARRAY(Uuid())), bindparam("told", list(of_rows.values()), ARRAY(kind))
    )


async def left(connection: AsyncConnection, druid_task_ids: Collection[str]) -> None:
    """Note that these loads use no slot any more."""
    if druid_task_ids:
        there = and_(
            Submission.druid_task_id.in_(druid_task_ids),
            Submission.phase == Phase.POSTED.value,
            Submission.left_at.is_(None),
        )
        await connection.execute(update(Submission).where(there).values(left_at=func.clock_timestamp()))


@dataclass(frozen=True)
class Standing:
    """How a row stands after a decision: its turn, its phase, the slots that it has, what it waits for."""

    tenant: str
    datasource_name: str
    mode: str
    has_ended: bool
    phase: Phase
    slots: int
    hold: str | None


async def standing(connection: AsyncConnection, job: Job) -> Standing | None:
    """Read it; None when the task stands in no line."""
    wanted = (
        select(
            LoadTurn.tenant,
            LoadTurn.datasource_name,
            LoadTurn.mode,
            turns.over(job.attempt).label("ended"),
            Submission.phase,
            Submission.slots,
            Submission.hold,
        )
        .join(LoadTurn, LoadTurn.task_id == Submission.task_id)
        .where(Submission.event_id == job.event_id)
    )
    row = (await connection.execute(wanted)).one_or_none()
    if row is None or row.mode is None:
        return None
    phase = Phase(row.phase)
    return Standing(row.tenant, row.datasource_name, row.mode, row.ended, phase, row.slots, row.hold)
