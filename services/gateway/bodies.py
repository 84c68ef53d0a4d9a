"""Bodies that are small enough to be held in memory."""

from __future__ import annotations

from fastapi import Request

from services.gateway.problems import ProblemError, ProblemKind

BODY_BYTES = 256 * 1024


async def small_body(request: Request, *, what: str) -> bytes:
    """The whole body; `what` it is stands at the beginning of the answer when it is too large.

    Raises:
        ProblemError: it is larger than 256 KiB.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES:
            raise ProblemError(ProblemKind.TOO_LARGE, f"{what} may have {BODY_BYTES} bytes: say less.")
    return bytes(body)
