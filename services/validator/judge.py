"""The validator's effect: fetch the file, have it judged in a child process, store what came of it, say it once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from services.validator import publication
from services.validator.engine import (
    Accepted,
    ChildDied,
    ChildLimits,
    Correction,
    ParseLimits,
    ParseOptions,
    ParseRequest,
    Rejected,
    run_child,
)
from services.validator.lanes import Lanes
from services.validator.loading import loading_of
from services.validator.parentage import correction_of, parent_unknown
from services.validator.pinning import Awaited, Pinning
from services.validator.publication import Fetched, Run, read, told, written
from services.validator.readings import Readings, reading_of
from services.validator.source import Source, permitted
from services.validator.workplace import Workplace
from shared.backoff import Backoff
from shared.contract import Contract
from shared.events import FileUploaded, FileValidated, Problem, StopAfter, TaskStatus, TaskUpdated
from shared.failpoint import failpoint
from shared.inbox import Inbox, Job
from shared.kafka.producer import EventProducer
from shared.storage.port import ObjectChangedError, ObjectNotFoundError, ObjectStore, StorageRefusedError
from shared.telemetry import logger
from shared.worker import Done, EffectDiedError, Wait

_log = logger(__name__)
# The event that tells the verdict, and what is kept of an accepted file beside it.
Judged = tuple[FileValidated | TaskUpdated, dict[str, Any] | None]
# Ends that are no fault of the file: somebody has to put the store right.
OUR_FAULTS = frozenset({"source_changed", "source_refused"})
_CHANGED = "the object is not the one that was uploaded: somebody has written over it since"
# Why a row with a verdict is still open: objects of its runs have to go.
CLEARING = "clearing"
# How long until a contract that is late is looked for again.
LATE_CONTRACT = Backoff(first=timedelta(milliseconds=500), longest=timedelta(seconds=15))


@dataclass(frozen=True)
class Rules:
    """What the judge must keep: where files may come from, how large files and records may be, a child's limits."""

    allowed_buckets: frozenset[str]
    max_source_bytes: int
    max_record_bytes: int
    parse: ParseLimits
    child: ChildLimits


class Judge:
    """Judges one file at a time for each caller; repeatable.

    The verdict is written into the job's row by the holder of the lease before it is published. So exactly one run of a
    file is ever spoken of, a death after that only publishes it again, and what other runs have stored may be removed.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # what it works with, each told once, where it is put together
        self,
        store: ObjectStore,
        inbox: Inbox,
        producer: EventProducer,
        rules: Rules,
        workplace: Workplace,
        lanes: Lanes,
        readings: Readings,
        pinning: Pinning,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._inbox = inbox
        self._producer = producer
        self._rules = rules
        self._workplace = workplace
        self._lanes = lanes
        self._readings = readings
        self._pinning = pinning
        self._clock = clock

    async def __call__(self, job: Job) -> Done | Wait:
        """Judge the file of a leased job; one that stands in the wrong lane is put into its own instead.

        Raises:
            TransientError: Kafka, PostgreSQL or the object store is away.
            EffectDiedError: the parser died of something that is no limit of ours.
        """
        if job.columns["outcome"] is not None:
            return await self._say_again(job)
        event = FileUploaded.model_validate(job.event)
        if event.file_size is None and job.lane != (lane := self._lanes.lane(await self._size(event))):
            await self._inbox.update(job, lane=lane)
            return Wait(timedelta(0), None)
        pinned = await self._pinning(job, event)
        if isinstance(pinned, Awaited):
            waiting = publication.awaiting_contract(event, occurred_at=self._clock())
            return Wait(LATE_CONTRACT.delay(job.tries), publication.CONTRACT_AWAITED, (waiting,))
        if isinstance(pinned, Problem):
            failed = self._end(event, TaskStatus.FAILED, pinned)
            await self._inbox.update(job, outcome=written(failed))
            return Done((failed,))
        run = Run(event.task_id, uuid4().hex, self._clock(), pinned.version, event.tenant)
        earlier_runs = job.columns["runs"] or ()
        await self._inbox.update(job, runs=[*earlier_runs, run.run_id])
        await self._producer.emit(publication.validating(event, run), traceparent=job.traceparent)
        outcome, reading = await self._judge(event, run, pinned.contract)
        spoken = written(outcome)
        await self._inbox.update(job, outcome=spoken, reading=reading)
        await self._sweep(event, earlier_runs)
        return Done(told(read(spoken)))

    async def last_words(self, job: Job, why: str) -> tuple[FileValidated | TaskUpdated, ...]:
        """The end of a task whose file has killed the parser three times; a verdict that is kept stays the only one."""
        spoken = job.columns["outcome"]
        if spoken is not None:
            return told(read(spoken))
        event = FileUploaded.model_validate(job.event)
        message = f"{why}; this is a fault of the service, not of the file: report it with the task id"
        failed = self._end(event, TaskStatus.FAILED, Problem(code="validator_died", message=message))
        await self._inbox.update(job, outcome=written(failed))
        return (failed,)

    async def _say_again(self, job: Job) -> Done | Wait:
        """What is kept is said. What a cancelled job has stored is removed when whoever was at it has noticed."""
        outcome, runs = read(job.columns["outcome"]), job.columns["runs"] or ()
        if not runs or not publication.is_cancelled(outcome):
            return Done(told(outcome))
        if job.wait_reason != CLEARING:
            return Wait(self._inbox.lease_for, CLEARING, (outcome,))
        await self._sweep(FileUploaded.model_validate(job.event), runs)
        return Done(())

    async def _judge(self, event: FileUploaded, run: Run, contract: Contract | None) -> Judged:
        source = permitted(event, self._rules.allowed_buckets)
        if isinstance(source, Problem):
            return self._end(event, TaskStatus.REJECTED, source), None
        with self._workplace.folder(event.task_id) as folder:
            file = folder / "source"
            found = await self._fetch(event, source, file)
            if isinstance(found, Problem):
                status = TaskStatus.FAILED if found.code in OUR_FAULTS else TaskStatus.REJECTED
                return self._end(event, status, found), None
            correction = await self._correction(event, folder)
            if isinstance(correction, Problem):
                return self._end(event, TaskStatus.REJECTED, correction), None
            request = self._request(event, contract, file, correction)
            return await self._read(event, run, request, found)

    async def _correction(self, event: FileUploaded, folder: Path) -> Correction | Problem | None:
        """What the file corrects, with the parent's rejects beside it; None when it is a file of its own."""
        said = event.correction
        if said is None:
            return None
        readings = await self._readings.of((said.parent_task_id, *said.completed))
        rejects = folder / "parent-rejects"
        correction = correction_of(said, readings, parent_rejects=rejects)
        if isinstance(correction, Correction):
            key = readings[said.parent_task_id].rejects_key
            try:
                found = await self._store.head(str(key))
                await self._store.download(found.key, rejects, etag=found.etag)
            except ObjectNotFoundError:
                return parent_unknown(said.parent_task_id)
        return correction

    async def _size(self, event: FileUploaded) -> int | None:
        """The size of a file that came without one; None where it cannot be had, which is told when it is fetched."""
        source = permitted(event, self._rules.allowed_buckets)
        if isinstance(source, Problem):
            return None
        try:
            return (await self._store.head(source.key, bucket=source.bucket)).size_bytes
        except (ObjectNotFoundError, StorageRefusedError):
            return None

    async def _fetch(self, event: FileUploaded, source: Source, file: Path) -> Fetched | Problem:
        detail: dict[str, Any] = {"file_uri": event.file_uri}
        digest = hashlib.sha256()
        try:
            found = await self._store.head(source.key, bucket=source.bucket)
            if found.size_bytes > self._rules.max_source_bytes:
                largest = self._rules.max_source_bytes
                message = f"the file has {found.size_bytes:,} bytes, and at most {largest:,} are taken: split it"
                return Problem(code="limit_source", message=message, detail=detail)
            found = await self._store.download(
                source.key, file, etag=event.etag or found.etag, bucket=source.bucket, digest=digest
            )
        except ObjectNotFoundError:
            message = "there is no object at file_uri: write it first"
            return Problem(code="source_missing", message=message, detail=detail)
        except ObjectChangedError:
            return Problem(code="source_changed", message=_CHANGED, detail=detail)
        except StorageRefusedError:
            message = "the object store does not let the service read the object: check its permissions"
            return Problem(code="source_refused", message=message, detail=detail)
        if event.sha256 not in {None, digest.hexdigest()}:
            return Problem(code="source_changed", message=_CHANGED, detail=detail)
        return Fetched(found.size_bytes, digest.hexdigest())

    def _request(
        self, event: FileUploaded, contract: Contract | None, file: Path, correction: Correction | None
    ) -> ParseRequest:
        return ParseRequest(
            source_path=file,
            original_filename=event.original_filename or event.file_uri.rsplit("/", 1)[-1],
            output_dir=file.parent / "output",
            task_id=event.task_id,
            options=ParseOptions(**event.options.model_dump(include=set(ParseOptions.model_fields))),
            contract=contract,
            limits=self._rules.parse,
            correction=correction,
            count_times=event.options.stop_after is StopAfter.PLAN,
        )

    async def _read(self, event: FileUploaded, run: Run, request: ParseRequest, fetched: Fetched) -> Judged:
        output = request.output_dir
        output.mkdir()
        try:
            failpoint("V1")
            verdict = await run_child(request, self._rules.child)
        except ChildDied as error:
            raise EffectDiedError(str(error)) from error
        return await self._conclude(event, run, verdict, request=request, fetched=fetched)

    async def _conclude(
        self, event: FileUploaded, run: Run, verdict: Accepted | Rejected, *, request: ParseRequest, fetched: Fetched
    ) -> Judged:
        """Store what the verdict speaks of, and put the verdict into the one event that tells it."""
        limit_bytes, output = self._rules.max_record_bytes, request.output_dir
        if isinstance(verdict, Accepted):
            accepted = publication.validated(
                event,
                verdict,
                run,
                fetched,
                bucket=self._store.bucket,
                finished_at=self._clock(),
                loading=loading_of(request.contract, verdict.columns),
            )
            accepted = publication.narrowed(accepted, limit_bytes=limit_bytes)
            wide = publication.too_wide(verdict, accepted, limit_bytes=limit_bytes)
            if wide is None:
                await self._keep(verdict, run, output)
                _log.info("accepted", rows_read=verdict.rows_read, rows_rejected=verdict.rows_rejected)
                kept = reading_of(verdict, rejects_key=accepted.rejects_key)
                return accepted.model_copy(update={"finished_at": self._clock()}), kept
            verdict = wide
        await self._keep(verdict, run, output)
        _log.info("rejected", code=verdict.problems[0].code)
        return publication.rejected(event, verdict, run, limit_bytes=limit_bytes, occurred_at=self._clock()), None

    async def _keep(self, verdict: Accepted | Rejected, run: Run, output: Path) -> None:
        """Store parts, rejects and report in the run's own folders."""
        if isinstance(verdict, Accepted):
            for part in verdict.parts:
                await self._store.put_file(run.part_key(part.name), output / part.name, content_type="application/gzip")
        if verdict.rejects:
            name = verdict.rejects.name
            await self._store.put_file(run.rejects_key(name), output / name, content_type="application/gzip")
        if verdict.report:
            key, path = run.report_key(verdict.report), output / verdict.report
            await self._store.put_file(key, path, content_type="application/json")

    async def _sweep(self, event: FileUploaded, runs: Iterable[str]) -> None:
        """Remove what runs have stored and never spoken of."""
        for folder in (folder for run_id in runs for folder in publication.folders_of(event, run_id)):
            async for found in self._store.list(folder):
                await self._store.delete(found.key)

    def _end(self, event: FileUploaded, status: TaskStatus, problem: Problem) -> TaskUpdated:
        return publication.ended(event, status, problem, occurred_at=self._clock())
