"""Which web sites may call the gateway from a user's browser."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.problems import ProblemError, ProblemKind


class OriginMiddleware:
    """Refuses what other web sites send through a user's browser.

    A form can be posted across origins without asking first, so CORS alone protects nothing that listens on loopback.
    """

    def __init__(self, app: ASGIApp, allowed: str) -> None:
        self._app = app
        self._allowed = re.compile(allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request.

        Raises:
            ProblemError: its Origin is not allowed.
        """
        if scope["type"] == "http":
            origin = Headers(scope=scope).get("origin")
            if origin is not None and not self._allowed.fullmatch(origin):
                detail = "Only origins in CORS_ORIGINS may call from a browser."
                raise ProblemError(ProblemKind.FORBIDDEN_ORIGIN, detail)
        await self._app(scope, receive, send)


def origins_pattern(origins: Sequence[str]) -> str:
    """A regular expression of the allowed origins; `:*` stands for any port or none, `*` alone for every origin."""
    if "*" in origins:
        return ".*"
    ports = {True: r"(:\d{1,5})?", False: ""}
    allowed = [re.escape(origin.removesuffix(":*")) + ports[origin.endswith(":*")] for origin in origins]
    return "|".join(allowed) or r"(?!)"
