"""The authorisation matrix: every operation of the gateway, and the scope that it asks for; None is for everybody."""

from __future__ import annotations

from collections.abc import Mapping

from services.gateway.callers import Scope

READ, WRITE, ADMIN = Scope.READ, Scope.WRITE, Scope.ADMIN
_TASK = "/api/ingest/tasks/{task_id}"
_DATASOURCE = "/api/ingest/datasources/{name}"

NEEDED: Mapping[tuple[str, str], Scope | None] = {
    ("GET", "/"): None,
    ("GET", "/livez"): None,
    ("GET", "/readyz"): None,
    ("POST", "/api/ingest/upload"): WRITE,
    ("PUT", "/api/ingest/upload"): WRITE,
    ("GET", "/api/ingest/status/{task_id}"): READ,
    ("GET", "/api/ingest/tasks"): READ,
    ("GET", _TASK): READ,
    ("GET", f"{_TASK}/events"): READ,
    ("GET", "/api/ingest/events"): READ,
    ("GET", f"{_TASK}/spec"): READ,
    ("GET", f"{_TASK}/report"): READ,
    ("GET", f"{_TASK}/problems"): READ,
    ("GET", f"{_TASK}/rejects"): READ,
    ("GET", f"{_TASK}/content"): READ,
    ("POST", f"{_TASK}/corrections"): WRITE,
    ("POST", f"{_TASK}/waivers"): WRITE,
    ("POST", f"{_TASK}/undo"): WRITE,
    ("POST", f"{_TASK}/cancel"): WRITE,
    ("POST", f"{_TASK}/retry"): WRITE,
    ("POST", f"{_TASK}/verify"): WRITE,
    ("GET", _DATASOURCE): READ,
    ("PUT", _DATASOURCE): WRITE,
    ("GET", f"{_DATASOURCE}/versions"): READ,
    ("GET", f"{_DATASOURCE}/versions/{{number}}"): READ,
    ("POST", "/api/ingest/keys"): ADMIN,
    ("GET", "/api/ingest/keys"): ADMIN,
    ("DELETE", "/api/ingest/keys/{key_id}"): ADMIN,
    ("POST", "/api/ingest/keys/{key_id}/rotate"): ADMIN,
}

# Operations on what belongs to a tenant: those of another answer exactly as those of nobody.
OF_A_TASK = tuple((method, path) for method, path in NEEDED if "{task_id}" in path)
OF_A_DATASOURCE = tuple((method, path) for method, path in NEEDED if "{name}" in path)
OF_A_KEY = tuple((method, path) for method, path in NEEDED if "{key_id}" in path)
