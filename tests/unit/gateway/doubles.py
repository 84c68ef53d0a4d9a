"""Stand-ins for the gateway's tables; `test_rows.py` in the integration tests runs the same suite on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.gateway.command_rows import Kept
from services.gateway.datasource_rows import Decide, NewContract, Outcome, StoredContract, Version
from services.gateway.decisions import Decided, OvertakenError, waived_by
from services.gateway.key_rows import USE_NOTED_EVERY, KeptKey
from services.gateway.owners import ForeignDatasourceError
from services.gateway.preconditions import Decision
from services.gateway.rows import Claim, FoundUpload, NewUpload, UploadState
from shared.db.engine import DatabaseAwayError
from shared.events import FileUploaded, LoadMode, TaskCommand

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class InMemoryUploadRows:
    """`away`: calls that fail before they do anything; `answers_lost`: commits that happen and then fail.

    `contracts` has the latest version of each datasource's contract, `modes` what it says of an upload without a mode.
    """

    def __init__(self, decisions: InMemoryDecisionRows | None = None) -> None:
        self.decisions = decisions or InMemoryDecisionRows()
        self.rows: dict[str, FoundUpload] = {}
        self.promised: list[FileUploaded] = []
        self.traceparents: list[str | None] = []
        self.away = 0
        self.answers_lost = 0
        self.now = NOW
        self.held: set[str] = set()
        self.contracts: dict[str, int] = {}
        self.modes: dict[str, LoadMode] = {}
        self.owners: dict[str, str] = {}

    async def begin(self, upload: NewUpload) -> Claim | FoundUpload:
        self._answer()
        if upload.task_id in self.rows:
            return self.rows[upload.task_id]
        begun_at = self._tick()
        self.rows[upload.task_id] = FoundUpload(
            upload=upload,
            state=UploadState.RECEIVING,
            begun_at=begun_at,
            stored_at=None,
            datasource_name="",
            user_id=None,
            options={},
            file_size=None,
            sha256=None,
            contract_version=None,
        )
        return Claim(upload, begun_at, fresh=True)

    async def take_over(self, found: FoundUpload) -> Claim | None:
        self._answer()
        claim = Claim(found.upload, found.begun_at, fresh=False)
        if not self._holds(claim):
            return None
        begun_at = self._tick()
        self.rows[found.upload.task_id] = replace(found, begun_at=begun_at)
        return replace(claim, begun_at=begun_at)

    async def store(
        self, claim: Claim, event: FileUploaded, *, traceparent: str | None, seen: Decided | None = None
    ) -> FileUploaded | None:
        self._answer()
        stored = self._holds(claim)
        if stored and self.owners.setdefault(event.datasource_name, event.tenant) != event.tenant:
            raise ForeignDatasourceError
        if event.contract_version is None:
            event = event.model_copy(update={"contract_version": self.contracts.get(event.datasource_name, 0)})
        if event.correction is None and "mode" not in event.options.model_fields_set:
            mode = self.modes.get(event.datasource_name, LoadMode.APPEND)
            event = event.model_copy(update={"options": event.options.model_copy(update={"mode": mode})})
        if stored:
            if seen is not None:
                self.decisions.decide(seen, child_task_id=event.task_id)
            self.rows[event.task_id] = FoundUpload(
                upload=claim.upload,
                state=UploadState.STORED,
                begun_at=claim.begun_at,
                stored_at=event.accepted_at,
                datasource_name=event.datasource_name,
                user_id=event.user_id,
                options=event.options.model_dump(mode="json"),
                file_size=event.file_size,
                sha256=event.sha256,
                contract_version=event.contract_version,
                corrects=event.correction.parent_task_id if event.correction else None,
            )
            self.promised.append(event)
            self.traceparents.append(traceparent)
        if self.answers_lost:
            self.answers_lost -= 1
            raise DatabaseAwayError
        return event if stored else None

    async def owner(self, datasource_name: str) -> str | None:
        self._answer()
        return self.owners.get(datasource_name)

    async def has_contract(self, tenant: str, datasource_name: str, version: int) -> bool:
        self._answer()
        return self.owners.get(datasource_name, tenant) == tenant and 1 <= version <= self.contracts.get(
            datasource_name, 0
        )

    async def find(self, task_id: str) -> FoundUpload | None:
        self._answer()
        return self.rows.get(task_id)

    async def discard(self, claim: Claim) -> None:
        self._answer()
        if self._holds(claim):
            del self.rows[claim.upload.task_id]

    async def expire(self, *, older_than: timedelta) -> list[FoundUpload]:
        self._answer()
        self._tick()
        for task_id, row in self.rows.items():
            if row.state is UploadState.RECEIVING and row.begun_at < self.now - older_than:
                self.rows[task_id] = replace(row, state=UploadState.EXPIRED)
        return [row for row in self.rows.values() if row.state is UploadState.EXPIRED]

    @asynccontextmanager
    async def removing(self, task_id: str) -> AsyncIterator[bool]:
        self._answer()
        row = self.rows.get(task_id)
        if row is None or row.state is not UploadState.EXPIRED or task_id in self.held:
            yield False
            return
        self.held.add(task_id)
        try:
            yield True
            del self.rows[task_id]
        finally:
            self.held.discard(task_id)

    def _holds(self, claim: Claim) -> bool:
        row = self.rows.get(claim.upload.task_id)
        return row is not None and row.state is UploadState.RECEIVING and row.begun_at == claim.begun_at

    def _tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def _answer(self) -> None:
        if self.away:
            self.away -= 1
            raise DatabaseAwayError


class InMemoryDatasourceRows:
    """Versions of contracts; `promised` are those whose event was promised, as (datasource, version)."""

    def __init__(self) -> None:
        self.kept: dict[str, list[StoredContract]] = {}
        self.promised: list[tuple[str, int]] = []
        self.owners: dict[str, str] = {}

    async def add(self, contract: NewContract, decide: Decide) -> Outcome:
        if self.owners.get(contract.datasource_name, contract.tenant) != contract.tenant:
            raise ForeignDatasourceError
        kept = self.kept.setdefault(contract.datasource_name, [])
        latest = kept[-1].about if kept else None
        decision = decide(latest)
        if decision is not Decision.ADD:
            return Outcome(decision, latest)
        name = contract.datasource_name
        about = Version(name, len(kept) + 1, contract.sha256, contract.created_at, contract.created_by)
        self.owners[name] = contract.tenant
        kept.append(StoredContract(about, contract.content, contract.document))
        self.promised.append((name, about.version))
        return Outcome(decision, about)

    async def find(self, tenant: str, datasource_name: str, version: int | None = None) -> StoredContract | None:
        kept = self._of(tenant, datasource_name)
        number = len(kept) if version is None else version
        return kept[number - 1] if 1 <= number <= len(kept) else None

    async def history(self, tenant: str, datasource_name: str) -> list[Version]:
        return [stored.about for stored in reversed(self._of(tenant, datasource_name))]

    def _of(self, tenant: str, datasource_name: str) -> list[StoredContract]:
        return self.kept.get(datasource_name, []) if self.owners.get(datasource_name) == tenant else []


class InMemoryKeyRows:
    """API keys."""

    def __init__(self) -> None:
        self.kept: dict[str, KeptKey] = {}

    async def add(self, key: KeptKey) -> bool:
        return self.kept.setdefault(key.key_id, key) is key

    async def find(self, key_id: str) -> KeptKey | None:
        return self.kept.get(key_id)

    async def used(self, key: KeptKey, now: datetime) -> None:
        found = self.kept[key.key_id]
        if found.last_used_at is None or found.last_used_at < now - USE_NOTED_EVERY:
            self.kept[key.key_id] = replace(found, last_used_at=now)

    async def all(self, tenant: str) -> list[KeptKey]:
        mine = sorted((key for key in self.kept.values() if key.tenant == tenant), key=lambda key: key.key_id)
        return sorted(mine, key=lambda key: key.created_at, reverse=True)

    async def end(self, tenant: str, key_id: str, at: datetime) -> KeptKey | None:
        found = self.kept.get(key_id)
        if found is None or found.tenant != tenant:
            return None
        self.kept[key_id] = replace(found, revoked_at=min(found.revoked_at or at, at))
        return self.kept[key_id]


class InMemoryTaskRows:
    """The projector's table."""

    def __init__(self) -> None:
        self.rows: dict[str, Mapping[str, Any]] = {}

    async def find(self, task_id: str) -> Mapping[str, Any] | None:
        return self.rows.get(task_id)

    async def undos(self, task_id: str) -> list[Mapping[str, Any]]:
        return [row for row in self.rows.values() if row["undoes"] == task_id]

    async def corrections(self, task_id: str) -> list[Mapping[str, Any]]:
        return [row for row in self.rows.values() if row["corrects"] == task_id]


class InMemoryDecisionRows:
    """What was decided about tasks. `overtaken`: how often somebody else decides between look and decision."""

    def __init__(self) -> None:
        self.rows: dict[str, Decided] = {}
        self.promised: list[TaskCommand] = []
        self.overtaken = 0

    async def find(self, parent_task_id: str) -> Decided:
        found = self.rows.get(parent_task_id, Decided(parent_task_id))
        if self.overtaken:
            self.overtaken -= 1
            self.rows[parent_task_id] = replace(found, version=found.version + 1)
        return found

    async def waive(self, seen: Decided, event: TaskCommand, *, traceparent: str | None) -> None:
        del traceparent
        self.decide(seen, **waived_by(seen, event))
        self.promised.append(event)

    def decide(self, seen: Decided, **change: Any) -> None:
        now = self.rows.get(seen.parent_task_id, Decided(seen.parent_task_id))
        if now.version != seen.version:
            raise OvertakenError
        self.rows[seen.parent_task_id] = replace(now, version=now.version + 1, **change)


class InMemoryCommandRows:
    """The commands that were given, and every promise of one."""

    def __init__(self) -> None:
        self.kept: dict[UUID, TaskCommand] = {}
        self.promised: list[TaskCommand] = []

    async def give(self, command: TaskCommand, *, traceparent: str | None) -> Kept:
        del traceparent
        replayed = command.event_id in self.kept
        standing = self.kept.setdefault(command.event_id, command)
        self.promised.append(standing)
        return Kept(standing, replayed)


class InMemoryHistoryRows:
    """What the projector remembers: the runs of attempts, and how often their rows were counted again."""

    def __init__(self) -> None:
        self.runs: dict[tuple[str, int], str] = {}
        self.counts: dict[tuple[str, int], int] = {}

    async def run_of(self, task_id: str, attempt: int) -> str | None:
        return self.runs.get((task_id, attempt))

    async def counts_of(self, task_id: str, attempt: int) -> int:
        return self.counts.get((task_id, attempt), 0)


async def in_chunks(body: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    """A body as a server hands it on."""
    for start in range(0, len(body), size):
        yield body[start : start + size]
    yield b""
