"""Which contract judges a file: settled with the first lease of its job, and the same for ever after."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.validator.contract_rows import ContractRows
from shared.contract import Contract, ContractError, read_contract
from shared.events import NO_CONTRACT, FileUploaded, Problem
from shared.inbox import Inbox, Job


@dataclass(frozen=True)
class Pinned:
    """The contract that judges a file; both None where there is none."""

    version: int | None = None
    contract: Contract | None = None


@dataclass(frozen=True)
class Awaited:
    """The contract is on its way."""


class Pinning:
    """Finds the contract of a leased job.

    The gateway names a version, or 0 for none. Records of upstream systems say nothing: once everything is heard that
    was said of contracts, the latest version counts, and stands in the job's row from then on, so that another run of
    the file is judged by the same.

    Args:
        contracts: the versions that were heard of.
        inbox: the jobs.
        clock: the time, aware UTC.
        patience: how long a job waits for a version after it was first looked for in vain.
        all_heard: whether everything is heard that was said of contracts up to now. Without it nobody gives up or takes
            a latest version: what is looked for may stand in the topic, still unread.
    """

    def __init__(
        self,
        contracts: ContractRows,
        inbox: Inbox,
        clock: Callable[[], datetime],
        *,
        patience: timedelta,
        all_heard: Callable[[], Awaitable[bool]],
    ) -> None:
        self._contracts = contracts
        self._inbox = inbox
        self._clock = clock
        self._patience = patience
        self._all_heard = all_heard

    async def __call__(self, job: Job, event: FileUploaded) -> Pinned | Awaited | Problem:
        """The contract of the job, or why it is not there: on its way, or a problem that is ours.

        Raises:
            TransientError: PostgreSQL or Kafka is away.
            LeaseLostError: another worker has the job.
        """
        version = await self._version(job, event)
        if version is None:
            return Awaited()
        if version == NO_CONTRACT:
            return Pinned()
        content = await self._find(event, version)
        if content is None and await self._is_late(job):
            # What was heard meanwhile may be what is looked for.
            content = await self._find(event, version)
            if content is None:
                return self._missing(event, version)
        if content is None:
            return Awaited()
        try:
            # A large contract takes its time: the heartbeats of other jobs must not wait for it.
            contract = await asyncio.to_thread(read_contract, content)
        except ContractError as error:
            return _unreadable(event, version, error)
        return Pinned(version, contract)

    async def _version(self, job: Job, event: FileUploaded) -> int | None:
        settled: int | None = job.columns["contract_version"]
        if settled is not None:
            return settled
        version = event.contract_version
        if version is None:
            if not await self._all_heard():
                return None
            version = await self._contracts.latest(event.tenant, event.datasource_name)
        await self._inbox.update(job, contract_version=version)
        return version

    async def _find(self, event: FileUploaded, version: int) -> bytes | None:
        return await self._contracts.find(event.tenant, event.datasource_name, version)

    async def _is_late(self, job: Job) -> bool:
        missed_at: datetime | None = job.columns["contract_missed_at"]
        if missed_at is None:
            await self._inbox.update(job, contract_missed_at=self._clock())
            return False
        return self._clock() - missed_at >= self._patience and await self._all_heard()

    def _missing(self, event: FileUploaded, version: int) -> Problem:
        message = (
            f"version {version} of the contract of {event.datasource_name!r} has not reached the validator within "
            f"{self._patience.total_seconds():,.0f} s (setting VALIDATOR_CONTRACT_PATIENCE); this is no fault of the "
            "file: send it again, and if that fails too report it with the task id"
        )
        return Problem(code="contract_missing", message=message, detail=_detail(event, version))


def _unreadable(event: FileUploaded, version: int, error: ContractError) -> Problem:
    message = (
        f"the validator cannot read version {version} of the contract of {event.datasource_name!r}: {error}; this is "
        "no fault of the file: the gateway took the contract, so the validator must be brought to its release"
    )
    return Problem(code="contract_unreadable", message=message, detail=_detail(event, version))


def _detail(event: FileUploaded, version: int) -> dict[str, str | int]:
    return {"datasource_name": event.datasource_name, "contract_version": version}
