"""Tasks over HTTP, one and many: HTTP in, one call, HTTP out."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from services.gateway.authenticating import Reader
from services.gateway.callers import Caller
from services.gateway.freshness import knows, wait_of
from services.gateway.negotiation import JSON, wanted_type
from services.gateway.problems import ProblemError, ProblemKind
from services.gateway.status import STATUS_PATH, TASKS_PATH, links_of
from services.gateway.task_ids import known_task
from services.gateway.task_list import TaskListRows, cursor_of
from services.gateway.task_pages import csv_of, link_to, next_page, summary_of
from services.gateway.task_query import parse_task_query
from services.gateway.task_reading import TaskReading

LIST_PATH = TASKS_PATH.rstrip("/")
CSV = "text/csv"
_FORMS = (JSON, CSV)


def task_routes(reading: TaskReading) -> APIRouter:
    """`GET /api/ingest/status/{task_id}` and `GET /api/ingest/tasks/{task_id}`, which are the same."""
    router = APIRouter()

    @router.get(STATUS_PATH + "{task_id}")
    async def status(task_id: str, request: Request, caller: Reader) -> Response:
        return await document(task_id, request, caller)

    @router.get(TASKS_PATH + "{task_id}")
    async def task(task_id: str, request: Request, caller: Reader) -> Response:
        return await document(task_id, request, caller)

    async def document(task_id: str, request: Request, caller: Caller) -> Response:
        request.state.task_id = known_task(task_id)
        known = request.headers.get("if-none-match")
        patience = wait_of(request.headers.getlist("prefer"))
        headers = {"Cache-Control": "private, no-cache", "Vary": "Prefer"}
        if patience is None:
            found = await reading.read(task_id, caller)
        else:
            found = await reading.wait(task_id, caller, known, patience)
            headers["Preference-Applied"] = f"wait={round(patience.total_seconds())}"
        headers["ETag"] = found.etag
        if knows(known, found.etag):
            return Response(status_code=304, headers=headers)
        return Response(found.body, media_type=JSON, headers=headers)

    return router


def list_routes(rows: TaskListRows) -> APIRouter:
    """`GET /api/ingest/tasks`."""
    router = APIRouter()

    @router.get(LIST_PATH)
    async def tasks(request: Request, caller: Reader) -> Response:
        said = request.query_params.multi_items()
        query = parse_task_query(said)
        form = wanted_type(request.headers.get("accept"), _FORMS)
        if form is None:
            raise ProblemError(ProblemKind.NOT_ACCEPTABLE, f"Accept has to take one of {', '.join(_FORMS)}.")
        found = await rows.page(caller, query)
        page, where = found[: query.limit], None
        headers = {"Cache-Control": "no-store", "Vary": "Accept"}
        if len(found) > query.limit:
            where = next_page(LIST_PATH, said, cursor_of(page[-1]))
            headers["Link"] = link_to(where)
        if form == CSV:
            return Response(csv_of(page), media_type=f"{CSV}; charset=utf-8; header=present", headers=headers)
        listed = [{**summary_of(row), "links": links_of(row)} for row in page]
        return JSONResponse({"tasks": listed, "next": where}, headers=headers)

    return router
