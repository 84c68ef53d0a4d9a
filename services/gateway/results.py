"""What the validator made of a task's file, and the file itself, as they are handed out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from services.gateway.attachments import attachment, base_of
from services.gateway.callers import Caller
from services.gateway.problem_pages import Page, Position, Wanted
from services.gateway.problems import ProblemError, ProblemKind
from services.gateway.reject_forms import AsKept, Form, RejectsFormat, original_form, table_form
from services.gateway.reject_table import columns_by, columns_in
from services.gateway.rejected_rows import LineReader
from services.gateway.rows import UploadRows, UploadState
from services.gateway.status import TaskRows, found_task
from shared.events import TaskStatus
from shared.storage.port import ObjectNotFoundError, ObjectStore, StoredObject, parse_uri

CONTENT_LIFETIME = timedelta(minutes=5)

_REPORT, _REJECTS, _FILE = "report", "rejected rows", "file"

T = TypeVar("T")
Task = Mapping[str, Any]


@dataclass(frozen=True)
class Download:
    """A file to send: its body comes as it is asked for."""

    media_type: str
    disposition: str
    body: AsyncIterator[bytes]


@dataclass(frozen=True)
class ProblemPage:
    """Problems of rejected rows; `cursor` is where the next page begins, None behind the last one."""

    problems: list[dict[str, Any]]
    rows_rejected: int | None
    cursor: str | None


class Results:
    """The use case. Every method raises `ProblemError` when there is no such thing, with the reason.

    `DatabaseAwayError`, `StorageAwayError` and `StorageRefusedError` mean that it cannot be told now.

    Args:
        tasks: what is known of tasks.
        uploads: the gateway's own uploads, which the projector may not know yet.
        store: where the objects are.
    """

    def __init__(self, tasks: TaskRows, uploads: UploadRows, store: ObjectStore) -> None:
        self._tasks = tasks
        self._uploads = uploads
        self._store = store

    async def report(self, task_id: str, caller: Caller) -> bytes:
        """The validator's report on the latest attempt, as JSON; some KiB to some MiB."""
        return await self._report(await self._task(task_id, caller))

    async def problems(self, task_id: str, caller: Caller, wanted: Wanted, cursor: str | None) -> ProblemPage:
        """One page of what is wrong with the rejected rows, in the order of the file."""
        task = await self._task(task_id, caller)
        found = await self._rejects(task)
        page = Page(wanted, Position.read(cursor, found.key) if cursor else Position())
        await self._each(found, page.take)
        return ProblemPage(page.problems, task["rows_rejected"], page.next.cursor(found.key) if page.next else None)

    async def rejects(self, task_id: str, caller: Caller, wanted: RejectsFormat) -> Download:
        """The rejected rows as a file, in the order of the file that they stood in."""
        task = await self._task(task_id, caller)
        found = await self._rejects(task)
        form = await self._form(task, found, wanted)
        base = base_of(task["original_filename"]) or task_id
        return Download(form.media_type, attachment(f"{base}.rejects.{form.extension}"), self._written(found, form))

    async def content(self, task_id: str, caller: Caller) -> str:
        """An address from which the task's file can be had for five minutes, byte for byte as it was uploaded."""
        task = await self._task(task_id, caller)
        found = await self._uploads.find(task_id)
        if found is None or found.state is not UploadState.STORED:
            raise _none(ProblemKind.NO_FILE, task, why_no_file)
        bucket, key = parse_uri(found.upload.file_uri)
        try:
            await self._store.head(key, bucket=bucket)
        except ObjectNotFoundError as error:
            raise _expired(_FILE, task, key) from error
        disposition = attachment(found.upload.original_filename or key.rsplit("/", 1)[-1])
        return await self._store.presigned_get(key, lifetime=CONTENT_LIFETIME, bucket=bucket, disposition=disposition)

    async def _task(self, task_id: str, caller: Caller) -> Task:
        return await found_task(self._tasks, self._uploads, task_id, caller)

    async def _report(self, task: Task) -> bytes:
        if task["report_key"] is None:
            raise _none(ProblemKind.NO_REPORT, task, why_no_report)
        try:
            return b"".join([piece async for piece in self._store.read(task["report_key"])])
        except ObjectNotFoundError as error:
            raise _expired(_REPORT, task, task["report_key"]) from error

    async def _rejects(self, task: Task) -> StoredObject:
        if task["rejects_key"] is None:
            raise _none(ProblemKind.NO_REJECTS, task, why_no_rejects)
        try:
            return await self._store.head(task["rejects_key"])
        except ObjectNotFoundError as error:
            raise _expired(_REJECTS, task, task["rejects_key"]) from error

    async def _form(self, task: Task, found: StoredObject, wanted: RejectsFormat) -> Form:
        if wanted is RejectsFormat.NDJSON:
            return AsKept()
        if wanted is RejectsFormat.ORIGINAL:
            return original_form(json.loads(await self._report(task)))
        columns: list[str] | None = None

        def look(lines: list[bytes]) -> bool:
            nonlocal columns
            columns = columns_in(lines)
            return columns is None

        await self._each(found, look)
        if columns is None:
            columns = columns_by(json.loads(await self._report(task)))
        return table_form(wanted, columns, task["rows_rejected"])

    async def _written(self, found: StoredObject, form: Form) -> AsyncGenerator[bytes, None]:
        yield form.begin()
        async with aclosing(self._through(found, form.rows)) as pieces:
            async for piece in pieces:
                yield piece
        yield form.end()

    async def _each(self, found: StoredObject, take: Callable[[list[bytes]], bool]) -> None:
        """Hand the rows to `take`, some at a time, until it wants no more."""
        async with aclosing(self._through(found, take)) as wanted:
            async for goes_on in wanted:
                if not goes_on:
                    return

    async def _through(self, found: StoredObject, turn: Callable[[list[bytes]], T]) -> AsyncGenerator[T, None]:
        """What `turn` makes of the rows, some at a time. It runs in a thread: other requests do not wait for it."""
        reader = LineReader()

        def step() -> T | None:
            lines = reader.lines()
            return None if lines is None else turn(lines)

        pieces = self._store.read(found.key, etag=found.etag)
        try:
            async for piece in pieces:
                reader.put(piece)
                while (made := await asyncio.to_thread(step)) is not None:
                    yield made
        finally:
            if isinstance(pieces, AsyncGenerator):  # its connection goes back now
                await pieces.aclose()
        reader.finish()


def why_no_report(task: Task) -> str:
    """Why a task has no report, as the end of a sentence that begins with the task. Pure."""
    status = TaskStatus(task["status"])
    if task["undoes"]:
        return f"takes the load of task {task['undoes']} back: it has no file to report on."
    if not status.is_end:
        return f"is {status}: its file is not validated yet. Ask again later."
    return f"is {status} without one: its file was not read. Its `error_message` says what happened."


def why_no_rejects(task: Task) -> str:
    """Why a task has no rejected rows, likewise."""
    status = TaskStatus(task["status"])
    if task["undoes"] or (task["report_key"] is None and status is not TaskStatus.REJECTED):
        return why_no_report(task)
    if status is TaskStatus.REJECTED:
        return "is REJECTED for its file as a whole, and not for single rows. Its `validation_errors` say why."
    return "has no rejected row: every row of its file was accepted."


def why_no_file(task: Task) -> str:
    """Why a task has no file to be had here, likewise."""
    if task["undoes"]:
        return f"takes the load of task {task['undoes']} back: it has no file."
    return f"was announced and not uploaded: its file is with whoever has announced it, at {task['file_uri']}."


def _none(kind: ProblemKind, task: Task, why: Callable[[Task], str]) -> ProblemError:
    return ProblemError(kind, f"Task {task['task_id']} {why(task)}")


def _expired(what: str, task: Task, key: str) -> ProblemError:
    detail = f"The {what} of task {task['task_id']}: the object {key!r} is no longer in the object store."
    return ProblemError(ProblemKind.EXPIRED, detail)
