"""What the validator does with a record: a row in its inbox, or its copy of a contract, nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from services.validator.contract_rows import ContractRows
from shared.db.engine import Database
from shared.events import DatasourceUpdated, FileUploaded
from shared.inbox import Inbox
from shared.kafka.envelope import Received

SMALL_LANE = 0
LARGE_LANE = 1


def handler(
    database: Database, inbox: Inbox, contracts: ContractRows, wake: Callable[[], None], *, small_file_bytes: int
) -> Callable[[Received], Awaitable[None]]:
    """Handles `datasource.updated` and `file.uploaded`.

    A small file, or one of unknown size, is leased before the large ones.
    """

    async def handle(received: Received) -> None:
        event = received.event
        if isinstance(event, DatasourceUpdated):
            await contracts.keep(event)
            return
        if not isinstance(event, FileUploaded):
            return
        lane = LARGE_LANE if (event.file_size or 0) > small_file_bytes else SMALL_LANE
        async with database.transaction() as connection:
            await inbox.put(connection, received, lane=lane)
        wake()

    return handle
