"""Names that are in use out there: should one of these change, every effect would happen a second time."""

from __future__ import annotations

from uuid import UUID

from shared import ids


def test_a_derived_name_never_changes() -> None:
    assert ids.derived_uuid("a", "b") == UUID("41c675d4-96d1-5794-889c-e02422563665")


def test_the_task_id_of_an_idempotency_key_never_changes() -> None:
    assert ids.idempotent_task_id(tenant="default", idempotency_key="golden") == "dSXkVh3PurvQXCK83h2Tmp"


def test_the_task_id_of_an_upstream_record_never_changes() -> None:
    name = {"tenant": "default", "datasource_name": "sales", "file_uri": "s3://lake/2026/03/01.csv"}
    assert ids.upstream_task_id(**name) == "BxAm8qSsocNVSZYtGk2ayy"
    assert ids.upstream_task_id(**name, request_id="run-42") == "6YnEzqXe5bGonVrUvGGydD"


def test_the_id_of_an_event_never_changes() -> None:
    task_id = "dSXkVh3PurvQXCK83h2Tmp"
    first = ids.event_id(task_id=task_id, event_type="ingest.task.updated.v1", attempt=1, stage="RUNNING")
    third = ids.event_id(task_id=task_id, event_type="ingest.task.updated.v1", attempt=2, stage="RUNNING", sequence=3)
    assert first == UUID("9fa8097b-9fe4-56c6-a06b-44afb4cc8aa5")
    assert third == UUID("75734984-3dc2-5b1a-89c2-18b1d85817f3")


def test_the_druid_task_of_an_attempt_never_changes() -> None:
    assert ids.druid_task_id(task_id="dSXkVh3PurvQXCK83h2Tmp", attempt=2) == "ingest_dSXkVh3PurvQXCK83h2Tmp_2"
