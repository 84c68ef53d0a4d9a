"""What the validator does with a record: a row in its inbox, or its copy of a contract, nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from services.validator.contract_rows import ContractRows
from services.validator.lanes import Lanes
from shared.db.engine import Database
from shared.events import DatasourceUpdated, FileUploaded
from shared.inbox import Inbox
from shared.kafka.envelope import Received


def handler(
    database: Database, inbox: Inbox, contracts: ContractRows, wake: Callable[[], None], lanes: Lanes
) -> Callable[[Received], Awaitable[None]]:
    """Handles `datasource.updated` and `file.uploaded`."""

    async def handle(received: Received) -> None:
        event = received.event
        if isinstance(event, DatasourceUpdated):
            await contracts.keep(event)
            return
        if not isinstance(event, FileUploaded):
            return
        async with database.transaction() as connection:
            await inbox.put(connection, received, lane=lanes.lane(event.file_size))
        wake()

    return handle
