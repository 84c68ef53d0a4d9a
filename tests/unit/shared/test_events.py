from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from pydantic import ValidationError

from shared.events import AnyEvent, CommandName, TaskCommand, TaskStatus, TaskUpdated, body_of, event_time
from tests.contracts import strategies

TASK = "dSXkVh3PurvQXCK83h2Tmp"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def an_update(**fields: Any) -> TaskUpdated:
    return TaskUpdated(**{"task_id": TASK, "status": TaskStatus.RUNNING, "occurred_at": NOW, **fields})


def test_ranks_go_up_to_the_end() -> None:
    way = [TaskStatus.PENDING, TaskStatus.VALIDATING, TaskStatus.VALIDATED, TaskStatus.QUEUED]
    way += [TaskStatus.SUBMITTED, TaskStatus.RUNNING, TaskStatus.LOADING, TaskStatus.COMPLETED]
    assert [status.rank for status in way] == [0, 1, 2, 3, 4, 5, 6, 9]


def test_five_states_end_an_attempt_and_each_has_its_own_precedence() -> None:
    ends = sorted((status for status in TaskStatus if status.is_end), key=lambda status: status.precedence)
    assert ends == ["REJECTED", "CANCELLED", "SUPERSEDED", "FAILED", "COMPLETED"]
    assert {status.precedence for status in TaskStatus if not status.is_end} == {-1}


def test_progress_reports_of_a_state_have_ids_of_their_own() -> None:
    reports = [an_update(sequence=number).event_id for number in range(3)]
    assert len(set(reports)) == 3
    assert an_update(rows_so_far=5).event_id == reports[0]
    assert an_update(status=TaskStatus.LOADING).event_id not in reports
    assert an_update(attempt=2).event_id not in reports


def test_commands_of_a_kind_are_counted() -> None:
    first, second = (
        TaskCommand(task_id=TASK, command=CommandName.REPOST, issued_at=NOW, sequence=number) for number in (0, 1)
    )
    assert first.event_id != second.event_id


@given(strategies.any_event)
def test_every_event_has_a_time(event: AnyEvent) -> None:
    assert event_time(event).tzinfo is not None


@given(strategies.any_event)
def test_nothing_empty_is_written(event: AnyEvent) -> None:
    body = body_of(event)
    assert None not in body.values()
    assert type(event).model_validate(body) == event


def test_an_event_cannot_be_changed() -> None:
    event = an_update()
    with pytest.raises(ValidationError):
        event.status = TaskStatus.FAILED  # type: ignore[misc]  # what the test is about


@pytest.mark.parametrize(
    "fields",
    [
        {"task_id": "z" * 22},
        {"task_id": "l" * 22},
        {"attempt": 0},
        {"attempt": 1_000_001},
        {"tenant": ""},
        {"sequence": -1},
        {"rows_so_far": 2**63},
        {"occurred_at": datetime(2026, 3, 1)},  # noqa: DTZ001  # what the test is about
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        an_update(**fields)
