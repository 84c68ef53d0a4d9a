"""Two tenants in one installation, with keys from the command line, from the upload to the proof."""

from __future__ import annotations

import json

import httpx
import pytest

from services.gateway_client import credentials
from tests.e2e.files import rows_csv
from tests.e2e.installation import Installation

pytestmark = pytest.mark.e2e


def as_tenant(installation: Installation, tenant: str) -> httpx.Client:
    """A client with the first key of a tenant, as an operator makes it."""
    done = installation.command("keys", "create", "--admin", "--tenant", tenant)
    headers = credentials(done.stdout.strip())
    return httpx.Client(
        base_url=installation.environment["INGEST_API_URL"], headers=headers, timeout=60, trust_env=False
    )


def test_a_tenant_s_file_is_loaded_and_proven_and_nobody_else_s(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    datasource = installation.datasource()
    with as_tenant(installation, "acme") as acme, monkeypatch.context() as patched:
        patched.setattr(installation, "http", acme)
        task_id = installation.upload(rows_csv(100, bad=frozenset({5})), datasource)
        task = installation.completed(task_id, read=100, rejected=1)
        spec = acme.get(f"/api/ingest/tasks/{task_id}/spec")
        assert spec.status_code == 200
        for key in (task["report_key"], task["rejects_key"], task["spec_key"]):
            assert key.startswith("acme/"), key
        assert installation.objects(f"acme/uploads/{task_id}")
        assert installation.objects(f"acme/validated/{task_id}/")
    assert installation.count(datasource) == 99
    assert installation.task(task_id) is None, "the default tenant's administrator does not see it"
    files, data = {"file": ("rows.csv", rows_csv(10))}, {"datasource_name": datasource}
    refused = installation.http.post("/api/ingest/upload", files=files, data=data)
    assert refused.status_code == 403, "nor does its file get into that datasource"
    undo = installation.http.post(f"/api/ingest/tasks/{task_id}/undo")
    assert (undo.status_code, undo.json()["type"]) == (404, "urn:ingest:problem:unknown-task")
    assert installation.count(datasource) == 99


def test_keys_are_made_listed_rotated_and_revoked_by_the_command_line(installation: Installation) -> None:
    made = json.loads(
        installation.command("keys", "create", "--name", "nightly", "--scope", "read", "-o", "json").stdout
    )
    assert (
        f"{made['key_id']}  read         never             open                nightly"
        in installation.command("keys", "ls").stdout
    )

    def asked(key: str) -> int:
        return installation.http.get("/api/ingest/keys", headers=credentials(key)).status_code

    assert asked(made["key"]) == 403
    new = installation.command("keys", "rotate", made["key_id"], "--overlap-hours", "0").stdout.strip()
    assert asked(made["key"]) == 401
    assert asked(new) == 403
    installation.command("keys", "revoke", new.split("_")[1])
    assert asked(new) == 401
    nobody = installation.command("keys", "revoke", "0" * 16, check=False)
    assert nobody.returncode == 1
    assert nobody.stderr.startswith("ingest: There is no such API key: ")
