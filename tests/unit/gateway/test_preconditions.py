from __future__ import annotations

import pytest

from services.gateway.preconditions import (
    Decision,
    MalformedPreconditionError,
    Precondition,
    decide,
    etag_of,
    precondition_of,
)

NOTHING = Precondition()


@pytest.mark.parametrize(
    ("if_match", "follows"),
    [
        ('"3-yaml"', {3}),
        ('"3-json"', {3}),
        (' "2-json" , "12-yaml"', {2, 12}),
        ('W/"3-yaml"', set()),  # If-Match compares strongly
        ('"3"', set()),
        ('"0-yaml"', set()),
        ('"03-yaml"', set()),
        ('"3-yaml-gzip"', set()),
        ('""', set()),
    ],
)
def test_etags_of_either_form_are_versions(if_match: str, follows: set[int]) -> None:
    assert precondition_of(if_match=if_match, if_none_match=None) == Precondition(follows=frozenset(follows))


@pytest.mark.parametrize("if_match", ["3", "3-yaml", '"3-yaml', "", '"a" "b"', "*, *"])
def test_what_is_no_list_of_etags_is_told(if_match: str) -> None:
    with pytest.raises(MalformedPreconditionError, match='such as "3-yaml" with its quotes'):
        precondition_of(if_match=if_match, if_none_match=None)


def test_stars() -> None:
    assert precondition_of(if_match=" * ", if_none_match=None) == Precondition(any_version=True)
    assert precondition_of(if_match=None, if_none_match="*") == Precondition(only_first=True)
    assert precondition_of(if_match=None, if_none_match='"3-yaml"') == NOTHING


def test_an_etag_is_read_again() -> None:
    for form in ("yaml", "json"):
        assert precondition_of(if_match=etag_of(7, form), if_none_match=None).follows == frozenset({7})


@pytest.mark.parametrize(
    ("precondition", "latest", "decision"),
    [
        (NOTHING, 0, Decision.ADD),
        (NOTHING, 3, Decision.VERSION_REQUIRED),
        (Precondition(follows=frozenset({3})), 3, Decision.ADD),
        (Precondition(follows=frozenset({2})), 3, Decision.VERSION_CHANGED),
        (Precondition(follows=frozenset({1})), 0, Decision.VERSION_CHANGED),
        (Precondition(follows=frozenset()), 3, Decision.VERSION_CHANGED),
        (Precondition(any_version=True), 3, Decision.ADD),
        (Precondition(any_version=True), 0, Decision.VERSION_CHANGED),
        (Precondition(only_first=True), 0, Decision.ADD),
        (Precondition(only_first=True), 1, Decision.VERSION_CHANGED),
    ],
)
def test_decisions(precondition: Precondition, latest: int, decision: Decision) -> None:
    assert decide(precondition, latest=latest, is_same=False) is decision
    if latest:
        assert decide(precondition, latest=latest, is_same=True) is Decision.SAME_AS_LATEST
