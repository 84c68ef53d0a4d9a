"""The gateway's table `uploads`, and the outbox through `promise`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway import owners
from services.gateway.decisions import SOURCE, Decided, OvertakenError, decide
from shared.db.engine import Database
from shared.db.models import Datasource, Upload
from shared.events import DEFAULT_TENANT, NO_CONTRACT, FileUploaded, LoadMode
from shared.kafka.envelope import encode
from shared.outbox import promise


class UploadState(StrEnum):
    """RECEIVING → STORED, or RECEIVING → EXPIRED → no row. Only a STORED file was ever answered with 202."""

    RECEIVING = "RECEIVING"
    STORED = "STORED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True)
class NewUpload:
    """An upload that begins."""

    task_id: str
    object_key: str
    file_uri: str
    original_filename: str | None
    tenant: str = DEFAULT_TENANT


@dataclass(frozen=True)
class Claim:
    """The right to finish an upload: lost when somebody takes the upload over (`begun_at` moves) or expires it.

    `fresh` says that nobody held the upload before, so nothing can stand under its key yet.
    """

    upload: NewUpload
    begun_at: datetime
    fresh: bool


@dataclass(frozen=True)
class FoundUpload:
    """An upload as the table has it."""

    upload: NewUpload
    state: UploadState
    begun_at: datetime
    stored_at: datetime | None
    datasource_name: str
    user_id: str | None
    options: Mapping[str, Any]
    file_size: int | None
    sha256: str | None
    contract_version: int | None
    corrects: str | None = None


class UploadRows(Protocol):
    """What the use cases ask of the table. Each method or block is a transaction and may raise `DatabaseAwayError`."""

    async def begin(self, upload: NewUpload) -> Claim | FoundUpload:
        """Write a RECEIVING row; when the task has a row already, say what it is."""

    async def take_over(self, found: FoundUpload) -> Claim | None:
        """Claim a RECEIVING row whose holder is dead; None when it has moved on meanwhile."""

    async def store(
        self, claim: Claim, event: FileUploaded, *, traceparent: str | None, seen: Decided | None = None
    ) -> FileUploaded | None:
        """RECEIVING → STORED and the promise of the event, together; None when the claim is lost.

        Returns the event as it was promised: where it named no version of the contract, with the latest, or with 0, and
        where its options named no mode, with that of the contract.

        For a correction, `seen` is what was decided about its parent when it was planned, and the decision for it is
        kept in the same transaction. Raises `OvertakenError`, and nothing is stored, when another was made since;
        `ForeignDatasourceError` when the datasource is another tenant's.
        """

    async def owner(self, datasource_name: str) -> str | None:
        """The tenant whose the datasource is; None when it is nobody's."""

    async def has_contract(self, tenant: str, datasource_name: str, version: int) -> bool:
        """Whether the datasource's contract has that version; what is there once stays."""

    async def find(self, task_id: str) -> FoundUpload | None:
        """Look an upload up."""

    async def discard(self, claim: Claim) -> None:
        """Remove the row of an upload that has left nothing behind."""

    async def expire(self, *, older_than: timedelta) -> list[FoundUpload]:
        """RECEIVING → EXPIRED for all that are too old; returns every EXPIRED row, also those of a sweep that died."""

    def removing(self, task_id: str) -> AbstractAsyncContextManager[bool]:
        """Hold an EXPIRED row while its remains are removed, and remove it with the end of the block.

        False when another sweeper holds it, or it is not EXPIRED any more: then nothing under its key may be touched.
        While it is held nobody can begin the upload anew. If the block raises, the row stays.
        """


class PostgresUploadRows:
    """The table in PostgreSQL; ages are measured by its clock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, upload: NewUpload) -> Claim | FoundUpload:
        """See `UploadRows.begin`."""
        row: dict[str, Any] = {
            "task_id": upload.task_id,
            "tenant": upload.tenant,
            "state": UploadState.RECEIVING,
            "datasource_name": "",  # it may stand behind the file in the form
            "original_filename": upload.original_filename,
            "object_key": upload.object_key,
            "file_uri": upload.file_uri,
            "options": {},
        }
        adding = insert(Upload).values(row).on_conflict_do_nothing().returning(Upload.created_at)
        async with self._database.transaction() as connection:
            begun_at = (await connection.execute(adding)).scalar_one_or_none()
            if begun_at is not None:
                return Claim(upload, begun_at, fresh=True)
            found = (await connection.execute(_one(upload.task_id))).one()
        return _found(found)

    async def take_over(self, found: FoundUpload) -> Claim | None:
        """See `UploadRows.take_over`."""
        claiming = (
            update(Upload)
            .where(Upload.task_id == found.upload.task_id, Upload.state == UploadState.RECEIVING)
            .where(Upload.created_at == found.begun_at)
            .values(created_at=func.clock_timestamp())
            .returning(Upload.created_at)
        )
        async with self._database.transaction() as connection:
            begun_at = (await connection.execute(claiming)).scalar_one_or_none()
        return None if begun_at is None else Claim(found.upload, begun_at, fresh=False)

    async def store(
        self, claim: Claim, event: FileUploaded, *, traceparent: str | None, seen: Decided | None = None
    ) -> FileUploaded | None:
        """See `UploadRows.store`."""
        async with self._database.transaction() as connection:
            # Who sees a version has its event before him in the outbox, so it is published before his own.
            pinned = event if event.contract_version is not None else await _pinned(connection, event)
            pinned = await _in_mode(connection, pinned)
            stored = (await connection.execute(_storing(claim, pinned))).scalar_one_or_none() is not None
            if stored:
                await owners.claim(connection, pinned.datasource_name, pinned.tenant)
            if stored and seen is not None and not await decide(connection, seen, child_task_id=event.task_id):
                raise OvertakenError
            if stored:
                await promise(connection, encode(pinned, source=SOURCE, traceparent=traceparent))
        return pinned if stored else None

    async def owner(self, datasource_name: str) -> str | None:
        """See `UploadRows.owner`."""
        async with self._database.transaction() as connection:
            return await owners.owner(connection, datasource_name)

    async def has_contract(self, tenant: str, datasource_name: str, version: int) -> bool:
        """See `UploadRows.has_contract`."""
        asking = select(Datasource.version).where(
            Datasource.tenant == tenant, Datasource.name == datasource_name, Datasource.version == version
        )
        async with self._database.transaction() as connection:
            return (await connection.execute(asking)).one_or_none() is not None

    async def find(self, task_id: str) -> FoundUpload | None:
        """See `UploadRows.find`."""
        async with self._database.transaction() as connection:
            row = (await connection.execute(_one(task_id))).one_or_none()
        return None if row is None else _found(row)

    async def discard(self, claim: Claim) -> None:
        """See `UploadRows.discard`."""
        removing = (
            delete(Upload)
            .where(Upload.task_id == claim.upload.task_id, Upload.state == UploadState.RECEIVING)
            .where(Upload.created_at == claim.begun_at)
        )
        async with self._database.transaction() as connection:
            await connection.execute(removing)

    async def expire(self, *, older_than: timedelta) -> list[FoundUpload]:
        """See `UploadRows.expire`."""
        expiring = (
            update(Upload)
            .where(Upload.state == UploadState.RECEIVING, Upload.created_at < func.now() - older_than)
            .values(state=UploadState.EXPIRED)
        )
        async with self._database.transaction() as connection:
            await connection.execute(expiring)
            rows = (await connection.execute(_UPLOADS.where(Upload.state == UploadState.EXPIRED))).all()
        return [_found(row) for row in rows]

    @asynccontextmanager
    async def removing(self, task_id: str) -> AsyncIterator[bool]:
        """See `UploadRows.removing`."""
        expired = (Upload.task_id == task_id, Upload.state == UploadState.EXPIRED)
        async with self._database.transaction() as connection:
            holding = select(Upload.task_id).where(*expired).with_for_update(skip_locked=True)
            held = (await connection.execute(holding)).scalar_one_or_none() is not None
            yield held
            if held:
                await connection.execute(delete(Upload).where(*expired))


_UPLOADS = select(Upload.__table__)


async def _pinned(connection: AsyncConnection, event: FileUploaded) -> FileUploaded:
    """The event with the datasource's latest version, as the transaction sees it."""
    asking = select(func.max(Datasource.version)).where(
        Datasource.tenant == event.tenant, Datasource.name == event.datasource_name
    )
    latest = (await connection.execute(asking)).scalar_one_or_none() or NO_CONTRACT
    return event.model_copy(update={"contract_version": latest})


async def _in_mode(connection: AsyncConnection, event: FileUploaded) -> FileUploaded:
    """The event in its contract's mode where it names none; a correction is appended, always."""
    if event.correction is not None or "mode" in event.options.model_fields_set or not event.contract_version:
        return event
    asking = select(Datasource.document["loading"]["mode"].as_string()).where(
        Datasource.tenant == event.tenant,
        Datasource.name == event.datasource_name,
        Datasource.version == event.contract_version,
    )
    mode = (await connection.execute(asking)).scalar_one_or_none() or LoadMode.APPEND
    return event.model_copy(update={"options": event.options.model_copy(update={"mode": LoadMode(mode)})})


def _storing(claim: Claim, event: FileUploaded) -> Any:
    return (
        update(Upload)
        .where(Upload.task_id == claim.upload.task_id, Upload.state == UploadState.RECEIVING)
        .where(Upload.created_at == claim.begun_at)
        .values(
            state=UploadState.STORED,
            datasource_name=event.datasource_name,
            user_id=event.user_id,
            options=event.options.model_dump(mode="json"),
            file_size=event.file_size,
            sha256=event.sha256,
            etag=event.etag,
            stored_at=event.accepted_at,
            contract_version=event.contract_version,
            corrects=event.correction.parent_task_id if event.correction else None,
        )
        .returning(Upload.task_id)
    )


def _one(task_id: str) -> Any:
    return _UPLOADS.where(Upload.task_id == task_id)


def _found(row: Row[Any]) -> FoundUpload:
    return FoundUpload(
        upload=NewUpload(row.task_id, row.object_key, row.file_uri, row.original_filename, row.tenant),
        state=UploadState(row.state),
        begun_at=row.created_at,
        stored_at=row.stored_at,
        datasource_name=row.datasource_name,
        user_id=row.user_id,
        options=row.options,
        file_size=row.file_size,
        sha256=row.sha256,
        contract_version=row.contract_version,
        corrects=row.corrects,
    )
