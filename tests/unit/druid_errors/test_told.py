"""An explanation becomes a problem that says cause, remedy, fault and Druid's own words."""

from __future__ import annotations

from shared.druid_errors import Place, explain, told
from shared.events import Problem

PLAIN = Problem(code="druid_failed", message="Druid could not load the file: it said this.", detail={"rows_counted": 0})
LOCKED = "Failed to get locks for intervals[[2013-01-01/2013-01-02]]"


def test_a_known_failure_takes_the_words_of_the_catalogue() -> None:
    problem = told(PLAIN, explain(LOCKED, Place.TASK), more="Druid has 0 of 9 rows.")
    assert problem.code == "druid_lock_conflict"
    assert problem.message.startswith("Another task held the time that the load writes: 2013-01-01/2013-01-02.")
    assert problem.message.endswith("Druid has 0 of 9 rows.")
    assert problem.detail == {
        "rows_counted": 0,
        "druid_message": LOCKED,
        "whose_fault": "nobody",
        "safe_to_retry": True,
    }


def test_no_load_is_safe_to_retry_whose_rows_are_there() -> None:
    problem = told(PLAIN, explain(LOCKED, Place.TASK), nothing_loaded=False)
    assert problem.detail["safe_to_retry"] is False


def test_an_unknown_failure_keeps_its_code_and_message() -> None:
    problem = told(PLAIN, explain("it said this", Place.TASK), more="Never said.")
    assert (problem.code, problem.message) == (PLAIN.code, PLAIN.message)
    assert problem.detail == {
        "rows_counted": 0,
        "druid_message": "it said this",
        "whose_fault": "unknown",
        "safe_to_retry": False,
    }
