"""A promise made in the same transaction as the state it tells of, kept by a relay once Kafka answers."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.backoff import Backoff
from shared.db.engine import Database
from shared.db.models import OutboxRow
from shared.errors import TransientError
from shared.failpoint import failpoint
from shared.health import Progress
from shared.ids import is_task_id
from shared.kafka.envelope import OutgoingRecord
from shared.kafka.producer import EventProducer
from shared.telemetry import logger, task_scope
from shared.waiting import wait_any

BATCH_ROWS = 50
IDLE = timedelta(seconds=2)  # whoever promises wakes the relay: only what a dead process has promised waits for this

_log = logger(__name__)


async def promise(connection: AsyncConnection, record: OutgoingRecord) -> None:
    """Write the record into the outbox, in the caller's transaction; a second promise of an event does nothing."""
    await connection.execute(
        insert(OutboxRow)
        .values(event_id=record.event_id, topic=record.topic, key=record.key, headers=record.headers, body=record.body)
        .on_conflict_do_nothing(index_elements=[OutboxRow.event_id])
    )


class Relay:
    """Publishes promised records in the order of their promise, and forgets each once Kafka has it.

    A death between the two publishes the record again with the same event id. Several relays may run: a row is locked
    while it is under way.
    """

    def __init__(self, database: Database, producer: EventProducer, *, backoff: Backoff | None = None) -> None:
        self.progress = Progress("outbox relay")
        self._database = database
        self._producer = producer
        self._backoff = backoff or Backoff()
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Say that a promise was committed, so that the relay does not wait for its next round."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until `stop` is set; while Kafka or PostgreSQL is away it tries again with back-off."""
        failures = 0
        while not stop.is_set():
            self._woken.clear()
            self.progress.begin()
            try:
                sent = await self._relay_batch()
            except TransientError as error:
                failures += 1
                self.progress.waiting(str(error))
                if failures == 1 or failures % 20 == 0:
                    _log.warning("relay_waiting", failures=failures, why=str(error))
                await wait_any(self._backoff.delay(failures), stop, self._woken)
                continue
            failures = 0
            self.progress.end()
            if sent < BATCH_ROWS:
                await wait_any(IDLE, stop, self._woken)

    async def _relay_batch(self) -> int:
        async with self._database.transaction() as connection:
            rows = (
                await connection.execute(
                    select(OutboxRow.__table__)
                    .order_by(OutboxRow.position)
                    .limit(BATCH_ROWS)
                    .with_for_update(skip_locked=True)
                )
            ).all()
            for row in rows:
                with task_scope(row.key if is_task_id(row.key) else None):
                    await self._producer.publish(
                        OutgoingRecord(row.topic, row.key, row.headers, row.body, row.event_id)
                    )
            if rows:
                failpoint("R1")
                await connection.execute(
                    delete(OutboxRow).where(OutboxRow.position.in_([row.position for row in rows]))
                )
        return len(rows)
