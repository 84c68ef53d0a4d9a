"""The inbox of a worker service: a record becomes a row, a worker leases the row, and only its holder may change it.

The four steps are *inbox* (`put`, in the consumer's transaction), *lease* (`lease`, `heartbeat`), *effect* (the
service's) and *event* (published by `shared/worker.py`, then `finish`). All times are PostgreSQL's, so the clocks of
workers need not agree. The tables are those in `shared/db/models.py` that have `JobColumns`.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, case, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.engine import Database
from shared.db.models import Base, JobColumns
from shared.db.storable import storable
from shared.errors import PermanentError
from shared.events import body_of
from shared.kafka.envelope import Received

SHORTEST = timedelta(milliseconds=10)
_COMMON = frozenset(JobColumns.__annotations__)


def owner_name() -> str:
    """A name for this start of the process: in containers every host may be one name, and every process number 1."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


class LeaseLostError(PermanentError):
    """Another worker has taken the row over; whatever this one still does about it must stay unsaid."""


@dataclass(frozen=True)
class Job:
    """A leased row. `event` is the body that was received; `columns` are the table's own, beyond the common ones.

    `tries` counts the leases, this one included; `deaths` those before it that ended in a defect or without a word.
    """

    event_id: UUID
    task_id: str
    attempt: int
    event: Mapping[str, Any]
    traceparent: str | None
    lane: int
    tries: int
    deaths: int
    wait_reason: str | None
    columns: Mapping[str, Any]


class Inbox:
    """One service's rows.

    Args:
        database: where they are.
        table: a mapped class that has `JobColumns`.
        owner: names this start of this process, see `owner_name`; a row leased under another name is not ours.
        lease_for: how long a lease holds without a heartbeat.
    """

    def __init__(self, database: Database, table: type[JobColumns], *, owner: str, lease_for: timedelta) -> None:
        if not issubclass(table, Base) or not isinstance(table.__table__, Table):
            msg = f"{table.__name__} is no mapped table"
            raise TypeError(msg)
        self.lease_for = lease_for
        self._table = table.__table__
        self._own = tuple(column.name for column in self._table.columns if column.name not in _COMMON)
        self._database = database
        self._owner = owner

    async def put(self, connection: AsyncConnection, received: Received, **columns: Any) -> bool:
        """Make the row of a task's event, in the caller's transaction; False if the event was there already."""
        subject = received.subject
        if subject is None:
            msg = f"an inbox has rows of tasks, and {received.event.event_type} is about none"
            raise TypeError(msg)
        inserted = await connection.execute(
            insert(self._table)
            .values(
                event_id=received.event_id,
                task_id=subject.task_id,
                attempt=subject.attempt,
                event=storable(body_of(received.event)),
                traceparent=received.traceparent,
                **columns,
            )
            .on_conflict_do_nothing(index_elements=["event_id"])
            .returning(self._table.c.event_id)
        )
        return inserted.first() is not None

    async def lease(self, limit: int = 1) -> list[Job]:
        """Take up to `limit` open rows that nobody holds, the oldest of the lowest lane first.

        A row whose lease ran out without a word is taken too, and its death is counted, unless the holder was this
        very process: it lives, and PostgreSQL was away for longer than the lease.
        """
        jobs, _ = await self.lease_or_pause(limit, longest=timedelta(0))
        return jobs

    async def lease_or_pause(
        self, limit: int, *, longest: timedelta, highest_lane: int | None = None
    ) -> tuple[list[Job], timedelta]:
        """Lease like `lease`; when there is nothing, also say how long there will be nothing, as far as is known now.

        That is until the first open row becomes available or loses its holder, at most `longest`: rows that another
        process puts are not known before. Asking then, and not all the time, is what keeps an idle service idle.
        Rows of lanes above `highest_lane` are left alone, as if they were not there.
        """
        table = self._table
        now = func.clock_timestamp()
        free = (
            select(table.c.event_id)
            .where(
                *self._open(highest_lane),
                table.c.available_at <= now,
                or_(table.c.lease_until.is_(None), table.c.lease_until < now),
            )
            .order_by(table.c.lane, table.c.available_at, table.c.event_id)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("free")  # a sub-select could be run twice, and lock more than `limit`
        )
        taken = (
            update(table)
            .where(table.c.event_id.in_(select(free.c.event_id)))
            .values(
                lease_owner=self._owner,
                lease_until=now + self.lease_for,
                tries=table.c.tries + 1,
                deaths=table.c.deaths + case((table.c.lease_owner != self._owner, 1), else_=0),  # not for NULL either
            )
            .returning(*table.columns)
        )
        async with self._database.transaction() as connection:
            rows = (await connection.execute(taken)).mappings().all()
            pause = timedelta(0) if rows else await self._until_due(connection, longest, highest_lane)
        rows = sorted(rows, key=lambda row: (row["lane"], row["available_at"], row["event_id"]))
        return [self._job(row) for row in rows], pause

    async def heartbeat(self, job: Job) -> None:
        """Hold the row for another `lease_for`.

        Raises:
            LeaseLostError: another worker has it.
        """
        await self._change(job, lease_until=func.clock_timestamp() + self.lease_for)

    async def update(self, job: Job, **columns: Any) -> None:
        """Write the table's own columns of a held row; see `heartbeat`."""
        await self._change(job, **columns)

    async def finish(self, job: Job) -> None:
        """Close the row: its event is published; see `heartbeat`."""
        await self._change(job, done_at=func.clock_timestamp(), lease_owner=None, lease_until=None, wait_reason=None)

    async def release(self, job: Job, *, delay: timedelta, reason: str | None, died: bool = False) -> None:
        """Give the row back, to be leased again after `delay`; `died` counts this lease as a death; see `heartbeat`."""
        await self._change(
            job,
            lease_owner=None,
            lease_until=None,
            wait_reason=reason,
            available_at=func.clock_timestamp() + delay,
            deaths=self._table.c.deaths + int(died),
        )

    async def seize(self, connection: AsyncConnection, *conditions: ColumnElement[bool], **columns: Any) -> bool:
        """Write into an open row whoever holds it, and take it from him, in the caller's transaction.

        Whatever the holder does next with the row fails with `LeaseLostError`; the row may be leased again at once.
        Returns False, and nothing is changed, where no open row meets the conditions.
        """
        now = func.clock_timestamp()
        seized = await connection.execute(
            update(self._table)
            .where(self._table.c.done_at.is_(None), *conditions)
            .values(lease_owner=None, lease_until=None, wait_reason=None, available_at=now, **columns)
            .returning(self._table.c.event_id)
        )
        return seized.first() is not None

    async def hurry(self, connection: AsyncConnection, *task_ids: str) -> None:
        """Make waiting rows of these tasks available at once, in the caller's transaction."""
        table = self._table
        await connection.execute(
            update(table)
            .where(table.c.task_id.in_(task_ids), table.c.done_at.is_(None), table.c.lease_owner.is_(None))
            .values(available_at=func.clock_timestamp())
        )

    def _open(self, highest_lane: int | None) -> list[ColumnElement[bool]]:
        lane = [] if highest_lane is None else [self._table.c.lane <= highest_lane]
        return [self._table.c.done_at.is_(None), *lane]

    async def _until_due(self, connection: AsyncConnection, longest: timedelta, highest_lane: int | None) -> timedelta:
        """Between `SHORTEST` (somebody else has just locked what is due) and `longest`."""
        table = self._table
        due = func.greatest(table.c.available_at, table.c.lease_until)  # it ignores nulls
        asking = select(func.min(due) - func.clock_timestamp()).where(*self._open(highest_lane))
        found = (await connection.execute(asking)).scalar_one()
        return min(longest, longest if found is None else max(found, SHORTEST))

    async def _change(self, job: Job, **columns: Any) -> None:
        table = self._table
        held = and_(
            table.c.event_id == job.event_id,
            table.c.lease_owner == self._owner,
            table.c.tries == job.tries,
            table.c.done_at.is_(None),
        )
        async with self._database.transaction() as connection:
            changed = await connection.execute(update(table).where(held).values(**columns).returning(table.c.event_id))
            if changed.first() is None:
                msg = f"the lease on {self._table.name} {job.event_id} is lost"
                raise LeaseLostError(msg)

    def _job(self, row: Mapping[Any, Any]) -> Job:
        return Job(
            event_id=row["event_id"],
            task_id=row["task_id"],
            attempt=row["attempt"],
            event=row["event"],
            traceparent=row["traceparent"],
            lane=row["lane"],
            tries=row["tries"],
            deaths=row["deaths"],
            wait_reason=row["wait_reason"],
            columns={name: row[name] for name in self._own},
        )
