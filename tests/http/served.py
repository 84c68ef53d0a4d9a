"""The gateway over HTTP with doubles behind it, and what its refusals must look like."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from services.gateway.app import create_app
from services.gateway.settings import Auth, GatewaySettings, HttpSettings
from shared.db.engine import DatabaseSettings
from shared.kafka.settings import KafkaSettings
from shared.storage.settings import S3Settings
from shared.telemetry import LogSettings
from tests.unit.gateway.doubles import NOW


@asynccontextmanager
async def served(
    *, kafka: KafkaSettings | None = None, auth: Auth = Auth.NONE, **doubles: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the gateway; `doubles` are what `create_app` takes."""
    settings = GatewaySettings(
        http=HttpSettings(auth=auth),
        s3=S3Settings(),
        database=DatabaseSettings(),
        kafka=kafka or KafkaSettings(),
        log=LogSettings(),
    )
    app = create_app(settings, clock=lambda: NOW, **doubles)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield client


def problem(response: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """The body of a refusal, once it is of this status and name."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["type"] == f"urn:ingest:problem:{slug}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body
