"""Options as an upstream system announces them, checked by nobody: one that cannot be used is the verdict."""

from __future__ import annotations

import pytest

from tests.verdicts.judging import Judge


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("encoding", "klingon"),
        ("encoding", "punycode"),
        ("format", "xls"),
        ("time_zone", "Mars/Olympus"),
        ("timestamp_format", "soon"),
        ("timestamp_format", "%Q"),
        ("delimiter", '"'),
        ("delimiter", "\n"),
        ("comment", '"'),
        ("escape", "\r"),
        ("escape", '"'),
        ("thousands", "x"),
    ],
)
def test_an_option_that_cannot_be_used_is_the_verdict(judge: Judge, name: str, value: str) -> None:
    outcome = judge("t,a\n2024-01-02,1\n", **{name: value})
    assert (outcome.code, outcome.detail["option"]) == ("option_invalid", name)
    assert name in outcome.message
