"""When a file has too many bad rows, and what is said about it."""

from __future__ import annotations

import pytest

from services.validator.engine.reject_limits import UNLIMITED, RejectLimits

DEFAULT = RejectLimits()


@pytest.mark.parametrize(
    ("rejected", "read", "refused"),
    [
        (1, 1, False),
        (1, 10, False),
        (5, 6, False),
        (6, 7, True),
        (5, 100, False),
        (6, 100, True),
        (50, 1000, False),
        (51, 1000, True),
        (0, 0, False),
    ],
)
def test_by_default_five_rows_or_five_percent_are_put_aside(*, rejected: int, read: int, refused: bool) -> None:
    assert DEFAULT.refuses(rejected, read) is refused


@pytest.mark.parametrize(
    ("ratio", "rejected", "read", "refused"),
    [
        (0.05, 1, 10, True),
        (0.1, 1, 10, False),
        (0.0, 1, 10**9, True),
        (1.0, 10, 10, False),
        (0.29, 29, 100, False),
        (0.29, 30, 100, True),
    ],
)
def test_a_ratio_that_is_said_holds_strictly(*, ratio: float, rejected: int, read: int, refused: bool) -> None:
    assert RejectLimits(max_ratio=ratio).refuses(rejected, read) is refused


def test_a_number_of_rows_decides_before_the_end() -> None:
    limits = RejectLimits(max_rows=3)
    assert not limits.ends_reading(3)
    assert limits.ends_reading(4)
    assert not DEFAULT.ends_reading(10**9)
    assert RejectLimits(max_rows=0, max_ratio=1).refuses(1, 10**6)
    assert RejectLimits(max_rows=100, max_ratio=0.01).refuses(2, 100)


def test_a_correction_knows_no_limit() -> None:
    assert not UNLIMITED.refuses(10, 10)
    assert not UNLIMITED.ends_reading(10**9)


def test_the_refusal_says_how_many_of_how_many_the_limit_the_causes_and_what_to_do() -> None:
    causes = [("field_count", None, 30), ("timestamp_invalid", "ts", 20)]
    problem = DEFAULT.problem(50, 200, causes)
    assert problem.message == (
        "50 of 200 rows are bad (25.0%), and 10 may be (5% by default, max_rejected_ratio): field_count 30, "
        "timestamp_invalid in 'ts' 20. Nothing was loaded. Correct the file, or send it with a higher "
        "max_rejected_ratio."
    )
    assert problem.detail == {
        "rows_read": 200,
        "rows_rejected": 50,
        "setting": "max_rejected_ratio",
        "limit": 0.05,
        "causes": [
            {"rule": "field_count", "column": None, "count": 30},
            {"rule": "timestamp_invalid", "column": "ts", "count": 20},
        ],
    }


def test_many_causes_are_summed_up() -> None:
    problem = RejectLimits(max_ratio=0.0).problem(8, 8, [(f"rule{n}", None, 1) for n in range(8)])
    assert "rule4 1, others 3." in problem.message
    assert "0 of them may be (max_rejected_ratio)" in problem.message


def test_a_refusal_before_the_end_claims_no_more_than_was_read() -> None:
    problem = RejectLimits(max_rows=3).problem_early(70, 100, [("field_count", None, 70)])
    assert "At least 70 rows are bad, and 3 may be (max_rejected_rows)" in problem.message
    assert "Reading stopped after 100 rows" in problem.message
    assert problem.detail["stopped"] is True
    assert problem.detail["rows_read_so_far"] == 100
    assert "rows_read" not in problem.detail
