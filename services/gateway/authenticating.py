"""Who calls: the credential of a request becomes a caller, or an answer that says what is missing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Protocol

from fastapi import Depends, Request

from services.gateway.api_keys import ApiKey
from services.gateway.callers import ANYBODY, Caller, Scope
from services.gateway.key_rows import KeptKey, KeyRows
from services.gateway.problems import ProblemError, ProblemKind

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="ingest"'}
_HOW = "Send the header Authorization: Bearer with an API key, as `ingest keys create` prints it."


class Authenticator(Protocol):
    """Finds out who sends a request."""

    async def caller(self, authorization: str | None) -> Caller:
        """The caller behind an Authorization header.

        Raises:
            ProblemError: nobody that is known here.
            DatabaseAwayError: it cannot be told now.
        """


class Nobody:
    """Asks for nothing: everybody is the default tenant's administrator. For loopback only."""

    async def caller(self, authorization: str | None) -> Caller:  # noqa: ARG002  # the port's
        """See `Authenticator.caller`."""
        return ANYBODY


class Keys:
    """API keys, looked up for every request: one that was revoked opens nothing from then on.

    Args:
        rows: the keys.
        clock: the time, aware UTC.
    """

    def __init__(self, rows: KeyRows, *, clock: Callable[[], datetime]) -> None:
        self._rows = rows
        self._clock = clock

    async def caller(self, authorization: str | None) -> Caller:
        """See `Authenticator.caller`."""
        if authorization is None:
            detail = f"The request says nothing of who sends it. {_HOW}"
            raise unauthenticated(detail)
        scheme, _, credential = authorization.partition(" ")
        key = ApiKey.parse(credential.strip()) if scheme.lower() == "bearer" else None
        if key is None:
            detail = f"The Authorization header has no API key of this kind. {_HOW}"
            raise unauthenticated(detail)
        now = self._clock()
        kept = await self._rows.find(key.key_id)
        if kept is None or not key.is_of(kept.hash):
            detail = f"There is no such API key here. {_HOW}"
            raise unauthenticated(detail)
        why_not = refusal(kept, now)
        if why_not is not None:
            detail = f"The API key {key.key_id} {why_not}. {_HOW}"
            raise unauthenticated(detail)
        await self._rows.used(kept, now)
        return caller_of(kept)


def refusal(kept: KeptKey, now: datetime) -> str | None:
    """Why a key opens nothing any more, as the end of a sentence; None when it does. Pure."""
    if kept.revoked_at is not None and kept.revoked_at <= now:
        return f"was revoked at {kept.revoked_at:%Y-%m-%d %H:%M:%S} UTC"
    if kept.expires_at is not None and kept.expires_at <= now:
        return f"has expired at {kept.expires_at:%Y-%m-%d %H:%M:%S} UTC"
    return None


def caller_of(kept: KeptKey) -> Caller:
    """The caller that a key makes of who sends it."""
    return Caller(kept.tenant, f"key {kept.key_id}", kept.scopes, kept.datasources)


def unauthenticated(detail: str) -> ProblemError:
    """The answer to a request of nobody that is known."""
    return ProblemError(ProblemKind.UNAUTHENTICATED, detail, headers=_CHALLENGE)


def needs(scope: Scope) -> Callable[[Request], Awaitable[Caller]]:
    """A dependency of a route: its caller, once it is certain that he may do what the route does."""

    async def caller(request: Request) -> Caller:
        authenticator: Authenticator = request.app.state.authenticator
        found = await authenticator.caller(request.headers.get("authorization"))
        request.state.caller = found.name  # for the log line, should this fail
        if not found.may(scope):
            has = ", ".join(sorted(found.scopes)) or "none"
            detail = f"That needs a credential with the scope {scope.value}; this one has {has}."
            raise ProblemError(ProblemKind.FORBIDDEN, detail)
        return found

    return caller


Reader = Annotated[Caller, Depends(needs(Scope.READ))]
Writer = Annotated[Caller, Depends(needs(Scope.WRITE))]
Administrator = Annotated[Caller, Depends(needs(Scope.ADMIN))]
