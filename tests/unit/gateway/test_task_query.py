from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.gateway.problems import ProblemError
from services.gateway.task_query import Cursor, TaskQuery, parse_task_query
from shared import ids
from shared.events import TaskStatus
from tests.unit.gateway.families_of import PARENT

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def test_nothing_said_asks_for_the_first_page() -> None:
    assert parse_task_query([]) == TaskQuery(limit=100)
    assert parse_task_query([("datasource", ""), ("q", ""), ("limit", "")]) == TaskQuery(limit=100)


def test_everything_that_can_be_said() -> None:
    cursor = Cursor(AT, PARENT)
    said = {
        "datasource": "Füße 1",
        "status": "failed, REJECTED",
        "user": "ann",
        "q": "100%",
        "created_after": "2026-01-02T04:04:05+01:00",
        "limit": "1000",
        "cursor": str(cursor),
    }
    assert parse_task_query(said.items()) == TaskQuery(
        datasource="Füße 1",
        statuses=(TaskStatus.FAILED, TaskStatus.REJECTED),
        user="ann",
        text="100%",
        created_after=AT.replace(microsecond=0),
        limit=1000,
        after=cursor,
    )


def test_a_day_begins_at_midnight_utc() -> None:
    query = parse_task_query([("created_after", "2026-01-02")])
    assert query.created_after == datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("at", [AT, datetime(1970, 1, 1, tzinfo=UTC), AT + timedelta(microseconds=1)])
def test_a_cursor_is_read_as_it_was_written(at: datetime) -> None:
    cursor = Cursor(at, ids.fresh_task_id())
    assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("datasource", "a/b", "names no datasource"),
        ("status", "DONE", "COMPLETED"),
        ("status", "FAILED,", "takes"),
        ("q", "a\x00b", "control character"),
        ("q", "x" * 1025, "1024"),
        ("created_after", "yesterday", "2026-03-01T09:30:00Z"),
        ("created_after", "2026-01-01T00:00:00", "time zone"),
        ("created_after", "2026-01-01T00:00:00 00:00", "%2B"),
        ("limit", "0", "1 to 1000"),
        ("limit", "1001", "1 to 1000"),
        ("limit", "-1", "1 to 1000"),
        ("limit", "٣", "1 to 1000"),
        ("cursor", "1", "next"),
        ("cursor", f"{10**17}9-{PARENT}", "next"),
        ("cursor", f"{10**18 - 1}-{PARENT}", "next"),
        ("cursor", f"5-{'z' * 22}", "next"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name: str, value: str, words: str) -> None:
    with pytest.raises(ProblemError) as refused:
        parse_task_query([(name, value)])
    error = refused.value
    assert (error.kind.slug, error.kind.status, error.field) == ("invalid-parameter", 422, name)
    assert words in error.detail


@pytest.mark.parametrize(
    ("said", "slug", "field"),
    [
        ([("state", "FAILED")], "unknown-parameter", "state"),
        ([("limit", "1"), ("limit", "2")], "invalid-parameter", "limit"),
    ],
)
def test_a_parameter_that_is_not_known_or_said_twice_is_named(
    said: list[tuple[str, str]], slug: str, field: str
) -> None:
    with pytest.raises(ProblemError) as refused:
        parse_task_query(said)
    assert (refused.value.kind.slug, refused.value.field) == (slug, field)
