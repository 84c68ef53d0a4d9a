"""Taking a file: a RECEIVING row, the object, then row and promise in one transaction.

Whatever ends this half-way leaves something that is found again: see the lines G1 to G5 of the crash table.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta

from services.gateway import owners
from services.gateway.callers import Caller
from services.gateway.correcting import CorrectionPlan
from services.gateway.decisions import Decided, OvertakenError
from services.gateway.fields import CONTRACT_VERSION, UPLOAD, UploadForm, correction_form
from services.gateway.intake import Intake, too_large
from services.gateway.names import clean_filename, extension_of
from services.gateway.problems import ProblemError, ProblemKind
from services.gateway.reception import Begin, Receiving, reception_of
from services.gateway.request import Accepted, UploadRequest
from services.gateway.rows import Claim, FoundUpload, NewUpload, UploadRows, UploadState
from services.gateway.settings import HttpSettings
from shared.backoff import Backoff
from shared.db.engine import DatabaseAwayError
from shared.errors import IngestError
from shared.events import FileUploaded, LoadOptions
from shared.failpoint import failpoint
from shared.object_keys import of_tenant
from shared.storage.port import ObjectStore, StoredObject, uri_of
from shared.telemetry import logger, task_scope

COMMIT_TRIES = 3
FORM_OVERHEAD_BYTES = 1024 * 1024  # what boundaries and all other fields together may add to the file
SOON = timedelta(seconds=5)

_log = logger(__name__)


class Uploads:
    """The use case. One instance for the process: it knows which tasks it is receiving.

    Args:
        store: where objects go.
        rows: the uploads table.
        limits: sizes and times.
        clock: the time of acceptance, aware UTC.
        announce: called after a promise was committed.
        plan: says what a correction of a task has to say, or raises why it cannot be corrected now.
        backoff: between two tries of the commit.
    """

    def __init__(
        self,
        *,
        store: ObjectStore,
        rows: UploadRows,
        limits: HttpSettings,
        clock: Callable[[], datetime],
        announce: Callable[[], None],
        plan: Callable[[str, Caller], Awaitable[CorrectionPlan]],
        backoff: Backoff | None = None,
    ) -> None:
        self._store = store
        self._rows = rows
        self._limits = limits
        self._clock = clock
        self._announce = announce
        self._plan = plan
        self._backoff = backoff or Backoff()
        self._receiving: set[str] = set()

    async def receive(self, request: UploadRequest) -> Accepted:
        """Take one file.

        Raises:
            ProblemError: the request cannot be accepted; nothing is left of it.
            StorageAwayError, StorageRefusedError, DatabaseAwayError: it may be accepted later.
        """
        self._check_length(request.content_length)
        begin = reception_of(request)
        task_id = request.task_id
        if task_id in self._receiving:
            raise _in_flight()
        if len(self._receiving) >= self._limits.max_uploads_at_once:
            detail = f"The gateway takes {self._limits.max_uploads_at_once} uploads at once. Try again soon."
            raise ProblemError(ProblemKind.BUSY, detail, retry_after=SOON)
        self._receiving.add(task_id)
        try:
            with task_scope(task_id):
                return await self._receive(task_id, begin, request)
        finally:
            self._receiving.discard(task_id)

    async def _receive(self, task_id: str, begin: Begin, request: UploadRequest) -> Accepted:
        opened: list[Intake] = []
        plan = await self._planned(request)
        if request.raw is not None:  # told before gigabytes are sent for nothing
            await self._check_datasource(request.raw.form, request.caller)

        async def open_file(filename: str | None) -> Intake:
            opened.append(await self._open(task_id, filename, request.caller))
            return opened[0]

        kind = UPLOAD if plan is None else correction_form(plan.datasource_name)
        reception = begin(open_file, kind)
        try:
            await self._read(request.body, reception)
            form, intake = reception.finish()
            if intake.earlier is not None:
                return _replayed(intake, form, intake.earlier, corrects=request.corrects)
            return await self._accept(intake, form, request, plan)
        except BaseException:
            for intake in opened:
                await self._give_up(intake)
            raise

    async def _planned(self, request: UploadRequest) -> CorrectionPlan | None:
        """The correction that is asked for; one that was accepted before is only compared, whatever became of it."""
        if request.corrects is None:
            return None
        found = await self._rows.find(request.task_id)
        if found is not None and found.state is UploadState.STORED:
            return CorrectionPlan(request.corrects, found.datasource_name)
        return await self._plan(request.corrects, request.caller)

    async def _read(self, body: AsyncIterator[bytes], reception: Receiving) -> None:
        """Feed the whole body, within the limits of size and time."""
        limits, size = self._limits, 0
        pause = asyncio.timeout(limits.upload_idle_timeout.total_seconds())
        whole = asyncio.timeout(limits.upload_timeout.total_seconds())
        try:
            async with whole, pause:
                async for chunk in body:
                    pause.reschedule(None)
                    size += len(chunk)
                    self._check_length(size)
                    await reception.feed(chunk)
                    pause.reschedule(asyncio.get_running_loop().time() + limits.upload_idle_timeout.total_seconds())
        except TimeoutError:
            detail = (
                f"Nothing arrived for {limits.upload_idle_timeout.total_seconds():g} s, or the whole took longer than "
                f"{limits.upload_timeout.total_seconds():g} s. Send the file again."
            )
            raise ProblemError(ProblemKind.TOO_SLOW, detail) from None

    async def _open(self, task_id: str, filename: str | None, caller: Caller) -> Intake:
        """Write the RECEIVING row before the first byte is stored, so that the sweeper can find what is left."""
        name = clean_filename(filename)
        key = of_tenant(caller.tenant, f"uploads/{task_id}.{extension_of(name)}")
        failpoint("G1")
        found = await self._rows.begin(NewUpload(task_id, key, uri_of(self._store.bucket, key), name, caller.tenant))
        max_bytes = self._limits.max_upload_bytes
        if isinstance(found, FoundUpload) and found.state is UploadState.STORED:
            return Intake(max_bytes=max_bytes, earlier=found)
        claim = await self._taken_over(found) if isinstance(found, FoundUpload) else found
        intake = Intake(max_bytes=max_bytes, claim=claim)
        intake.open(self._store)
        return intake

    async def _taken_over(self, found: FoundUpload) -> Claim:
        """Go on where a request with the same key died; the sweeper's rows are not ours until they are gone."""
        claim = await self._rows.take_over(found)
        if claim is None:
            raise _in_flight()
        await self._store.abort_uploads(found.upload.object_key)
        return claim

    async def _accept(
        self, intake: Intake, form: UploadForm, request: UploadRequest, plan: CorrectionPlan | None
    ) -> Accepted:
        claim = _claim_of(intake)
        await self._check_datasource(form, request.caller)
        stored = await intake.commit(self._store)
        if stored is None:
            detail = (
                "An earlier request with this Idempotency-Key has left another file, which was never accepted. Use "
                f"another key, or try again after {self._limits.upload_expiry}."
            )
            raise ProblemError(ProblemKind.IN_FLIGHT, detail, retry_after=self._limits.upload_expiry)
        failpoint("G3")
        event = self._event(claim, intake, form, stored)
        if plan is not None:
            event = event.model_copy(update={"correction": plan.correction, "contract_version": plan.contract_version})
        contract_version = await self._promise(claim, event, request.traceparent, plan.seen if plan else None)
        self._announce()
        _log.info("upload_accepted", datasource=form.datasource_name, size_bytes=intake.size_bytes)
        failpoint("G5")
        return _accepted(claim.upload, form, intake, contract_version)

    async def _check_datasource(self, form: UploadForm, caller: Caller) -> None:
        version, name = form.contract_version, form.datasource_name
        owners.check_patterns(caller, name)
        if await self._rows.owner(name) not in {None, caller.tenant}:
            raise owners.forbidden(name)
        if version is not None and not await self._rows.has_contract(caller.tenant, name, version):
            detail = (
                f"The contract of {name!r} has no version {version}. Leave contract_version out for the latest; "
                "GET /api/ingest/datasources/{name}/versions has all."
            )
            raise ProblemError(ProblemKind.INVALID_FIELD, detail, field=CONTRACT_VERSION)

    async def _promise(
        self, claim: Claim, event: FileUploaded, traceparent: str | None, seen: Decided | None
    ) -> int | None:
        """Commit row and promise; returns the version of the contract that judges the file.

        After a commit whose outcome is unknown, the row tells.
        """
        failures = 0
        while True:
            try:
                promised = await self._rows.store(claim, event, traceparent=traceparent, seen=seen)
                if promised is not None:
                    return promised.contract_version
                found = await self._rows.find(event.task_id)
            except DatabaseAwayError:
                failures += 1
                if failures == COMMIT_TRIES:
                    raise
                await asyncio.sleep(self._backoff.delay(failures).total_seconds())
                continue
            except OvertakenError:
                detail = "Another correction or a waiver of the same task was accepted meanwhile. Look at it again."
                raise ProblemError(ProblemKind.CORRECTION_IN_FLIGHT, detail) from None
            except owners.ForeignDatasourceError:
                raise owners.forbidden(event.datasource_name) from None
            if found and found.begun_at == claim.begun_at and found.sha256 == event.sha256:
                return found.contract_version
            raise _in_flight()

    async def _give_up(self, intake: Intake) -> None:
        """Leave nothing behind; what cannot be removed now keeps its RECEIVING row and is swept."""
        try:
            if await intake.abort() and intake.claim is not None:
                await self._rows.discard(intake.claim)
        except IngestError as error:
            _log.warning("upload_left_for_the_sweeper", why=str(error))

    def _event(self, claim: Claim, intake: Intake, form: UploadForm, stored: StoredObject) -> FileUploaded:
        return FileUploaded(
            task_id=claim.upload.task_id,
            tenant=claim.upload.tenant,
            datasource_name=form.datasource_name,
            file_uri=claim.upload.file_uri,
            accepted_at=self._clock(),
            original_filename=claim.upload.original_filename,
            user_id=form.user_id,
            file_size=intake.size_bytes,
            sha256=intake.sha256,
            etag=stored.etag,
            options=form.options,
            contract_version=form.contract_version,
        )

    def _check_length(self, length: int | None) -> None:
        if length is not None and length > self._limits.max_upload_bytes + FORM_OVERHEAD_BYTES:
            raise too_large(self._limits.max_upload_bytes)


def _claim_of(intake: Intake) -> Claim:
    if intake.claim is None:
        msg = "an upload without a claim cannot be accepted"
        raise RuntimeError(msg)
    return intake.claim


def _accepted(
    upload: NewUpload, form: UploadForm, intake: Intake, contract_version: int | None, *, replayed: bool = False
) -> Accepted:
    return Accepted(
        task_id=upload.task_id,
        datasource_name=form.datasource_name,
        original_filename=upload.original_filename,
        file_size=intake.size_bytes,
        sha256=intake.sha256,
        contract_version=contract_version or None,
        replayed=replayed,
    )


def _replayed(intake: Intake, form: UploadForm, earlier: FoundUpload, *, corrects: str | None) -> Accepted:
    """The same 202 again, for the same file and the same fields; nothing is stored."""
    options = LoadOptions.model_validate(earlier.options)
    asked = form.options
    if "mode" not in asked.model_fields_set:  # the contract of then has said it
        asked = asked.model_copy(update={"mode": options.mode})
    then = (earlier.sha256, earlier.corrects, earlier.datasource_name, earlier.user_id, options)
    other_version = form.contract_version not in {None, earlier.contract_version}
    if other_version or then != (intake.sha256, corrects, form.datasource_name, form.user_id, asked):
        detail = "This Idempotency-Key was used for another file or other fields. Use a new key for a new upload."
        raise ProblemError(ProblemKind.KEY_REUSED, detail)
    return _accepted(earlier.upload, form, intake, earlier.contract_version, replayed=True)


def _in_flight() -> ProblemError:
    detail = "A request with this Idempotency-Key is being received. Wait for its answer, or try again soon."
    return ProblemError(ProblemKind.IN_FLIGHT, detail, retry_after=SOON)
