"""Events over HTTP: pages as JSON, and streams; HTTP in, one call, HTTP out."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from services.gateway.authenticating import Reader
from services.gateway.event_stream import MEDIA_TYPE as STREAM
from services.gateway.event_stream import EventStream
from services.gateway.feed_rows import Wanted
from services.gateway.negotiation import JSON, wanted_type
from services.gateway.parameters import datasource_of, invalid, number_of, read_parameters
from services.gateway.problems import ProblemError, ProblemKind
from services.gateway.status import TASKS_PATH
from services.gateway.streaming import Streams
from services.gateway.task_ids import known_task
from services.gateway.task_pages import link_to, next_page
from services.gateway.task_reading import TaskReading

EVENTS_PATH = "/api/ingest/events"
RESUME = "Last-Event-ID"
DEFAULT_LIMIT = 500
MAX_LIMIT = 1000
_FORMS = (JSON, STREAM)
_POSITION = re.compile(r"[0-9]{1,18}", re.ASCII)


def event_routes(streams: Streams, reading: TaskReading) -> APIRouter:
    """`GET /api/ingest/tasks/{task_id}/events` and `GET /api/ingest/events`."""
    router = APIRouter()

    @router.get(TASKS_PATH + "{task_id}/events")
    async def of_task(task_id: str, request: Request, caller: Reader) -> Response:
        request.state.task_id = known_task(task_id)
        said = read_parameters(request.query_params.multi_items(), ("limit", "cursor"))
        form, after = _form(request), _after(request, said)
        task, wanted = await reading.read(task_id, caller), Wanted(caller, task_id)
        if form == JSON:
            return await page(request, wanted, said, after or 0)
        if task.has_ended and after and await streams.is_over(wanted, after):
            return Response(status_code=204, headers={"Cache-Control": "no-store"})  # a browser stops coming back
        return EventStream(streams.frames(wanted, after or 0, ended=task.has_ended))

    @router.get(EVENTS_PATH)
    async def of_all(request: Request, caller: Reader) -> Response:
        said = read_parameters(request.query_params.multi_items(), ("datasource", "limit", "cursor"))
        form, after = _form(request), _after(request, said)
        wanted = Wanted(caller, datasource=datasource_of("datasource", said.get("datasource")))
        if form == JSON:
            return await page(request, wanted, said, after or 0)
        return EventStream(streams.frames(wanted, await streams.latest() if after is None else after))

    async def page(request: Request, wanted: Wanted, said: Mapping[str, str], after: int) -> Response:
        limit = number_of("limit", said.get("limit"), default=DEFAULT_LIMIT, most=MAX_LIMIT)
        events, has_more = await streams.page(wanted, after, limit)
        last, where = events[-1].position if events else after, None
        headers = {"Cache-Control": "no-store", "Vary": "Accept"}
        if has_more:
            where = next_page(request.url.path, said.items(), last)
            headers["Link"] = link_to(where)
        body = {"events": [event.document for event in events], "cursor": str(last), "next": where}
        return JSONResponse(body, headers=headers)

    return router


def _form(request: Request) -> str:
    form = wanted_type(request.headers.get("accept"), _FORMS)
    if form is None:
        raise ProblemError(ProblemKind.NOT_ACCEPTABLE, f"Accept has to take one of {', '.join(_FORMS)}.")
    return form


def _after(request: Request, said: Mapping[str, str]) -> int | None:
    """The position that the request goes on from: the header counts, for a browser comes back to the same address."""
    resumed = request.headers.get(RESUME)
    name, value = ("cursor", said.get("cursor")) if resumed is None else (RESUME, resumed.strip())
    if value is None:
        return None
    if not _POSITION.fullmatch(value):
        raise invalid(name, f"is {value[:40]!r}, and must be the id of an event, or 0 for the first")
    return int(value)
