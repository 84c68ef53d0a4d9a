"""Contracts over HTTP: HTTP in, one call, HTTP out."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from services.gateway.authenticating import Reader, Writer
from services.gateway.datasource_rows import StoredContract, Version
from services.gateway.datasources import ContractRequest, Datasources
from services.gateway.negotiation import MEDIA_TYPE, sent_form, wanted_form
from services.gateway.preconditions import etag_of
from services.gateway.problems import ProblemError, ProblemKind

DATASOURCES_PATH = "/api/ingest/datasources/"
_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


def datasource_routes(datasources: Datasources) -> APIRouter:
    """`/api/ingest/datasources/{name}`, `…/versions` and `…/versions/{n}`."""
    router = APIRouter()
    one = DATASOURCES_PATH + "{name}"

    @router.put(one)
    async def put(name: str, request: Request, caller: Writer) -> JSONResponse:
        content_type = request.headers.get("content-type", "")
        version, is_new = await datasources.put(
            ContractRequest(
                datasource_name=name,
                caller=caller,
                body=request.stream(),
                content_type=content_type,
                if_match=request.headers.get("if-match"),
                if_none_match=request.headers.get("if-none-match"),
                user_id=request.query_params.get("user_id"),
            )
        )
        headers = {"Location": _path(version), "ETag": etag_of(version.version, sent_form(content_type) or "yaml")}
        return JSONResponse(_document(version), status_code=201 if is_new else 200, headers=headers)

    @router.get(one)
    async def get(name: str, request: Request, caller: Reader) -> Response:
        return _content(await datasources.get(caller, name), request)

    @router.get(one + "/versions")
    async def history(name: str, caller: Reader) -> JSONResponse:
        versions = await datasources.history(caller, name)
        document = {"datasource_name": name, "versions": [_document(version) for version in versions]}
        return JSONResponse(document, headers={"Cache-Control": "no-store"})

    @router.get(one + "/versions/{number}")
    async def version(name: str, number: str, request: Request, caller: Reader) -> Response:
        if not _NUMBER.fullmatch(number):
            detail = f"A version is a number from 1, not {number[:40]!r}."
            raise ProblemError(ProblemKind.UNKNOWN_CONTRACT, detail)
        return _content(await datasources.get(caller, name, int(number)), request)

    return router


def _content(found: StoredContract, request: Request) -> Response:
    form = wanted_form(request.headers.get("accept"))
    if form is None:
        detail = f"Accept has to take one of {', '.join(MEDIA_TYPE.values())}."
        raise ProblemError(ProblemKind.NOT_ACCEPTABLE, detail)
    return Response(
        found.content if form == "yaml" else found.document.encode(),
        media_type=MEDIA_TYPE[form],
        headers={
            "ETag": etag_of(found.about.version, form),
            "Content-Location": _path(found.about),
            "Vary": "Accept",
            "Cache-Control": "no-cache",
        },
    )


def _document(version: Version) -> dict[str, Any]:
    return {
        "datasource_name": version.datasource_name,
        "version": version.version,
        "sha256": version.sha256,
        "created_at": version.created_at.isoformat(),
        "created_by": version.created_by,
        "links": {"contract": _path(version)},
    }


def _path(version: Version) -> str:
    return f"{DATASOURCES_PATH}{quote(version.datasource_name, safe='')}/versions/{version.version}"
