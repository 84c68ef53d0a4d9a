"""Cancel, retry and verify through the whole chain, also when whoever carries them out is killed at it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.e2e.files import rows_csv
from tests.e2e.installation import END_SECONDS, LOOK_SECONDS, Installation

pytestmark = pytest.mark.e2e

LARGE_ROWS = 1_500_000
GONE = b"not what the manifest says"


def say(installation: Installation, task_id: str, command: str, **body: str) -> dict[str, Any]:
    answer = installation.http.post(f"/api/ingest/tasks/{task_id}/{command}", json=body)
    assert answer.status_code == 202, answer.text
    given: dict[str, Any] = answer.json()
    return given


def end_of(installation: Installation, task_id: str, attempt: int) -> dict[str, Any]:
    """The task once this attempt has ended."""
    deadline = time.monotonic() + END_SECONDS
    while (task := installation.end(task_id))["attempt"] < attempt:
        assert time.monotonic() < deadline, task
        time.sleep(LOOK_SECONDS)
    return task


def large() -> bytes:
    return b"time,id,value\n" + b"2024-01-01T00:00:00Z,1,1.5\n" * LARGE_ROWS


def behind(installation: Installation, datasource: str) -> tuple[str, str]:
    """A large append, and a small replace that waits for it."""
    ahead = installation.upload(large(), datasource)
    waiting = installation.upload(rows_csv(20), datasource, mode="replace")
    installation.reached(waiting, "QUEUED")
    return ahead, waiting


def unreadable_parts(installation: Installation, datasource: str, *, rows: int) -> str:
    """A task that FAILED because Druid could not read its parts, which are whole again afterwards."""
    installation.stop("submitter")
    task_id = installation.upload(rows_csv(rows), datasource)
    installation.reached(task_id, "VALIDATED")
    (verdict,) = [body for body in installation.history(task_id) if "parts" in body]
    (part,) = verdict["parts"]
    whole = installation.object(part["key"])
    installation.store_object(part["key"], GONE)
    installation.start("submitter")
    assert installation.end(task_id)["status"] == "FAILED"
    installation.store_object(part["key"], whole)
    return task_id


def test_a_file_is_cancelled_while_it_is_validated(installation: Installation) -> None:
    datasource = installation.datasource()
    task_id = installation.upload(large(), datasource)
    installation.reached(task_id, "VALIDATING")
    begun = time.monotonic()
    done = installation.command("cancel", task_id, "--reason", "the wrong file", "--wait", "-o", "json")
    assert json.loads(done.stdout)["status"] == "CANCELLED"
    assert time.monotonic() - begun < 60
    again = installation.http.post(f"/api/ingest/tasks/{task_id}/cancel")
    assert (again.status_code, again.json()["type"]) == (409, "urn:ingest:problem:not-cancellable")
    installation.settled()
    assert installation.work_files() == ["lock"]
    assert installation.objects(f"validated/{task_id}/") == []
    assert installation.ends(task_id) == ["CANCELLED"]
    assert installation.druid_tasks(task_id, datasource) == []


def test_a_load_is_cancelled_while_it_waits_behind_another(installation: Installation) -> None:
    datasource = installation.datasource()
    ahead, waiting = behind(installation, datasource)
    later = installation.upload(rows_csv(5, first=900_000), datasource)
    say(installation, waiting, "cancel")
    assert installation.end(waiting)["status"] == "CANCELLED"
    installation.completed(ahead, read=LARGE_ROWS)
    installation.completed(later, read=5)
    assert installation.count(datasource) == LARGE_ROWS + 5
    assert installation.ends(waiting) == ["CANCELLED"]
    assert installation.druid_tasks(waiting, datasource) == []


def test_a_load_is_cancelled_while_druid_runs_it_and_tried_again(installation: Installation) -> None:
    datasource = installation.datasource()
    task_id = installation.upload(large(), datasource)
    installation.reached(task_id, "RUNNING")
    say(installation, task_id, "cancel")
    task = installation.end(task_id)
    assert (task["status"], task["status_reason"]) == ("CANCELLED", "cancelled")
    assert (task["ledger"]["rows_accepted"], task["ledger"]["rows_counted"]) == (LARGE_ROWS, 0)
    done = installation.command("retry", task_id, "--wait", "-o", "json")
    assert json.loads(done.stdout)["attempt"] == 2
    installation.completed(task_id, read=LARGE_ROWS)
    assert installation.count(datasource) == LARGE_ROWS
    assert sorted(installation.druid_tasks(task_id, datasource)) == [f"ingest_{task_id}_{one}" for one in (1, 2)]


def test_a_failed_submission_is_tried_again_with_the_same_parts(installation: Installation) -> None:
    datasource = installation.datasource()
    task_id = unreadable_parts(installation, datasource, rows=40)
    given = say(installation, task_id, "retry")
    assert (given["from"], given["attempt"]) == ("submission", 2)
    task = end_of(installation, task_id, 2)
    assert (task["status"], task["ledger"]["status"], task["ledger"]["rows_read"]) == ("COMPLETED", "RECONCILED", 40)
    assert task["report_key"]
    assert installation.count(datasource) == 40
    runs = {body["run_id"] for body in installation.history(task_id) if "parts" in body}
    assert len(runs) == 1
    refused = installation.http.post(f"/api/ingest/tasks/{task_id}/retry")
    assert refused.status_code == 409


def test_a_rejected_file_is_validated_again(installation: Installation) -> None:
    task_id = installation.upload(rows_csv(100, bad=frozenset(range(1, 7))), installation.datasource())
    assert installation.end(task_id)["status"] == "REJECTED"
    done = installation.command("retry", task_id, "--wait", check=False)
    assert done.returncode == 3
    task = end_of(installation, task_id, 2)
    assert (task["status"], task["attempt"]) == ("REJECTED", 2)
    assert installation.object(task["report_key"])


def test_a_finished_task_is_counted_again(installation: Installation) -> None:
    datasource = installation.datasource()
    task_id = installation.upload(rows_csv(30), datasource)
    installation.completed(task_id, read=30)
    assert "30  RECONCILED at " in installation.command("verify", task_id, "--wait").stdout
    swap = installation.upload(rows_csv(3), datasource, mode="replace")
    installation.completed(swap, read=3)
    gone = installation.command("verify", task_id, "--wait", check=False)
    assert (gone.returncode, "0  MISMATCH at " in gone.stdout) == (4, True)
    task = installation.completed(task_id, read=30)
    assert (task["verified"]["status"], task["verified"]["rows_counted"]) == ("MISMATCH", 0)
    assert installation.ends(task_id).count("COMPLETED") == 3  # its end, and two counts that move no state


@pytest.mark.parametrize(("service", "point"), [("validator", "V5"), ("submitter", "S6"), ("monitor", "M6")])
def test_a_kill_in_the_middle_of_a_cancel_changes_nothing(installation: Installation, service: str, point: str) -> None:
    datasource = installation.datasource()
    installation.restart(service, failpoint=point)
    if service == "submitter":
        ahead, task_id = behind(installation, datasource)
    else:
        task_id = installation.upload(large(), datasource)
        installation.reached(task_id, "VALIDATING" if service == "validator" else "RUNNING")
    say(installation, task_id, "cancel")
    installation.revive(service)
    assert installation.end(task_id)["status"] == "CANCELLED"
    if service == "submitter":
        installation.completed(ahead, read=LARGE_ROWS)
    installation.settled()
    assert installation.ends(task_id) == ["CANCELLED"]
    marker = installation.upload(rows_csv(7, first=900_000), datasource)
    installation.completed(marker, read=7)
    assert installation.count(datasource) == 7 + (LARGE_ROWS if service == "submitter" else 0)


def test_a_kill_in_the_middle_of_a_count_changes_nothing(installation: Installation) -> None:
    task_id = installation.upload(rows_csv(30), installation.datasource())
    installation.completed(task_id, read=30)
    installation.restart("monitor", failpoint="M7")
    say(installation, task_id, "verify")
    installation.revive("monitor")
    installation.settled()
    assert installation.command("verify", task_id, "--wait").returncode == 0
    counts = [body["sequence"] for body in installation.history(task_id) if body.get("verified")]
    assert sorted(counts) == [1, 2]


@pytest.mark.parametrize(
    ("service", "point"),
    [("gateway", "R1"), ("validator", "V5"), ("submitter", "S1"), ("submitter", "S3"), ("monitor", "M2")],
)
def test_a_kill_in_the_middle_of_a_retry_changes_nothing(installation: Installation, service: str, point: str) -> None:
    datasource = installation.datasource()
    task_id = unreadable_parts(installation, datasource, rows=25)
    installation.restart(service, failpoint=point)
    say(installation, task_id, "retry")
    installation.revive(service)
    assert end_of(installation, task_id, 2)["status"] == "COMPLETED"
    installation.settled()
    assert installation.count(datasource) == 25
    assert sorted(installation.druid_tasks(task_id, datasource)) == [f"ingest_{task_id}_{one}" for one in (1, 2)]
    assert sorted(installation.ends(task_id)) == ["COMPLETED", "FAILED"]
