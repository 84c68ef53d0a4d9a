"""Turns everything that is raised below into a problem; the one place that logs a defect."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.problems import MEDIA_TYPE, ProblemError, ProblemKind, of_status
from shared.db.engine import DatabaseAwayError
from shared.storage.port import StorageAwayError, StorageRefusedError
from shared.telemetry import logger, task_scope

AGAIN = timedelta(seconds=5)
_SAFE_TO_REPEAT = "Send the same request again; with an Idempotency-Key that can never load the file twice."

_EXPECTED: tuple[tuple[type[Exception], ProblemKind, str, timedelta | None], ...] = (
    (StorageAwayError, ProblemKind.STORAGE_AWAY, f"The object store does not answer. {_SAFE_TO_REPEAT}", AGAIN),
    (
        StorageRefusedError,
        ProblemKind.STORAGE_REFUSED,
        "The object store refuses the gateway's bucket or credentials; its operator has to look at it.",
        timedelta(minutes=1),
    ),
    (DatabaseAwayError, ProblemKind.DATABASE_AWAY, f"The database does not answer. {_SAFE_TO_REPEAT}", AGAIN),
    (ClientDisconnect, ProblemKind.INCOMPLETE_BODY, "The connection was closed before the body had ended.", None),
)

_log = logger(__name__)


def answer(problem: ProblemError, *, path: str) -> JSONResponse:
    """The HTTP answer to a problem."""
    headers = dict(problem.headers)
    return JSONResponse(
        problem.body(instance=path), status_code=problem.kind.status, headers=headers, media_type=MEDIA_TYPE
    )


def problem_of(error: Exception) -> ProblemError:
    """What to tell the caller about an error; nothing of the inside."""
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, HTTPException):
        return _framework_problem(error)
    for expected, kind, detail, retry_after in _EXPECTED:
        if isinstance(error, expected):
            return ProblemError(kind, detail, retry_after=retry_after)
    return ProblemError(ProblemKind.INTERNAL, "That is a defect, and it was logged. Trying again may help.")


def _framework_problem(error: HTTPException) -> ProblemError:
    kind = of_status(error.status_code)
    details = {
        ProblemKind.NOT_FOUND: (
            "The pages are GET /, POST and PUT /api/ingest/upload, GET /api/ingest/tasks and /tasks/{task_id}, its "
            "/events, /spec, /report, /problems, /rejects and /content, POST its /corrections and /waivers, GET "
            "/api/ingest/events, GET and PUT /api/ingest/datasources/{name}, and GET and POST "
            "/api/ingest/keys."
        ),
        ProblemKind.METHOD_NOT_ALLOWED: "The header Allow names the method that the page takes.",
    }
    detail = details.get(kind, "The request cannot be understood.")
    return ProblemError(kind, detail, headers=dict(error.headers or {}))


class ProblemMiddleware:
    """Answers for whatever the application raises, and logs it once.

    An answer that is given before the whole body was read closes the connection, or the client would have to send the
    rest for nothing.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False
        unread = scope["method"] in {"POST", "PUT"}

        async def noting_receive() -> Message:
            nonlocal unread
            message = await receive()
            unread = unread and message["type"] == "http.request" and message.get("more_body", False)
            return message

        async def noting_send(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                if unread:
                    message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        try:
            await self._app(scope, noting_receive, noting_send)
        except Exception as error:
            problem = problem_of(error)
            with task_scope(scope.get("state", {}).get("task_id")):
                log_problem(error, problem, path=scope["path"])
            if started:
                raise
            await answer(problem, path=scope["path"])(scope, noting_receive, noting_send)


def log_problem(error: Exception, problem: ProblemError, *, path: str) -> None:
    """A defect with its traceback, a dependency that is away as a warning, a client's mistake for information."""
    facts: dict[str, Any] = {"problem": problem.kind.slug, "path": path[:200]}
    if problem.kind is ProblemKind.INTERNAL.value:
        _log.error("request_failed", exc_info=error, **facts)
    elif problem.kind.status >= ProblemKind.INTERNAL.value.status:
        _log.warning("request_not_served", why=str(error), **facts)
    else:
        _log.info("request_refused", detail=problem.detail, **facts)


def install(app: FastAPI) -> None:
    """Let the framework's own errors through to the middleware."""

    async def reraise(_request: Request, error: Exception) -> JSONResponse:
        raise error

    app.add_exception_handler(HTTPException, reraise)
