"""What the validator does with a record: rows in its tables, then what they make true is said."""

from __future__ import annotations

from services.validator.attempts import Attempts
from services.validator.contract_rows import ContractRows
from shared.db.engine import Database
from shared.events import CommandName, DatasourceUpdated, FileUploaded, TaskCommand
from shared.failpoint import failpoint
from shared.kafka.envelope import Received
from shared.kafka.producer import EventProducer
from shared.worker import Worker

TOPICS = (FileUploaded.topic, DatasourceUpdated.topic, TaskCommand.topic)
_OBEYED = frozenset({CommandName.CANCEL, CommandName.RETRY})


class Handlers:
    """Handles `file.uploaded`, `datasource.updated` and `task.commands`; each may be repeated."""

    def __init__(
        self,
        database: Database,
        attempts: Attempts,
        contracts: ContractRows,
        producer: EventProducer,
        worker: Worker,
    ) -> None:
        self._database = database
        self._attempts = attempts
        self._contracts = contracts
        self._producer = producer
        self._worker = worker

    async def handle(self, received: Received) -> None:
        """Take one event in."""
        match received.event:
            case DatasourceUpdated() as event:
                await self._contracts.keep(event)
                return
            case FileUploaded() as event:
                async with self._database.transaction() as connection:
                    told = await self._attempts.upload(connection, received, event)
            case TaskCommand(command=command) as event if command in _OBEYED:
                async with self._database.transaction() as connection:
                    told = await self._attempts.command(connection, event)
                failpoint("V5")
                self._worker.recheck(event.task_id)
            case _:
                return
        # The rows are open: should this process die here, the worker says the same.
        for one in told:
            await self._producer.emit(one, traceparent=received.traceparent)
        self._worker.wake()
