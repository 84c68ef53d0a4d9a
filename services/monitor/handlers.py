"""What the monitor does with a record: a row in its inbox, nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from shared.db.engine import Database
from shared.events import DruidSubmitted
from shared.failpoint import failpoint
from shared.inbox import Inbox
from shared.kafka.envelope import Received

TOPICS = (DruidSubmitted.topic,)


def submitted_handler(
    database: Database, inbox: Inbox, wake: Callable[[], None]
) -> Callable[[Received], Awaitable[None]]:
    """Handles `druid.submitted`: the task is watched from now on."""

    async def handle(received: Received) -> None:
        failpoint("M1")
        async with database.transaction() as connection:
            await inbox.put(connection, received)
        wake()

    return handle
