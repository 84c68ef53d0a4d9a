"""API keys over HTTP: HTTP in, one call, HTTP out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from services.gateway.authenticating import Administrator
from services.gateway.bodies import small_body
from services.gateway.key_rows import KeptKey
from services.gateway.keys import ApiKeys, NewKey

KEYS_PATH = "/api/ingest/keys"
_NOT_KEPT = {"Cache-Control": "no-store"}


def key_routes(keys: ApiKeys) -> APIRouter:
    """`/api/ingest/keys`, `…/{key_id}` and `…/{key_id}/rotate`."""
    router = APIRouter()

    @router.post(KEYS_PATH)
    async def create(request: Request, caller: Administrator) -> JSONResponse:
        return _made(await keys.create(caller, await small_body(request, what="A key")))

    @router.get(KEYS_PATH)
    async def listed(caller: Administrator) -> JSONResponse:
        return JSONResponse({"keys": [_document(key) for key in await keys.list(caller)]}, headers=_NOT_KEPT)

    @router.delete(KEYS_PATH + "/{key_id}")
    async def revoke(key_id: str, caller: Administrator) -> JSONResponse:
        return JSONResponse(_document(await keys.revoke(caller, key_id)), headers=_NOT_KEPT)

    @router.post(KEYS_PATH + "/{key_id}/rotate")
    async def rotate(key_id: str, request: Request, caller: Administrator) -> JSONResponse:
        return _made(await keys.rotate(caller, key_id, await small_body(request, what="A rotation")))

    return router


def _made(made: NewKey) -> JSONResponse:
    headers = {"Location": f"{KEYS_PATH}/{made.kept.key_id}", **_NOT_KEPT}
    return JSONResponse({"key": made.text, **_document(made.kept)}, status_code=201, headers=headers)


def _document(key: KeptKey) -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "tenant": key.tenant,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "datasources": list(key.datasources),
        "created_at": _time(key.created_at),
        "created_by": key.created_by,
        "expires_at": _time(key.expires_at),
        "revoked_at": _time(key.revoked_at),
        "last_used_at": _time(key.last_used_at),
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
