from __future__ import annotations

import dataclasses
import itertools
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.projector.projection import INTEGER_MAX, has_state, is_shown, project, status_of
from services.projector.shown import AttemptRow, TaskRow
from shared import ids
from shared.db.models import Base, IngestionTask, TaskAttempt
from shared.events import (
    CommandName,
    Correction,
    DatasourceUpdated,
    LedgerStatus,
    LoadMode,
    Plan,
    Problem,
    TaskCommand,
    TaskEvent,
    TaskStatus,
    Undone,
)
from tests.unit.projector.histories import (
    PROBLEM,
    RECONCILED,
    TASK,
    at,
    histories,
    loaded,
    submitted,
    updated,
    uploaded,
    validated,
    waived,
)

OTHER_TASK = "2JZznck42sktPQe27DoWV3"


def row(*events: TaskEvent) -> TaskRow:
    return project(TASK, events).task


# ------------------------------------------------------------------------------------------------ any order, any copies


@given(history=histories(), data=st.data())
def test_any_order_and_any_copies_give_the_same_rows(history: list[TaskEvent], data: st.DataObject) -> None:
    copies = data.draw(st.lists(st.sampled_from(history), max_size=10))
    shuffled = data.draw(st.permutations(history + copies))
    assert project(TASK, shuffled) == project(TASK, history)


@given(history=histories(), other=histories(), data=st.data())
def test_copies_that_differ_do_not_make_the_order_matter(
    history: list[TaskEvent], other: list[TaskEvent], data: st.DataObject
) -> None:
    everything = history + other
    assert project(TASK, data.draw(st.permutations(everything))) == project(TASK, everything)


@given(history=histories())
def test_a_task_never_moves_back(history: list[TaskEvent]) -> None:
    seen = (0, 0, -1)
    for length in range(1, len(history) + 1):
        if not has_state(history[:length]):
            continue
        task = project(TASK, history[:length]).task
        status = TaskStatus(task.status)
        standing = (task.attempt, status.rank, status.precedence)
        assert standing >= seen
        seen = standing


@given(history=histories())
def test_each_attempt_has_a_row_and_the_highest_is_shown(history: list[TaskEvent]) -> None:
    shown = project(TASK, history)
    assert [attempt.attempt for attempt in shown.attempts] == sorted(
        {event.attempt for event in history if not isinstance(event, TaskCommand)}
    )
    last = shown.attempts[-1]
    assert (shown.task.attempt, shown.task.status) == (last.attempt, last.status)
    assert (shown.task.completed_at, shown.task.ledger) == (last.ended_at, last.ledger)


@given(history=histories())
def test_every_time_comes_from_an_event(history: list[TaskEvent]) -> None:
    said = {at(second) for second in range(11)} | {at(-3600), at(-60)}
    times = {value for name, value in dataclasses.asdict(project(TASK, history).task).items() if name.endswith("_at")}
    assert times - {None} <= said


# ----------------------------------------------------------------------------------------------------------- the fields


def test_a_load_that_went_well() -> None:
    task = row(*loaded())
    assert dataclasses.asdict(task) == {
        "id": ids.task_uuid_of(TASK),
        "task_id": TASK,
        "tenant": "default",
        "user_id": "ada",
        "datasource_name": "flights",
        "original_filename": "flights.csv",
        "file_uri": f"s3://ingest/uploads/{TASK}.csv",
        "status": "COMPLETED",
        "status_reason": None,
        "attempt": 1,
        "druid_task_id": f"ingest_{TASK}_1",
        "created_at": at(0),
        "updated_at": at(60),
        "started_at": at(1),
        "completed_at": at(60),
        "error_message": None,
        "validation_errors": None,
        "file_size": 4096,
        "row_count": 993,
        "mode": "replace",
        "rows_read": 1000,
        "rows_accepted": 993,
        "rows_rejected": 7,
        "rows_so_far": 900,
        "ledger": RECONCILED.model_dump(mode="json", exclude_none=True),
        "report_key": "reports/run1.json",
        "rejects_key": "rejected/run1.ndjson.gz",
        "time_min": at(-3600),
        "time_max": at(-60),
        "states": [
            {"status": status, "at": at(second).isoformat(), "reason": reason, "seconds": seconds}
            for status, second, reason, seconds in (
                ("PENDING", 0, None, 1.0),
                ("VALIDATING", 1, None, 1.0),
                ("VALIDATED", 2, None, 1.0),
                ("QUEUED", 3, "order", 1.0),
                ("SUBMITTED", 4, None, 1.0),
                ("RUNNING", 5, None, 2.0),
                ("LOADING", 7, None, 53.0),
                ("COMPLETED", 60, None, None),
            )
        ],
        "contract_version": None,
        **dict.fromkeys(("corrects", "rejected_records", "corrected_records", "rows_waived", "waived_records")),
        **dict.fromkeys(("stop_after", "plan", "spec_key", "duplicate_of", "undoes", "undone", "verified")),
    }


def test_each_step_is_shown_when_it_is_the_furthest() -> None:
    steps = loaded()
    shown = [project(TASK, steps[:length]).task for length in range(1, len(steps) + 1)]
    expected = [
        ("PENDING", None, 0),
        ("VALIDATING", None, 1),
        ("VALIDATED", None, 2),
        ("QUEUED", "order", 3),
        ("SUBMITTED", None, 4),
        ("RUNNING", None, 5),
        ("RUNNING", None, 6),
        ("LOADING", None, 7),
        ("COMPLETED", None, 60),
    ]
    assert [(task.status, task.status_reason, task.updated_at) for task in shown] == [
        (status, reason, at(seconds)) for status, reason, seconds in expected
    ]
    assert [task.completed_at for task in shown] == [None] * 8 + [at(60)]


def test_a_rejected_file_tells_why_and_what_was_read() -> None:
    verdict = updated(
        TaskStatus.REJECTED,
        2,
        problems=(PROBLEM, PROBLEM),
        rows_read=12,
        rows_rejected=12,
        report_key="reports/r.json",
        rejects_key="rejected/r.gz",
    )
    task = row(uploaded(), updated(TaskStatus.VALIDATING, 1), verdict)
    assert (task.status, task.completed_at) == ("REJECTED", at(2))
    assert task.error_message == "no column holds times"
    assert task.validation_errors == [PROBLEM.model_dump(mode="json")] * 2
    assert (task.rows_read, task.rows_accepted, task.rows_rejected) == (12, None, 12)
    assert (task.report_key, task.rejects_key) == ("reports/r.json", "rejected/r.gz")


def test_a_failure_without_a_problem_tells_its_reason() -> None:
    task = row(uploaded(), updated(TaskStatus.FAILED, 9, reason="source_changed"))
    assert (task.error_message, task.validation_errors) == ("source_changed", None)


@pytest.mark.parametrize("end", [TaskStatus.COMPLETED, TaskStatus.CANCELLED, TaskStatus.SUPERSEDED])
def test_an_error_is_gone_when_another_end_outranks_it(end: TaskStatus) -> None:
    task = row(updated(TaskStatus.REJECTED, 1, problems=(PROBLEM,)), updated(end, 2))
    assert (task.status, task.error_message, task.validation_errors) == (end.value, None, None)


def test_when_ends_meet_the_stronger_one_stays_whenever_it_came() -> None:
    weakest_first = [
        TaskStatus.REJECTED,
        TaskStatus.CANCELLED,
        TaskStatus.SUPERSEDED,
        TaskStatus.FAILED,
        TaskStatus.COMPLETED,
    ]
    for weak, strong in itertools.pairwise(weakest_first):
        # the weak one is later and has the higher sequence: neither helps
        assert row(updated(strong, 1), updated(weak, 9, sequence=5)).status == strong


def test_the_upload_may_come_last_or_not_yet() -> None:
    *others, upload = [*loaded()[1:], loaded()[0]]
    without = row(*others)
    assert (without.status, without.rows_read, without.datasource_name, without.created_at) == (
        "COMPLETED",
        1000,
        None,
        None,
    )
    assert row(*others, upload) == row(*loaded())


def test_an_upstream_file_has_the_size_that_the_validator_saw() -> None:
    assert row(uploaded(file_size=None)).file_size is None
    assert row(uploaded(file_size=None), validated()).file_size == 4097
    assert row(uploaded(file_size=0), validated()).file_size == 0


@pytest.mark.parametrize(("counted", "shown"), [(INTEGER_MAX, INTEGER_MAX), (INTEGER_MAX + 1, None), (None, None)])
def test_a_count_that_does_not_fit_is_only_in_the_ledger(counted: int | None, shown: int | None) -> None:
    ledger = RECONCILED.model_copy(update={"rows_counted": counted})
    task = row(updated(TaskStatus.COMPLETED, 1, ledger=ledger))
    assert task.row_count == shown
    assert task.ledger is not None
    assert task.ledger.get("rows_counted") == counted


def test_a_ledger_that_does_not_come_from_an_end_is_not_shown() -> None:
    assert row(updated(TaskStatus.LOADING, 1, ledger=RECONCILED)).ledger is None


def test_the_earliest_start_counts() -> None:
    starts = [updated(TaskStatus.VALIDATING, 5, sequence=1), updated(TaskStatus.VALIDATING, 3)]
    assert row(*starts).started_at == at(3)


def test_a_late_event_of_a_lower_attempt_changes_its_own_row_only() -> None:
    second: list[TaskEvent] = [
        updated(TaskStatus.QUEUED, 70, attempt=2),
        submitted(attempt=2, submitted_at=at(71)),
        updated(TaskStatus.RUNNING, 72, attempt=2),
    ]
    before = project(TASK, [uploaded(), *second])
    after = project(TASK, [uploaded(), *second, updated(TaskStatus.FAILED, 90, problems=(PROBLEM,))])
    assert after.task == before.task
    assert after.task.druid_task_id == f"ingest_{TASK}_2"
    assert [(one.attempt, one.status, one.error_message) for one in after.attempts] == [
        (1, "FAILED", "no column holds times"),
        (2, "RUNNING", None),
    ]


def test_of_two_uploads_with_one_id_the_earlier_counts() -> None:
    late = uploaded(accepted_at=at(0) + timedelta(milliseconds=1), user_id="eve")
    assert row(late, uploaded()) == row(uploaded(), late) == row(uploaded())


def test_other_commands_are_not_shown() -> None:
    command = TaskCommand(task_id=TASK, attempt=3, command=CommandName.CANCEL, issued_at=at(5))
    assert row(uploaded(), command) == row(uploaded())
    with pytest.raises(ValueError, match="no event to show"):
        project(TASK, [command])


def test_waivers_of_every_attempt_add_up() -> None:
    task = row(
        uploaded(),
        waived(rows=2, records="3,77"),
        waived(rows=2, records="3,77"),
        waived(rows=1, sequence=1, attempt=2),
        waived(rows=2, sequence=2, records="78,100"),
    )
    assert (task.rows_waived, task.waived_records) == (5, "3,77-78,100")
    assert (task.status, task.attempt) == ("PENDING", 1)
    assert row(uploaded()).rows_waived is None


def test_a_waiver_of_no_records_still_counts() -> None:
    task = row(uploaded(), waived(rows=2, records="all of them"))
    assert (task.rows_waived, task.waived_records) == (2, None)


def test_waivers_alone_show_nothing() -> None:
    assert not has_state([waived(rows=1)])
    assert has_state([waived(rows=1), updated(TaskStatus.VALIDATING, 1)])


def test_a_correction_shows_what_it_corrects_and_which_records() -> None:
    parent = ids.fresh_task_id()
    child = uploaded(correction=Correction(parent_task_id=parent, rows=7))
    task = row(child, validated(rejected_records="4", corrected_records="3,77"))
    assert (task.corrects, task.rejected_records, task.corrected_records) == (parent, "4", "3,77")
    assert row(uploaded()).corrects is None


@pytest.mark.parametrize("status", TaskStatus)
def test_a_state_can_be_shown_whoever_says_it(status: TaskStatus) -> None:
    event = updated(status, 1)
    assert (status_of(event), row(event).status) == (status, status.value)


@pytest.mark.parametrize(("shown", "table"), [(TaskRow, IngestionTask), (AttemptRow, TaskAttempt)])
def test_every_column_is_written(shown: Any, table: type[Base]) -> None:
    assert [field.name for field in dataclasses.fields(shown)] == [column.name for column in table.__table__.columns]


def test_events_that_say_no_state_have_one() -> None:
    assert [status_of(event) for event in (uploaded(), validated(), submitted())] == [
        TaskStatus.PENDING,
        TaskStatus.VALIDATED,
        TaskStatus.SUBMITTED,
    ]


@pytest.mark.parametrize(
    ("events", "shown"),
    [
        ([uploaded()], None),
        ([uploaded(contract_version=0), validated(contract_version=None)], None),
        ([uploaded(contract_version=3)], 3),
        ([uploaded(contract_version=3), validated(contract_version=4)], 3),
        ([uploaded(), updated(TaskStatus.VALIDATING, 1, contract_version=2)], 2),
        ([uploaded(), updated(TaskStatus.VALIDATING, 1, contract_version=2), validated(contract_version=2)], 2),
        ([uploaded(), validated(contract_version=5)], 5),
        ([updated(TaskStatus.VALIDATING, 1, contract_version=2), updated(TaskStatus.REJECTED, 2)], 2),
    ],
)
def test_the_contract_is_that_of_the_upload_else_the_validators_word(
    events: list[TaskEvent], shown: int | None
) -> None:
    assert row(*events).contract_version == shown


def test_a_task_that_waits_for_its_contract_is_pending_and_says_why() -> None:
    waiting = updated(TaskStatus.PENDING, -5, sequence=1, reason="contract_awaited")
    shown = row(uploaded(contract_version=3), waiting)
    assert (shown.status, shown.status_reason, shown.contract_version) == ("PENDING", "contract_awaited", 3)
    going_on = row(uploaded(contract_version=3), waiting, updated(TaskStatus.VALIDATING, 1))
    assert (going_on.status, going_on.status_reason) == ("VALIDATING", None)


def test_a_contract_is_nothing_of_a_task() -> None:
    contract = DatasourceUpdated(datasource_name="sales", version=1, contract="", sha256="", created_at=at(0))
    assert not is_shown(contract)


# ------------------------------------------------------------------------------------------------- the side of Druid


def test_a_later_count_is_shown_and_moves_nothing() -> None:
    gone = RECONCILED.model_copy(update={"status": LedgerStatus.MISMATCH, "rows_counted": 1})
    counts = [
        updated(TaskStatus.COMPLETED, 60 + number, sequence=number, verified=ledger)
        for number, ledger in ((1, RECONCILED), (2, gone))
    ]
    before, after = row(*loaded()), row(*counts, *loaded())
    assert after.verified == gone.model_dump(mode="json", exclude_none=True)
    assert dataclasses.replace(after, verified=None) == before


def test_a_count_alone_is_nothing_to_show() -> None:
    assert not has_state([updated(TaskStatus.COMPLETED, 60, sequence=1, verified=RECONCILED)])


def test_an_undo_is_a_task_of_its_own() -> None:
    undo = TaskCommand(
        task_id=TASK,
        command=CommandName.UNDO,
        issued_at=at(0),
        user_id="ada",
        undoes=OTHER_TASK,
        datasource_name="flights",
    )
    begun = row(undo)
    assert (begun.status, begun.undoes, begun.datasource_name, begun.user_id) == (
        "PENDING",
        OTHER_TASK,
        "flights",
        "ada",
    )
    assert begun.created_at == at(0)
    undone = Undone(undoes=OTHER_TASK, rows_before=10, rows_after=3, rows_removed=7, segments_removed=1)
    ended = row(updated(TaskStatus.COMPLETED, 9, undone=undone), undo)
    assert (ended.status, ended.undoes) == ("COMPLETED", OTHER_TASK)
    assert ended.undone == undone.model_dump(mode="json", exclude_none=True)


def test_a_plan_and_a_twin_are_told_with_the_end() -> None:
    plan = Plan(
        token="abc",
        mode=LoadMode.APPEND,
        chunks=(),
        rows_now=0,
        rows_coming=993,
        rows_vanishing=0,
        chunks_vanishing=0,
        made_at=at(5),
    )
    planned = row(uploaded(), updated(TaskStatus.COMPLETED, 5, plan=plan))
    assert planned.plan == plan.model_dump(mode="json", exclude_none=True)
    twin = row(uploaded(), updated(TaskStatus.REJECTED, 5, duplicate_of=OTHER_TASK))
    assert (twin.status, twin.duplicate_of) == ("REJECTED", OTHER_TASK)


def test_what_was_noticed_stands_with_the_state_in_which_it_was() -> None:
    notice = Problem(code="live_type", message="`x` is LONG …", detail={"column": "x"})
    task = row(uploaded(), submitted(notices=(notice,)))
    assert [one.get("notices") for one in task.states] == [None, [notice.model_dump(mode="json")]]


def test_each_reason_to_wait_has_its_time() -> None:
    order = [
        updated(TaskStatus.QUEUED, 3 + number, sequence=number, reason=f"order: behind {number}") for number in (0, 1)
    ]
    slot = updated(TaskStatus.QUEUED, 9, sequence=2, reason="slot: 2 needed, 1 free")
    lock = updated(TaskStatus.SUBMITTED, 12, sequence=1, reason="lock: another task holds the time")
    task = row(lock, slot, *order, submitted(submitted_at=at(11)), uploaded())
    assert [(one["status"], one["reason"], one["seconds"]) for one in task.states] == [
        ("PENDING", None, 3.0),
        ("QUEUED", "order: behind 0", 6.0),
        ("QUEUED", "slot: 2 needed, 1 free", 2.0),
        ("SUBMITTED", None, 1.0),
        ("SUBMITTED", "lock: another task holds the time", None),
    ]
    assert task.status_reason == "lock: another task holds the time"


def test_a_clock_that_is_behind_takes_no_time_back() -> None:
    task = row(uploaded(), updated(TaskStatus.VALIDATING, -2))
    assert task.states[0]["seconds"] == 0.0
