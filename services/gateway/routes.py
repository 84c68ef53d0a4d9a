"""HTTP in, one call, HTTP out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from services.gateway.authenticating import Reader, Writer
from services.gateway.bodies import small_body
from services.gateway.callers import Caller
from services.gateway.commanding import Commanding, Given
from services.gateway.digests import FIELDS, WANTED
from services.gateway.raw_file import RawFile, raw_file
from services.gateway.request import Accepted, UploadRequest, task_id_for
from services.gateway.specs import Specs
from services.gateway.status import STATUS_PATH, TASKS_PATH
from services.gateway.task_ids import known_task
from services.gateway.undoing import Undos
from services.gateway.upload import Uploads
from services.gateway.waiving import Waivers
from shared import health
from shared.events import CommandName, TaskStatus

POLL_AFTER_SECONDS = "1"
_TRACEPARENT = re.compile(r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")


def upload_routes(uploads: Uploads) -> APIRouter:
    """`POST` and `PUT /api/ingest/upload`, and `POST /api/ingest/tasks/{task_id}/corrections`."""
    router = APIRouter()

    @router.post("/api/ingest/upload")
    async def upload(request: Request, caller: Writer) -> JSONResponse:
        return _accepted(await uploads.receive(_upload_request(request, caller)))

    @router.put("/api/ingest/upload")
    async def put(request: Request, caller: Writer) -> JSONResponse:
        raw = raw_file(request.scope["query_string"], _joined(request, *FIELDS))
        answer = _accepted(await uploads.receive(_upload_request(request, caller, raw=raw)))
        if raw.digests.are_unheeded:
            answer.headers.update(WANTED)
        return answer

    @router.post(TASKS_PATH + "{task_id}/corrections")
    async def correct(task_id: str, request: Request, caller: Writer) -> JSONResponse:
        return _accepted(await uploads.receive(_upload_request(request, caller, corrects=known_task(task_id))))

    return router


def waiver_routes(waivers: Waivers) -> APIRouter:
    """`POST /api/ingest/tasks/{task_id}/waivers`."""
    router = APIRouter()

    @router.post(TASKS_PATH + "{task_id}/waivers")
    async def waive(task_id: str, request: Request, caller: Writer) -> JSONResponse:
        request.state.task_id = known_task(task_id)
        form = await small_body(request, what="A waiver, by its records,")
        waived = await waivers.waive(task_id, form, caller=caller, traceparent=_traceparent(request))
        body = {"task_id": task_id, "rows_waived": waived.rows, "links": {"status": STATUS_PATH + task_id}}
        return JSONResponse(body, status_code=202 if waived.rows else 200)

    return router


def undo_routes(undos: Undos) -> APIRouter:
    """`POST /api/ingest/tasks/{task_id}/undo`."""
    router = APIRouter()

    @router.post(TASKS_PATH + "{task_id}/undo")
    async def undo(task_id: str, request: Request, caller: Writer) -> JSONResponse:
        request.state.task_id = known_task(task_id)
        body = await small_body(request, what="A command")
        taken = await undos.ask(task_id, body, caller=caller, traceparent=_traceparent(request))
        where = STATUS_PATH + taken.task_id
        answer = {"task_id": taken.task_id, "undoes": task_id, "status": taken.status, "links": {"status": where}}
        headers = {"Location": where, "Retry-After": POLL_AFTER_SECONDS}
        if taken.replayed:
            headers["Idempotent-Replayed"] = "true"
        return JSONResponse(answer, status_code=202, headers=headers)

    return router


def command_routes(commanding: Commanding) -> APIRouter:
    """`POST /api/ingest/tasks/{task_id}/cancel`, `…/retry` and `…/verify`."""
    router = APIRouter()

    @router.post(TASKS_PATH + "{task_id}/cancel")
    async def cancel(task_id: str, request: Request, caller: Writer) -> JSONResponse:
        return await give(CommandName.CANCEL, task_id, request, caller)

    @router.post(TASKS_PATH + "{task_id}/retry")
    async def retry(task_id: str, request: Request, caller: Writer) -> JSONResponse:
        return await give(CommandName.RETRY, task_id, request, caller)

    @router.post(TASKS_PATH + "{task_id}/verify")
    async def verify(task_id: str, request: Request, caller: Writer) -> JSONResponse:
        return await give(CommandName.VERIFY, task_id, request, caller)

    async def give(command: CommandName, task_id: str, request: Request, caller: Caller) -> JSONResponse:
        request.state.task_id = known_task(task_id)
        body = await small_body(request, what="A command")
        given = await commanding.give(command, task_id, body, caller=caller, traceparent=_traceparent(request))
        return _given(given)

    return router


def spec_routes(specs: Specs) -> APIRouter:
    """`GET /api/ingest/tasks/{task_id}/spec`."""
    router = APIRouter()

    @router.get(TASKS_PATH + "{task_id}/spec")
    async def spec(task_id: str, caller: Reader) -> Response:
        body = await specs.read(known_task(task_id), caller)
        return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})

    return router


def health_routes(progress: Sequence[health.Progress], checks: Mapping[str, health.Check]) -> APIRouter:
    """`GET /`, `/livez` and `/readyz`."""
    router = APIRouter()

    @router.get("/")
    async def root() -> JSONResponse:
        return JSONResponse({"service": "gateway", "status": "ok"})

    @router.get("/livez")
    async def livez() -> JSONResponse:
        return _health(*health.live(progress))

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        return _health(*await health.ready(checks))

    return router


def _traceparent(request: Request) -> str | None:
    said = request.headers.get("traceparent", "")
    return said if _TRACEPARENT.match(said) else None


def _joined(request: Request, *fields: str) -> dict[str, str]:
    """The header fields, those that are lists with all their lines."""
    headers = request.headers
    return dict(headers) | {one.lower(): ", ".join(headers.getlist(one)) for one in fields if one in headers}


def _upload_request(
    request: Request, caller: Caller, *, corrects: str | None = None, raw: RawFile | None = None
) -> UploadRequest:
    length = request.headers.get("content-length", "")
    task_id = task_id_for(caller.tenant, request.headers.get("idempotency-key"))
    request.state.task_id = task_id  # for the log line, should this fail
    return UploadRequest(
        task_id=task_id,
        caller=caller,
        body=request.stream(),
        content_type=request.headers.get("content-type", ""),
        content_length=int(length) if length.isascii() and length.isdigit() else None,
        traceparent=_traceparent(request),
        corrects=corrects,
        raw=raw,
    )


def _given(given: Given) -> JSONResponse:
    command, where = given.command, STATUS_PATH + given.command.task_id
    body: dict[str, Any] = {"task_id": command.task_id, "command": command.command.value, "attempt": given.attempt}
    if command.start_from is not None:
        body["from"] = command.start_from.value
    headers = {"Location": where, "Retry-After": POLL_AFTER_SECONDS}
    if given.replayed:
        headers["Idempotent-Replayed"] = "true"
    return JSONResponse({**body, "links": {"status": where}}, status_code=202, headers=headers)


def _accepted(accepted: Accepted) -> JSONResponse:
    where = STATUS_PATH + accepted.task_id
    body = {
        "task_id": accepted.task_id,
        "status": TaskStatus.PENDING.value,
        "datasource_name": accepted.datasource_name,
        "original_filename": accepted.original_filename,
        "file_size": accepted.file_size,
        "sha256": accepted.sha256,
        "contract_version": accepted.contract_version,
        "links": {"status": where},
    }
    headers = {"Location": where, "Retry-After": POLL_AFTER_SECONDS}
    if accepted.replayed:
        headers["Idempotent-Replayed"] = "true"
    return JSONResponse(body, status_code=202, headers=headers)


def _health(good: bool, report: dict[str, Any]) -> JSONResponse:  # noqa: FBT001  # the pair that shared.health returns
    return JSONResponse({"service": "gateway", "ok": good, **report}, status_code=200 if good else 503)
