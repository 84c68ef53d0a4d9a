from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import ids


@given(st.uuids())
def test_a_task_id_is_another_spelling_of_a_uuid(value: UUID) -> None:
    task_id = ids.task_id_of(value)
    assert ids.TASK_ID_PATTERN.fullmatch(task_id)
    assert ids.task_uuid_of(task_id) == value
    assert ids.is_task_id(task_id)


@pytest.mark.parametrize(
    "text",
    ["", "short", "l" * 22, "0" * 22, "2" * 21, "2" * 23, "2" * 22 + "\n", "z" * 22, "é" * 22],
)
def test_what_is_no_task_id_is_refused(text: str) -> None:
    assert not ids.is_task_id(text)
    with pytest.raises(ValueError, match="a task id"):
        ids.task_uuid_of(text)


def test_fresh_ids_differ_and_sort_by_their_age() -> None:
    made = [ids.task_uuid_of(ids.fresh_task_id()) for _ in range(200)]
    assert len(set(made)) == 200
    assert made == sorted(made)
    assert {one.version for one in made} == {7}


def test_every_part_of_a_name_counts() -> None:
    names = [
        ids.idempotent_task_id(tenant="a", idempotency_key="b"),
        ids.idempotent_task_id(tenant="b", idempotency_key="b"),
        ids.idempotent_task_id(tenant="a", idempotency_key="c"),
        ids.upstream_task_id(tenant="a", datasource_name="b", file_uri="c"),
        ids.upstream_task_id(tenant="a", datasource_name="b", file_uri="c", request_id="d"),
        ids.upstream_task_id(tenant="b", datasource_name="a", file_uri="c"),
    ]
    assert len(set(names)) == len(names)


def test_parts_do_not_run_into_each_other() -> None:
    assert ids.derived_uuid("ab", "c") != ids.derived_uuid("a", "bc")


@given(st.integers(1, 9), st.sampled_from(["RUNNING", "LOADING"]), st.integers(0, 9))
def test_an_event_id_repeats_only_with_its_step(attempt: int, stage: str, sequence: int) -> None:
    step = {"task_id": "2" * 22, "event_type": "ingest.task.updated.v1"}
    here = ids.event_id(**step, attempt=attempt, stage=stage, sequence=sequence)
    assert here == ids.event_id(**step, attempt=attempt, stage=stage, sequence=sequence)
    assert here != ids.event_id(**step, attempt=attempt + 1, stage=stage, sequence=sequence)
    assert here != ids.event_id(**step, attempt=attempt, stage=stage, sequence=sequence + 1)
    assert here != ids.event_id(**step, attempt=attempt, stage="PENDING", sequence=sequence)
