"""HTTP for what the validator made of a task's file, and for the file itself."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from services.gateway.authenticating import Reader
from services.gateway.parameters import invalid, number_of, read_parameters
from services.gateway.problem_pages import MOST_PROBLEMS, PAGE_PROBLEMS, Wanted
from services.gateway.reject_forms import RejectsFormat
from services.gateway.results import Results
from services.gateway.status import TASKS_PATH
from services.gateway.task_ids import known_task
from services.gateway.task_pages import link_to, next_page

_NOT_KEPT = {"Cache-Control": "no-store"}
_OF_PROBLEMS = ("rule", "column", "limit", "cursor")


def result_routes(results: Results) -> APIRouter:
    """`GET /api/ingest/tasks/{task_id}/report`, `…/problems`, `…/rejects` and `…/content`."""
    router = APIRouter()

    @router.get(TASKS_PATH + "{task_id}/report")
    async def report(task_id: str, caller: Reader) -> Response:
        body = await results.report(known_task(task_id), caller)
        return Response(body, media_type="application/json", headers=_NOT_KEPT)

    @router.get(TASKS_PATH + "{task_id}/problems")
    async def problems(task_id: str, request: Request, caller: Reader) -> JSONResponse:
        said = _said(request, _OF_PROBLEMS)
        limit = number_of("limit", said.get("limit"), default=PAGE_PROBLEMS, most=MOST_PROBLEMS)
        wanted = Wanted(said.get("rule"), said.get("column"), limit)
        page = await results.problems(known_task(task_id), caller, wanted, said.get("cursor"))
        body = {
            "task_id": task_id,
            "rows_rejected": page.rows_rejected,
            "problems": page.problems,
            "next_cursor": page.cursor,
        }
        headers = dict(_NOT_KEPT)
        if page.cursor is not None:
            headers["Link"] = link_to(next_page(f"{TASKS_PATH}{task_id}/problems", said.items(), page.cursor))
        return JSONResponse(body, headers=headers)

    @router.get(TASKS_PATH + "{task_id}/rejects")
    async def rejects(task_id: str, request: Request, caller: Reader) -> StreamingResponse:
        wanted = _format(_said(request, ("format",)).get("format", RejectsFormat.NDJSON.value))
        download = await results.rejects(known_task(task_id), caller, wanted)
        headers = {**_NOT_KEPT, "Content-Disposition": download.disposition, "X-Content-Type-Options": "nosniff"}
        return StreamingResponse(download.body, headers=headers, media_type=download.media_type)

    @router.get(TASKS_PATH + "{task_id}/content")
    async def content(task_id: str, caller: Reader) -> RedirectResponse:
        return RedirectResponse(await results.content(known_task(task_id), caller), headers=_NOT_KEPT)

    return router


def _said(request: Request, known: tuple[str, ...]) -> dict[str, str]:
    return read_parameters(request.query_params.multi_items(), known)


def _format(said: str) -> RejectsFormat:
    try:
        return RejectsFormat(said)
    except ValueError:
        what = f"is {said[:40]!r}, and may be {', '.join(RejectsFormat)}"
        raise invalid(name="format", what=what) from None
