from __future__ import annotations

from datetime import timedelta

import pytest

from services.gateway.freshness import etag_of, knows, wait_of

ETAG = etag_of(b"a document")


def test_the_same_bytes_have_the_same_etag() -> None:
    assert etag_of(b"a document") == ETAG
    assert etag_of(b"another") != ETAG


@pytest.mark.parametrize(
    ("header", "known"),
    [
        (None, False),
        ("", False),
        (ETAG, True),
        (f"W/{ETAG}", True),
        ("*", True),
        (f'"x, y",  {ETAG}', True),
        ('"other"', False),
        (ETAG.strip('"'), False),
        (f'"{ETAG[1:-2]}"', False),
    ],
)
def test_what_a_caller_has_already(header: str | None, known: bool) -> None:  # noqa: FBT001  # a case of the table
    assert knows(header, ETAG) is known


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ([], None),
        (["wait=30"], 30),
        (["respond-async, Wait = 5"], 5),
        (['wait="7"; x=y'], 7),
        (["handling=lenient", "wait=9"], 9),
        (["wait=0"], 0),
        (["wait=600"], 60),
        (["wait=3, wait=8"], 3),
        (["wait"], None),
        (["wait=soon"], None),
        (["wait=-1"], None),
        (["waiting=30"], None),
        (["wait=1.5"], None),
    ],
)
def test_how_long_a_caller_waits(headers: list[str], seconds: int | None) -> None:
    assert wait_of(headers) == (None if seconds is None else timedelta(seconds=seconds))
