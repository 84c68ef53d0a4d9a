"""What the validator does with a record: a row in its inbox, nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from shared.db.engine import Database
from shared.events import FileUploaded
from shared.inbox import Inbox
from shared.kafka.envelope import Received

SMALL_LANE = 0
LARGE_LANE = 1


def uploaded_handler(
    database: Database, inbox: Inbox, wake: Callable[[], None], *, small_file_bytes: int
) -> Callable[[Received], Awaitable[None]]:
    """Handles `file.uploaded`; a small file, or one of unknown size, is leased before the large ones."""

    async def handle(received: Received) -> None:
        event = received.event
        if not isinstance(event, FileUploaded):
            return
        lane = LARGE_LANE if (event.file_size or 0) > small_file_bytes else SMALL_LANE
        async with database.transaction() as connection:
            await inbox.put(connection, received, lane=lane)
        wake()

    return handle
