"""Who may call what: the matrix, walked over HTTP with every kind of caller."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.gateway.api_keys import ApiKey
from services.gateway.app import create_app
from services.gateway.callers import EVERY_DATASOURCE, Scope
from services.gateway.key_rows import KeptKey
from services.gateway.settings import Auth, GatewaySettings, HttpSettings
from shared.db.engine import DatabaseSettings
from shared.events import TaskCommand
from shared.kafka.settings import KafkaSettings
from shared.storage.memory import InMemoryObjectStore
from shared.storage.settings import S3Settings
from shared.telemetry import LogSettings
from tests.http.matrix import NEEDED, OF_A_DATASOURCE, OF_A_KEY, OF_A_TASK
from tests.http.served import problem, served
from tests.unit.gateway.doubles import (
    NOW,
    InMemoryCommandRows,
    InMemoryDatasourceRows,
    InMemoryDecisionRows,
    InMemoryHistoryRows,
    InMemoryKeyRows,
    InMemoryTaskRows,
    InMemoryUploadRows,
)
from tests.unit.gateway.families_of import PARENT, task
from tests.unit.gateway.forms import CONTENT_TYPE, upload_form
from tests.unit.gateway.read_doubles import InMemoryFeedRows, InMemoryTaskListRows

UNKNOWN = "2JZyEyMdZhCMVhniTaC5dN"
CONTRACT = b"format_version: 1\ndatasource: sales\ncolumns:\n- name: n\n  type: long\n"


@dataclass
class Installation:
    """A gateway that asks for keys, with one task and one contract of the default tenant."""

    uploads: InMemoryUploadRows = field(default_factory=InMemoryUploadRows)
    tasks: InMemoryTaskRows = field(default_factory=InMemoryTaskRows)
    contracts: InMemoryDatasourceRows = field(default_factory=InMemoryDatasourceRows)
    keys: InMemoryKeyRows = field(default_factory=InMemoryKeyRows)
    store: InMemoryObjectStore = field(default_factory=InMemoryObjectStore)
    client: httpx.AsyncClient = field(init=False)

    async def key(self, *scopes: Scope, tenant: str = "default", **more: Any) -> dict[str, str]:
        """The headers of a caller with a key of these scopes."""
        key = ApiKey.draw()
        about = {"name": "", "datasources": EVERY_DATASOURCE, "created_at": NOW, **more}
        await self.keys.add(KeptKey(key_id=key.key_id, tenant=tenant, hash=key.hash, scopes=frozenset(scopes), **about))
        return {"authorization": f"Bearer {key.text}"}

    async def ask(self, method: str, path: str, headers: dict[str, str], **names: str) -> httpx.Response:
        """Send the least that the operation takes."""
        names = {"task_id": PARENT, "name": "sales", "number": "1", "key_id": "0" * 16} | names
        body: dict[str, Any] = {}
        if (method, path) == ("PUT", "/api/ingest/upload"):
            body = {"content": b"n\n1\n", "params": {"datasource_name": "sales"}}
        elif path.endswith(("upload", "corrections")):
            body = {"content": upload_form(), "headers": {"content-type": CONTENT_TYPE, **headers}}
        elif path.endswith("waivers"):
            body = {"json": {"rows": "all", "reason": "old"}}
        elif method == "PUT":
            body = {"content": CONTRACT, "headers": {"content-type": "application/yaml", **headers}}
        return await self.client.request(method, path.format_map(names), **{"headers": headers, **body})


@pytest.fixture
async def gateway() -> AsyncIterator[Installation]:
    made = Installation()
    made.store.buckets["ingest"] = {}
    made.tasks.rows[PARENT] = task()
    doubles: dict[str, Any] = {
        "upload_rows": made.uploads,
        "task_rows": made.tasks,
        "datasource_rows": made.contracts,
        "key_rows": made.keys,
        "decision_rows": InMemoryDecisionRows(),
        "command_rows": InMemoryCommandRows(),
        "history_rows": InMemoryHistoryRows(),
        "undo_rows": NoPromises(),
        "feed_rows": InMemoryFeedRows(),
        "task_list_rows": InMemoryTaskListRows(made.tasks.rows),
        "store": made.store,
    }
    async with served(auth=Auth.KEYS, **doubles) as client:
        made.client = client
        admin = await made.key(Scope.ADMIN)
        assert (await made.ask("PUT", "/api/ingest/datasources/{name}", admin)).status_code == 201
        yield made


class NoPromises:
    """The outbox, of which only the answer matters here."""

    async def promise(self, command: TaskCommand, *, traceparent: str | None) -> None:
        """Taken."""


def application() -> FastAPI:
    groups = {"s3": S3Settings(), "database": DatabaseSettings(), "kafka": KafkaSettings(), "log": LogSettings()}
    return create_app(GatewaySettings(http=HttpSettings(), **groups))  # type: ignore[arg-type]  # each is its own


def test_every_operation_is_in_the_matrix() -> None:
    paths: dict[str, dict[str, Any]] = application().openapi()["paths"]
    assert {(method.upper(), path) for path, methods in paths.items() for method in methods} == set(NEEDED)


@pytest.mark.parametrize("path", ["/", "/livez"])
async def test_health_is_for_everybody(path: str, gateway: Installation) -> None:
    assert NEEDED["GET", path] is None
    assert (await gateway.client.get(path)).status_code == 200


@pytest.mark.parametrize(("method", "path"), [one for one, scope in NEEDED.items() if scope])
async def test_nobody_may_anything(method: str, path: str, gateway: Installation) -> None:
    for headers in (
        {},
        {"authorization": "Bearer nonsense"},
        {"authorization": f"Basic {ApiKey.draw().text}"},
        {"authorization": f"Bearer {ApiKey.draw().text}"},
    ):
        answer = await gateway.ask(method, path, headers)
        problem(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "path"), [one for one, scope in NEEDED.items() if scope])
async def test_a_key_opens_what_its_scopes_say(method: str, path: str, gateway: Installation) -> None:
    needed = NEEDED[method, path]
    for scope in Scope:
        answer = await gateway.ask(method, path, await gateway.key(scope))
        if scope in {needed, Scope.ADMIN}:
            assert answer.status_code not in {401, 403}, (scope, answer.text)
        else:
            assert needed is not None
            assert needed.value in problem(answer, 403, "forbidden")["detail"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"revoked_at": NOW - timedelta(seconds=1)}, "was revoked at 2026-01-02 03:04:04 UTC"),
        ({"expires_at": NOW}, "has expired at 2026-01-02 03:04:05 UTC"),
    ],
)
async def test_a_key_that_has_ended_opens_nothing(change: dict[str, Any], says: str, gateway: Installation) -> None:
    headers = await gateway.key(Scope.ADMIN)
    [key_id] = [one for one in gateway.keys.kept if one in headers["authorization"]]
    path = "/api/ingest/status/{task_id}"
    assert (await gateway.ask("GET", path, headers)).status_code == 200
    for later in ({name: moment + timedelta(seconds=2) for name, moment in change.items()}, change):
        gateway.keys.kept[key_id] = replace(gateway.keys.kept[key_id], **later)
        answer = await gateway.ask("GET", path, headers)
        if later is change:
            assert says in problem(answer, 401, "unauthenticated")["detail"]
        else:
            assert answer.status_code == 200


async def test_only_who_has_the_secret_is_noted_as_its_user(gateway: Installation) -> None:
    headers = await gateway.key(Scope.READ)
    [key_id] = [one for one in gateway.keys.kept if one in headers["authorization"]]
    wrong = {"authorization": f"Bearer ik_{key_id}_{'0' * 64}"}
    for sent, used in ((wrong, None), (headers, NOW)):
        await gateway.ask("GET", "/api/ingest/status/{task_id}", sent)
        assert gateway.keys.kept[key_id].last_used_at == used


async def test_the_secret_of_another_key_opens_nothing(gateway: Installation) -> None:
    mine, other = [(await gateway.key(Scope.ADMIN))["authorization"] for _ in range(2)]
    forged = mine[:-64] + other[-64:]
    answer = await gateway.ask("GET", "/api/ingest/status/{task_id}", {"authorization": forged})
    problem(answer, 401, "unauthenticated")


def anonymous(answer: httpx.Response, *names: str) -> tuple[int, dict[str, Any]]:
    """An answer without the names that were asked for: status and body."""
    text = answer.text
    for name in names:
        text = text.replace(name, "…")
    return answer.status_code, json.loads(text)


@pytest.mark.parametrize(("method", "path"), OF_A_TASK)
@pytest.mark.parametrize("foreign", [{"tenant": "acme"}, {"datasources": ("hr_*",)}])
async def test_the_task_of_others_is_as_one_that_nobody_knows(
    method: str, path: str, foreign: dict[str, Any], gateway: Installation
) -> None:
    headers = await gateway.key(Scope.ADMIN, **foreign)
    theirs = await gateway.ask(method, path, headers)
    problem(theirs, 404, "unknown-task")
    nobodys = await gateway.ask(method, path, headers, task_id=UNKNOWN)
    assert anonymous(theirs, PARENT) == anonymous(nobodys, UNKNOWN)


@pytest.mark.parametrize(("method", "path"), [one for one in OF_A_DATASOURCE if one[0] == "GET"])
@pytest.mark.parametrize("foreign", [{"tenant": "acme"}, {"datasources": ("hr_*",)}])
async def test_the_contract_of_others_is_as_one_that_nobody_has(
    method: str, path: str, foreign: dict[str, Any], gateway: Installation
) -> None:
    headers = await gateway.key(Scope.ADMIN, **foreign)
    theirs = await gateway.ask(method, path, headers)
    problem(theirs, 404, "unknown-contract")
    nobodys = await gateway.ask(method, path, headers, name="other")
    assert anonymous(theirs, "sales") == anonymous(nobodys, "other")


@pytest.mark.parametrize(("method", "path"), OF_A_KEY)
async def test_the_key_of_others_is_as_one_that_nobody_has(method: str, path: str, gateway: Installation) -> None:
    theirs = await gateway.key(Scope.READ, tenant="acme")
    [key_id] = [one for one in gateway.keys.kept if one in theirs["authorization"]]
    admin = await gateway.key(Scope.ADMIN)
    answer = await gateway.ask(method, path, admin, key_id=key_id)
    problem(answer, 404, "unknown-key")
    nobodys = await gateway.ask(method, path, admin)
    assert anonymous(answer, key_id) == anonymous(nobodys, "0" * 16)
    assert gateway.keys.kept[key_id].revoked_at is None


@pytest.mark.parametrize("foreign", [{"tenant": "acme"}, {"datasources": ("hr_*",)}])
async def test_nothing_gets_into_the_datasource_of_others(foreign: dict[str, Any], gateway: Installation) -> None:
    mine = await gateway.ask("POST", "/api/ingest/upload", await gateway.key(Scope.WRITE))
    assert mine.status_code == 202
    headers = await gateway.key(Scope.WRITE, **foreign)
    for method, path in (
        ("POST", "/api/ingest/upload"),
        ("PUT", "/api/ingest/upload"),
        ("PUT", "/api/ingest/datasources/{name}"),
    ):
        answer = await gateway.ask(method, path, headers)
        assert problem(answer, 403, "forbidden-datasource")["field"] == "datasource_name"
    assert len(gateway.uploads.promised) == len(gateway.uploads.rows) == 1
    assert len(gateway.store.buckets["ingest"]) == 1
    assert len(gateway.contracts.promised) == 1


async def test_what_a_tenant_sends_is_its_own(gateway: Installation) -> None:
    headers = await gateway.key(Scope.READ, Scope.WRITE, tenant="acme")
    sent = {"content-type": CONTENT_TYPE, "idempotency-key": "k", **headers}
    body = upload_form(datasource="acme_sales")
    answer = await gateway.client.post("/api/ingest/upload", content=body, headers=sent)
    assert answer.status_code == 202, answer.text
    [event] = gateway.uploads.promised
    assert event.tenant == "acme"
    assert event.file_uri == f"s3://ingest/acme/uploads/{event.task_id}.csv"
    assert list(gateway.store.buckets["ingest"]) == [f"acme/uploads/{event.task_id}.csv"]
    status = answer.json()["links"]["status"]
    assert (await gateway.client.get(status, headers=headers)).status_code == 200
    problem(await gateway.client.get(status, headers=await gateway.key(Scope.ADMIN)), 404, "unknown-task")
    other = {**sent, **await gateway.key(Scope.WRITE)}
    again = await gateway.client.post("/api/ingest/upload", content=upload_form(), headers=other)
    assert again.status_code == 202, "the Idempotency-Keys of tenants are their own"
    assert again.json()["task_id"] != event.task_id


# ------------------------------------------------------------------------------------------------------------- keys


async def test_a_key_is_told_once_and_opens_what_was_asked(gateway: Installation) -> None:
    admin = await gateway.key(Scope.ADMIN, tenant="acme")
    asked = {"name": "nightly", "scopes": ["read"], "datasources": ["sales_*"], "expires_at": "2026-02-01T00:00:00Z"}
    made = await gateway.client.post("/api/ingest/keys", json=asked, headers=admin)
    assert made.status_code == 201
    body = made.json()
    key = ApiKey.parse(body["key"])
    assert key is not None
    kept = gateway.keys.kept[key.key_id]
    assert (kept.tenant, kept.name, kept.scopes) == ("acme", "nightly", frozenset({Scope.READ}))
    assert kept.datasources == ("sales_*",)
    listed = await gateway.client.get("/api/ingest/keys", headers=admin)
    assert key.key_id in listed.text
    assert key.secret not in listed.text
    assert kept.hash not in listed.text
    mine = {"authorization": f"Bearer {key.text}"}
    problem(await gateway.ask("POST", "/api/ingest/upload", mine), 403, "forbidden")


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["root"]}, "scopes"),
        ({"datasources": []}, "datasources"),
        ({"datasources": [""]}, "datasources"),
        ({"expires_at": "2026-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "2027-01-01T00:00:00"}, "expires_at"),
        ({"name": "a\nb"}, "name"),
        ({"tenant": "other"}, "tenant"),
    ],
)
async def test_a_key_that_cannot_be_names_its_field(asked: dict[str, Any], named: str, gateway: Installation) -> None:
    admin = await gateway.key(Scope.ADMIN)
    before = set(gateway.keys.kept)
    answer = await gateway.client.post("/api/ingest/keys", json=asked, headers=admin)
    assert problem(answer, 422, "invalid-field")["field"] == named
    assert set(gateway.keys.kept) == before


async def test_an_administrator_of_some_datasources_gives_away_no_more(gateway: Installation) -> None:
    admin = await gateway.key(Scope.ADMIN, datasources=("sales_*", "hr"))
    path = "/api/ingest/keys"
    for more in ({}, {"datasources": ["*"]}, {"datasources": ["sales_*", "x"]}):
        answer = await gateway.client.post(path, json=more, headers=admin)
        assert problem(answer, 422, "invalid-field")["field"] == "datasources"
    assert (await gateway.client.post(path, json={"datasources": ["hr"]}, headers=admin)).status_code == 201


async def test_an_administrator_of_some_datasources_handles_no_key_of_more(gateway: Installation) -> None:
    admin = await gateway.key(Scope.ADMIN, datasources=("sales_*",))
    whole = await gateway.client.post("/api/ingest/keys", headers=await gateway.key(Scope.ADMIN))
    path = f"/api/ingest/keys/{whole.json()['key_id']}"
    problem(await gateway.client.post(f"{path}/rotate", headers=admin), 403, "forbidden")
    problem(await gateway.client.delete(path, headers=admin), 403, "forbidden")
    assert gateway.keys.kept[whole.json()["key_id"]].revoked_at is None


async def test_a_revoked_key_opens_nothing_from_then_on(gateway: Installation) -> None:
    admin = await gateway.key(Scope.ADMIN)
    made = (await gateway.client.post("/api/ingest/keys", headers=admin)).json()
    mine = {"authorization": f"Bearer {made['key']}"}
    assert (await gateway.ask("GET", "/api/ingest/status/{task_id}", mine)).status_code == 200
    for _ in range(2):
        ended = await gateway.client.delete(f"/api/ingest/keys/{made['key_id']}", headers=admin)
        assert (ended.status_code, ended.json()["revoked_at"]) == (200, NOW.isoformat())
    problem(await gateway.ask("GET", "/api/ingest/status/{task_id}", mine), 401, "unauthenticated")


async def test_a_key_is_rotated_without_a_gap(gateway: Installation) -> None:
    admin = await gateway.key(Scope.ADMIN)
    asked = {"scopes": ["read"], "datasources": ["sales"]}
    old = (await gateway.client.post("/api/ingest/keys", json=asked, headers=admin)).json()
    path = f"/api/ingest/keys/{old['key_id']}/rotate"
    new = await gateway.client.post(path, json={"overlap_seconds": 60}, headers=admin)
    assert new.status_code == 201
    same = ("tenant", "scopes", "datasources", "name", "expires_at")
    assert [new.json()[name] for name in same] == [old[name] for name in same]
    for text in (old["key"], new.json()["key"]):
        answer = await gateway.ask("GET", "/api/ingest/status/{task_id}", {"authorization": f"Bearer {text}"})
        assert answer.status_code == 200
    assert gateway.keys.kept[old["key_id"]].revoked_at == NOW + timedelta(seconds=60)
    problem(await gateway.client.post(path, headers=admin), 409, "key-ended")


async def test_no_log_line_has_a_secret(gateway: Installation, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    admin = await gateway.key(Scope.ADMIN)
    made = (await gateway.client.post("/api/ingest/keys", headers=admin)).json()
    await gateway.client.delete(f"/api/ingest/keys/{made['key_id']}", headers=admin)
    mine = {"authorization": f"Bearer {made['key']}"}
    problem(await gateway.ask("GET", "/api/ingest/status/{task_id}", mine), 401, "unauthenticated")
    told = caplog.text + " ".join(str(record.__dict__) for record in caplog.records)
    assert made["key_id"] in told
    for secret in (made["key"].rsplit("_", 1)[1], admin["authorization"].rsplit("_", 1)[1]):
        assert secret not in told
