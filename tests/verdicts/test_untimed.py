"""A file judged without demanding a time: what ingestion would ask is said, and costs no row."""

from __future__ import annotations

from typing import Any

import pytest

from services.validator.engine import Accepted, ChildDied, ChildLimits, ParseRequest, Untimed, check_in_child, run_child
from tests.verdicts.judging import Judge, Outcome

NO_TIME = "name,n\nAda,1\nGrace,2,3\nBob,\n"
AMBIGUOUS = "day,n\n01/02/2024,1\n03/04/2024,2\n"


def open_request(judge: Judge, content: str, **options: Any) -> ParseRequest:
    return judge.request(content, **options).model_copy(update={"require_time": False, "task_id": None})


def check(judge: Judge, content: str, **options: Any) -> Outcome:
    return judge.outcome(open_request(judge, content, **options))


def test_without_a_time_column_the_rows_are_judged(judge: Judge) -> None:
    outcome = check(judge, NO_TIME)
    assert outcome.untimed.question.code == "timestamp_missing"
    assert (outcome.untimed.rows_read, outcome.untimed.rows_accepted, outcome.untimed.rows_rejected) == (3, 2, 1)
    assert outcome.rows == [{"name": "Ada", "n": 1}, {"name": "Bob", "n": None}]
    report = outcome.report
    assert (report["verdict"], report["timestamp"]) == ("accepted_with_rejects", None)
    assert [(one["rule"], one["count"]) for one in report["problems"]] == [("timestamp_missing", 0), ("field_count", 1)]


@pytest.mark.parametrize("options", [{}, {"timestamp_column": "day"}])
def test_an_ambiguous_time_is_a_question_and_stays_a_column(judge: Judge, options: dict[str, str]) -> None:
    outcome = check(judge, AMBIGUOUS, **options)
    assert outcome.untimed.question.code == "timestamp_ambiguous"
    assert outcome.rows == [{"day": "01/02/2024", "n": 1}, {"day": "03/04/2024", "n": 2}]
    assert outcome.report["verdict"] == "accepted"


def test_an_answer_settles_it(judge: Judge) -> None:
    outcome = check(judge, AMBIGUOUS, timestamp_format="dd/MM/yyyy")
    assert isinstance(outcome.verdict, Accepted)
    assert list(outcome.rows[0]) == ["__time", "n"]


def test_a_column_that_was_named_has_to_be_there(judge: Judge) -> None:
    assert check(judge, NO_TIME, timestamp_column="when").code == "timestamp_missing"
    assert check(judge, NO_TIME, timestamp_column="name").code == "no_valid_rows"


def test_the_other_faults_of_a_file_reject_it_still(judge: Judge) -> None:
    assert check(judge, "a,b\n").code == "no_rows"
    assert check(judge, "a,b\n1\n2\n").code == "no_valid_rows"


async def test_the_service_never_gets_such_a_verdict(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    request = open_request(judge, NO_TIME)
    verdict = await run_child(request, ChildLimits())
    assert verdict.outcome == "rejected"
    untimed = await check_in_child(request, ChildLimits())
    assert isinstance(untimed, Untimed)

    async def open_anyway(*_: Any, **__: Any) -> Untimed:
        return untimed

    monkeypatch.setattr("services.validator.engine.child.check_in_child", open_anyway)
    with pytest.raises(ChildDied, match="left the time open"):
        await run_child(request, ChildLimits())
