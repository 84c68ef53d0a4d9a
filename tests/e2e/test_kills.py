"""Each service is killed between its effect and its event (and after it): the sums hold, and nothing happens twice."""

from __future__ import annotations

import pytest

from tests.e2e.files import rows_csv
from tests.e2e.installation import Installation

pytestmark = pytest.mark.e2e

POINTS = [
    ("gateway", "G3"),
    ("gateway", "G5"),
    ("gateway", "R1"),
    ("validator", "V1"),
    ("validator", "validator:effect_done"),
    ("validator", "validator:published"),
    ("submitter", "S0"),
    ("submitter", "S7"),
    ("submitter", "S1"),
    ("submitter", "S2"),
    ("submitter", "S3"),
    ("submitter", "submitter:effect_done"),
    ("submitter", "submitter:published"),
    ("monitor", "M1"),
    ("monitor", "M2"),
    ("monitor", "M5"),
    ("projector", "P1"),
    ("projector", "P2"),
]


@pytest.mark.parametrize(("service", "point"), POINTS, ids=[point for _, point in POINTS])
def test_a_kill_changes_nothing(installation: Installation, service: str, point: str) -> None:
    datasource = installation.datasource()
    installation.restart(service, failpoint=point)
    task_id = installation.upload(rows_csv(100), datasource)
    installation.revive(service)
    installation.completed(task_id, read=100)
    assert installation.count(datasource) == 100
    assert installation.druid_tasks(task_id, datasource) == [f"ingest_{task_id}_1"]
    assert installation.ends(task_id) == ["COMPLETED"]
    installation.settled()  # or what is said again would meet the next fail point


@pytest.mark.parametrize("point", ["U1", "U2", "U3", "U4", "U5", "submitter:published"])
def test_a_kill_in_an_undo_changes_nothing(installation: Installation, point: str) -> None:
    datasource = installation.datasource()
    installation.completed(installation.upload(rows_csv(100), datasource), read=100)
    swap = installation.upload(rows_csv(30), datasource, mode="replace")
    installation.completed(swap, read=30)
    installation.settled()
    installation.restart("submitter", failpoint=point)
    undo = installation.undo(swap)
    installation.revive("submitter")
    assert installation.end(undo)["status"] == "COMPLETED"
    assert installation.count(datasource) == 100
    assert installation.ends(undo) == ["COMPLETED"]
    installation.settled()


def test_a_killed_validator_leaves_no_files(installation: Installation) -> None:
    installation.restart("validator", failpoint="V1")
    task_id = installation.upload(rows_csv(100), installation.datasource())
    installation.revive("validator")
    installation.completed(task_id, read=100)
    assert installation.work_files() == ["lock"]
    installation.stop("validator")
    assert installation.work_files() == []
    installation.start("validator")
