"""`ingest` against the running chain."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.files import rows_csv
from tests.e2e.installation import ROOT, Installation, free_port

pytestmark = pytest.mark.e2e


def test_put_and_wait_prints_the_task_with_its_ledger(installation: Installation, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(rows_csv(100, bad=frozenset({5})))
    done = installation.command("put", str(path), "-d", installation.datasource(), "--wait", "-o", "json")
    task = json.loads(done.stdout)
    assert (task["status"], task["ledger"]["status"], task["ledger"]["rows_counted"]) == ("COMPLETED", "RECONCILED", 99)
    assert done.stderr.startswith("ingest: 1 of 100 rows were rejected")
    shown = installation.command("status", task["task_id"]).stdout
    assert "RECONCILED" in shown


def test_a_rejected_file_is_exit_code_3(installation: Installation, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("name\nAda\n")
    done = installation.command("put", str(path), "-d", installation.datasource(), "--wait", check=False)
    assert done.returncode == 3
    assert done.stderr.startswith("ingest: timestamp_missing: ")


def test_setup_may_run_again(installation: Installation) -> None:
    lines = installation.command("setup").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["database", "topics", "bucket", "api"]
    assert "0 made" in lines[1]
    assert lines[3].endswith("there before")


def test_the_probe_of_a_container_asks_whether_the_service_is_ready(installation: Installation) -> None:
    def probe(port: int) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "HEALTH_PORT": str(port)}
        command = [sys.executable, "-m", "shared.health_probe"]
        return subprocess.run(command, cwd=ROOT, env=environment, check=False, text=True, capture_output=True)

    assert {service: probe(port).returncode for service, port in installation.ports.items()} == dict.fromkeys(
        installation.ports, 0
    )
    nobody = probe(free_port())
    assert nobody.returncode == 1
    assert "does not answer" in nobody.stderr


def test_the_doctor_names_what_is_down(installation: Installation) -> None:
    well = installation.command("doctor")
    assert well.stdout.count("up  ") == 9
    installation.stop("monitor")
    try:
        ill = installation.command("doctor", check=False)
    finally:
        installation.start("monitor")
    assert ill.returncode == 1
    down = [line for line in ill.stdout.splitlines() if line.startswith("DOWN")]
    assert len(down) == 1
    assert "monitor" in down[0]
