"""Making, listing and revoking the API keys of a tenant."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from services.gateway.api_keys import ApiKey
from services.gateway.callers import EVERY_DATASOURCE, Caller, Scope
from services.gateway.json_forms import json_form
from services.gateway.key_rows import KeptKey, KeyRows
from services.gateway.problems import ProblemError, ProblemKind
from shared.telemetry import logger

READ_AND_WRITE = frozenset({Scope.READ, Scope.WRITE})
MOST_PATTERNS = 100
OVERLAP = timedelta(hours=24)
_TENANT = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)
# Folders of the default tenant, whose objects have no prefix.
_NO_TENANTS = frozenset({"uploads", "validated", "rejected", "reports", "specs"})

_log = logger(__name__)


class KeyForm(BaseModel):
    """What a new key is to be; no body is one that reads and writes every datasource of the tenant."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="", max_length=256, pattern=r"^[^\x00-\x1f\x7f]*$")
    scopes: frozenset[Scope] = Field(default=READ_AND_WRITE, min_length=1)
    datasources: tuple[Annotated[str, StringConstraints(min_length=1, max_length=256)], ...] = Field(
        default=EVERY_DATASOURCE, min_length=1, max_length=MOST_PATTERNS
    )
    expires_at: AwareDatetime | None = None


class RotationForm(BaseModel):
    """How long, in seconds, the old key opens beside the new one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    overlap_seconds: float = Field(default=OVERLAP.total_seconds(), ge=0, le=90 * 86400)


@dataclass(frozen=True)
class NewKey:
    """A key that was made, and its text, which nobody can be told again."""

    kept: KeptKey
    text: str


class ApiKeys:
    """The use case.

    Args:
        rows: the keys.
        clock: the time, aware UTC.
    """

    def __init__(self, rows: KeyRows, *, clock: Callable[[], datetime]) -> None:
        self._rows = rows
        self._clock = clock

    async def create(self, caller: Caller, body: bytes) -> NewKey:
        """A new key of the caller's tenant, which may touch no datasource that the caller may not.

        Raises:
            ProblemError: the body is no such form, or asks for more than the caller has.
            DatabaseAwayError: it may be made later.
        """
        form = json_form(body, KeyForm)
        now = self._clock()
        if form.expires_at is not None and form.expires_at <= now:
            what = "is over already"
            raise _invalid(field="expires_at", what=what)
        if not _is_within(caller, form.datasources):
            has = ", ".join(caller.datasources)
            raise _invalid(field="datasources", what=f"may name no more than your own key has: {has}")
        made = await make(self._rows, tenant=caller.tenant, form=form, created_at=now, created_by=caller.name)
        _log.info("key_made", key_id=made.kept.key_id, tenant=caller.tenant, by=caller.name)
        return made

    async def list(self, caller: Caller) -> list[KeptKey]:
        """The keys of the caller's tenant, the latest first."""
        return await self._rows.all(caller.tenant)

    async def revoke(self, caller: Caller, key_id: str) -> KeptKey:
        """End a key of the tenant now. Revoking it again changes nothing.

        Raises:
            ProblemError: the tenant has no such key, or it may touch more than the caller.
            DatabaseAwayError: it may be ended later.
        """
        await self._found(caller, key_id)
        ended = await self._rows.end(caller.tenant, key_id, self._clock())
        if ended is None:
            raise _unknown(key_id)
        _log.info("key_revoked", key_id=key_id, by=caller.name)
        return ended

    async def rotate(self, caller: Caller, key_id: str, body: bytes) -> NewKey:
        """A new key that may do what another may; that one ends after the overlap, so that nobody is locked out.

        Raises:
            ProblemError: the tenant has no such key, it may touch more than the caller, or it opens nothing any more.
            DatabaseAwayError: it may be done later.
        """
        form, now = json_form(body, RotationForm), self._clock()
        old = await self._found(caller, key_id)
        if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= now):
            detail = f"The key {key_id} has ended, or its end is set: make a new one instead."
            raise ProblemError(ProblemKind.KEY_ENDED, detail)
        key = ApiKey.draw()
        kept = replace(old, key_id=key.key_id, hash=key.hash, created_at=now, created_by=caller.name, last_used_at=None)
        await self._rows.add(kept)
        await self._rows.end(caller.tenant, key_id, now + timedelta(seconds=form.overlap_seconds))
        _log.info("key_rotated", key_id=key_id, new_key_id=key.key_id, by=caller.name)
        return NewKey(kept, key.text)

    async def _found(self, caller: Caller, key_id: str) -> KeptKey:
        """A key that the caller may handle: whoever could rotate one of more datasources would hold them."""
        key = await self._rows.find(key_id)
        if key is None or key.tenant != caller.tenant:
            raise _unknown(key_id)
        if not _is_within(caller, key.datasources):
            has = ", ".join(caller.datasources)
            detail = f"The key {key_id} may touch more than your own, which names {has}: ask its administrator."
            raise ProblemError(ProblemKind.FORBIDDEN, detail)
        return key


async def make(rows: KeyRows, *, tenant: str, form: KeyForm, created_at: datetime, created_by: str) -> NewKey:
    """Draw a key and keep it.

    Raises:
        DatabaseAwayError: it may be made later.
    """
    key = ApiKey.draw()
    kept = KeptKey(
        key_id=key.key_id,
        tenant=tenant,
        name=form.name,
        hash=key.hash,
        scopes=form.scopes,
        datasources=form.datasources,
        created_at=created_at,
        created_by=created_by,
        expires_at=form.expires_at,
    )
    await rows.add(kept)
    return NewKey(kept, key.text)


def _is_within(caller: Caller, datasources: tuple[str, ...]) -> bool:
    """Whether the caller may touch all that these patterns name; patterns are compared as text."""
    return caller.datasources == EVERY_DATASOURCE or set(datasources) <= set(caller.datasources)


def problem_with_tenant(tenant: str) -> str | None:
    """What is wrong with the name of a tenant, as the end of a sentence; None when nothing is."""
    if tenant in _NO_TENANTS:
        return f"is {tenant!r}, which is a folder of the object store"
    if not _TENANT.fullmatch(tenant):
        return "has 1 to 64 small letters, digits, dashes and underscores, and begins with a letter or digit"
    return None


def _invalid(*, field: str, what: str) -> ProblemError:
    return ProblemError(ProblemKind.INVALID_FIELD, f"{field}: {what}.", field=field)


def _unknown(key_id: str) -> ProblemError:
    return ProblemError(
        ProblemKind.UNKNOWN_KEY, f"There is no key {key_id[:40]!r} here. GET /api/ingest/keys lists all."
    )
