"""HTTP for what the validator made of a task's file, and for the file itself."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from services.gateway.authenticating import Reader
from services.gateway.problem_pages import MOST_PROBLEMS, PAGE_PROBLEMS, Wanted
from services.gateway.problems import ProblemError, ProblemKind
from services.gateway.queries import parameters, text
from services.gateway.reject_forms import RejectsFormat
from services.gateway.results import Results
from services.gateway.status import TASKS_PATH
from services.gateway.task_ids import known_task

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
        limit = _limit(said.get("limit"))
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
            query = urlencode({**said, "limit": limit, "cursor": page.cursor})
            headers["Link"] = f'<{TASKS_PATH}{task_id}/problems?{query}>; rel="next"'
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


def _said(request: Request, known: tuple[str, ...]) -> Mapping[str, str]:
    found = parameters(request.scope["query_string"], known)
    return {name: text(name, value) for name, value in found.items()}


def _limit(said: str | None) -> int:
    if said is None:
        return PAGE_PROBLEMS
    if not (said.isascii() and said.isdecimal() and 1 <= int(said[:9]) <= MOST_PROBLEMS):
        detail = f"The limit is {said[:40]!r}, and may be a number from 1 to {MOST_PROBLEMS}."
        raise ProblemError(ProblemKind.INVALID_FIELD, detail, field="limit")
    return int(said[:9])


def _format(said: str) -> RejectsFormat:
    try:
        return RejectsFormat(said)
    except ValueError:
        detail = f"The format is {said[:40]!r}, and may be {', '.join(RejectsFormat)}."
        raise ProblemError(ProblemKind.INVALID_FIELD, detail, field="format") from None
