"""Whether two values are one, and in which way they are not."""

from __future__ import annotations

from typing import Any

import pytest

from services.spec_check.cells import Kind, difference, type_of

MOST = 2**63 - 1


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (None, None),
        (MOST, MOST),
        (-(2**63), -(2**63)),
        (0.1, 0.1),
        (1e22, 1e22),
        (5, 5.0),
        (5, "5"),
        (0.1, "0.1"),
        (1e10, "1.0E10"),
        ("0.10", 0.1),
        ("", ""),
        ('it\'s "Δ😀"\n', 'it\'s "Δ😀"\n'),
        ({"a": [1, 1.5, None, True]}, {"a": [1, 1.5, None, True]}),
        ([], []),
    ],
)
def test_these_are_the_same(ours: Any, theirs: Any) -> None:
    assert difference(ours, theirs) is None
    assert difference(theirs, ours) is None


@pytest.mark.parametrize(
    ("ours", "theirs", "kind"),
    [
        (None, "", Kind.MADE),
        ("", None, Kind.LOST),
        (0, None, Kind.LOST),
        (None, 0, Kind.MADE),
        (MOST, float(MOST), Kind.ROUNDED),
        (3.14159265, 3.1415927, Kind.ROUNDED),
        ("0.12345678901234567890", 0.12345678901234568, Kind.ROUNDED),
        (0.5, 0, Kind.CHANGED),
        (1, 2, Kind.CHANGED),
        ("0.10", "0.1", Kind.CHANGED),
        ("Oslo", "oslo", Kind.CHANGED),
        ("Oslo", 1, Kind.CHANGED),
        ("1e400", "Infinity", Kind.CHANGED),
        (1.5, "NaN", Kind.CHANGED),
        ({"a": 1}, {"a": 1.0}, Kind.CHANGED),
        ({"a": True}, {"a": 1}, Kind.CHANGED),
        ({"a": 1}, {"a": 1, "b": None}, Kind.CHANGED),
        ([1], [1, 2], Kind.CHANGED),
        ('{"a":1}', {"a": 1}, Kind.CHANGED),
        ("a", ["a"], Kind.CHANGED),
    ],
)
def test_these_are_not(ours: Any, theirs: Any, kind: Kind) -> None:
    assert difference(ours, theirs) is kind


def test_a_moment_is_never_rounded() -> None:
    assert difference(1_767_225_600_000, 1_767_225_600_000, is_time=True) is None
    assert difference(1_767_225_600_001, 1_767_225_600_000, is_time=True) is Kind.TIME


@pytest.mark.parametrize(
    ("value", "kind"),
    [(None, ""), (1, "long"), (1.0, "double"), ("1", "string"), ({}, "json"), ([], "json"), (True, "json")],
)
def test_values_have_the_types_of_druid(value: Any, kind: str) -> None:
    assert type_of(value) == kind
