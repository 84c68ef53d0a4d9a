"""May rejected rows be corrected or waived now, and what is the gap?"""

from __future__ import annotations

from typing import Any

import pytest

from services.gateway.correcting import MAX_NAMED_RECORDS, Family, Waiver, plan_correction, plan_waiver
from services.gateway.decisions import Decided
from services.gateway.gap import gap_of
from services.gateway.problems import ProblemError
from shared.events import NO_CONTRACT, Correction, TaskStatus
from shared.record_set import RecordSet
from tests.unit.gateway.families_of import CHILD, PARENT, child, task

LATEST = Decided(PARENT, version=1, child_task_id=CHILD)


def family(*children: dict[str, Any], decided: Decided | None = None, **parent: Any) -> Family:
    return Family(task(**parent), children, decided or Decided(PARENT))


def refusal(asked: Family, records: RecordSet | None = None, *, waive: bool = False) -> ProblemError:
    with pytest.raises(ProblemError) as raised:
        plan_waiver(asked, records) if waive else plan_correction(asked)
    return raised.value


# ------------------------------------------------------------------------------------------------------------- the gap


@pytest.mark.parametrize(
    ("children", "waived", "figures"),
    [
        ([], None, (3, 0, 0, 3)),
        ([child()], None, (3, 1, 0, 2)),
        ([child(), child(accepted=2)], None, (3, 3, 0, 0)),
        ([child(status="FAILED")], None, (3, 0, 0, 3)),
        ([child(status="LOADING")], None, (3, 0, 0, 3)),
        ([child()], 2, (3, 1, 2, 0)),
    ],
)
def test_the_gap_is_what_is_neither_corrected_nor_waived(
    children: list[dict[str, Any]], waived: int | None, figures: tuple[int, ...]
) -> None:
    gap = gap_of(task(rows_waived=waived), children)
    assert (gap.rejected, gap.corrected, gap.waived, gap.rows) == figures


def test_a_file_that_was_not_loaded_has_no_gap() -> None:
    assert gap_of(task(status="REJECTED"), []).rows == 0


# --------------------------------------------------------------------------------------------------------- corrections


def test_the_first_correction_may_fill_the_whole_gap() -> None:
    plan = plan_correction(family())
    assert plan.correction == Correction(parent_task_id=PARENT, rows=3)
    assert (plan.datasource_name, plan.seen) == ("sales", Decided(PARENT))


@pytest.mark.parametrize(("of_parent", "pinned"), [(2, 2), (None, NO_CONTRACT)])
def test_it_is_judged_by_the_contract_that_judged_its_parent(of_parent: int | None, pinned: int) -> None:
    assert plan_correction(family(contract_version=of_parent)).contract_version == pinned


def test_a_later_one_is_told_what_is_settled() -> None:
    decided = Decided(PARENT, version=2, child_task_id=CHILD, waivers=1, rows_waived=1, waived_records="77")
    plan = plan_correction(family(child(), decided=decided))
    assert plan.correction == Correction(parent_task_id=PARENT, rows=1, completed=(CHILD,), waived="77")
    assert plan.seen == decided


def test_a_replace_is_corrected_like_any_other() -> None:
    assert plan_correction(family(mode="replace")).correction is not None


@pytest.mark.parametrize("status", [status for status in TaskStatus if status is not TaskStatus.COMPLETED])
def test_only_a_completed_task_is_corrected(status: TaskStatus) -> None:
    problem = refusal(family(status=status.value))
    assert problem.kind.slug == "not-correctable"
    assert status.value in problem.detail
    assert ("Upload the corrected file as a new one" in problem.detail) is status.is_end


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"rows_rejected": 0}, "No row"),
        ({"rows_rejected": None}, "No row"),
        ({"corrects": CHILD}, f"as a correction of {CHILD}"),
        ({"datasource_name": None}, "Try again soon"),
    ],
)
def test_what_cannot_be_corrected_says_why(changes: dict[str, Any], why: str) -> None:
    problem = refusal(family(**changes))
    assert (problem.kind.slug, problem.kind.status) == ("not-correctable", 409)
    assert why in problem.detail


def test_a_closed_gap_is_not_corrected_again() -> None:
    assert "all are corrected or waived" in refusal(family(child(accepted=3), decided=LATEST)).detail


@pytest.mark.parametrize("children", [[], [child(status="PENDING")], [child(status="LOADING")]])
@pytest.mark.parametrize("waive", [True, False])
def test_one_correction_at_a_time(children: list[dict[str, Any]], *, waive: bool) -> None:
    problem = refusal(family(*children, decided=LATEST), waive=waive)
    assert (problem.kind.slug, problem.kind.status) == ("correction-in-flight", 409)
    assert CHILD in problem.detail


@pytest.mark.parametrize("status", ["REJECTED", "FAILED", "CANCELLED"])
def test_one_that_came_to_nothing_is_not_in_the_way(status: str) -> None:
    plan = plan_correction(family(child(status=status), decided=LATEST))
    assert plan.correction == Correction(parent_task_id=PARENT, rows=3)


# ------------------------------------------------------------------------------------------------------------- waivers


def test_all_open_rows_are_waived() -> None:
    assert plan_waiver(family(child(), decided=LATEST), None) == Waiver(2)
    assert plan_waiver(family(child(accepted=3), decided=LATEST), None) == Waiver(0)


def test_single_records_are_waived_once() -> None:
    assert plan_waiver(family(), RecordSet([3, 78])) == Waiver(2, RecordSet([3, 78]))
    decided = Decided(PARENT, version=1, waivers=1, rows_waived=1, waived_records="3")
    assert plan_waiver(family(decided=decided), RecordSet([3, 78])) == Waiver(1, RecordSet([78]))
    assert plan_waiver(family(decided=decided), RecordSet([3])) == Waiver(0)


@pytest.mark.parametrize(
    ("asked", "records", "why"),
    [
        (family(), [3, 4], "no open rejected records"),
        (family(child(), decided=LATEST), [3], "no open rejected records"),
        (family(child(corrected_records=None), decided=LATEST), [77], "corrected without a number"),
        (family(rejected_records=None), [3], "too many and too scattered"),
    ],
)
def test_records_that_are_not_open_for_certain_are_not_waived(asked: Family, records: list[int], why: str) -> None:
    problem = refusal(asked, RecordSet(records), waive=True)
    assert (problem.kind.slug, problem.kind.status) == ("not-waivable", 409)
    assert why in problem.detail


def test_very_many_records_are_waived_all_together() -> None:
    many = MAX_NAMED_RECORDS + 1
    asked = family(rows_rejected=many, rejected_records=f"1-{many}")
    assert "Waive all" in refusal(asked, RecordSet(range(1, many + 1)), waive=True).detail
    assert plan_waiver(asked, None) == Waiver(many)


def test_a_task_that_was_not_loaded_has_nothing_to_waive() -> None:
    assert refusal(family(status="REJECTED"), waive=True).kind.slug == "not-correctable"
