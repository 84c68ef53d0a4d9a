"""What a plan shows, and what its token is bound to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.submitter import chunks, plan
from shared.druid import ETERNITY
from shared.events import FileValidated, LoadMode, Plan
from shared.granularity import Granularity
from tests.contracts.golden import all_golden

APPEND, REPLACE = LoadMode.APPEND, LoadMode.REPLACE
JANUARY, MARCH, MAY = (datetime(2013, month, 1, tzinfo=UTC) for month in (1, 3, 5))
NOON = datetime(2013, 5, 17, 12, 7, tzinfo=UTC)


def validated(**changes: Any) -> FileValidated:
    golden = next(one for one in all_golden() if one.kind == FileValidated.event_type)
    event = golden.read().event
    assert isinstance(event, FileValidated)
    return event.model_copy(update=changes)


def made(mode: LoadMode, unit: Granularity = "month") -> Plan:
    now, coming = {JANUARY: 10, MAY: 4}, {NOON: 3, MARCH: 2}
    return plan.made(mode, unit=unit, now=now, coming=coming, token="t", made_at=JANUARY)


def figures(found: Plan) -> list[tuple[str, int, int, bool]]:
    return [(one.interval[:7], one.rows_now, one.rows_coming, one.replaced) for one in found.chunks]


def test_an_append_shows_the_chunks_that_it_touches() -> None:
    found = made(APPEND)
    assert figures(found) == [("2013-03", 0, 2, False), ("2013-05", 4, 3, False)]
    assert (found.rows_now, found.rows_coming, found.rows_vanishing, found.chunks_vanishing) == (4, 5, 0, 0)


def test_a_replace_shows_what_would_be_gone_too() -> None:
    found = made(REPLACE)
    assert figures(found) == [("2013-01", 10, 0, True), ("2013-03", 0, 2, True), ("2013-05", 4, 3, True)]
    assert (found.rows_now, found.rows_coming, found.rows_vanishing, found.chunks_vanishing) == (14, 5, 14, 1)


def test_all_of_time_is_one_chunk() -> None:
    (chunk,) = made(REPLACE, "all").chunks
    assert (chunk.interval, chunk.rows_now, chunk.rows_coming) == (ETERNITY, 14, 5)


@pytest.mark.parametrize(
    ("unit", "interval"),
    [
        ("fifteen_minute", "2013-05-17T12:00:00.000Z/2013-05-17T12:15:00.000Z"),
        ("six_hour", "2013-05-17T12:00:00.000Z/2013-05-17T18:00:00.000Z"),
        ("day", "2013-05-17T00:00:00.000Z/2013-05-18T00:00:00.000Z"),
        ("week", "2013-05-13T00:00:00.000Z/2013-05-20T00:00:00.000Z"),
        ("month", "2013-05-01T00:00:00.000Z/2013-06-01T00:00:00.000Z"),
        ("quarter", "2013-04-01T00:00:00.000Z/2013-07-01T00:00:00.000Z"),
        ("year", "2013-01-01T00:00:00.000Z/2014-01-01T00:00:00.000Z"),
    ],
)
def test_a_chunk_is_cut_as_druid_cuts_it(unit: Granularity, interval: str) -> None:
    assert str(chunks.chunk_at(chunks.floor(NOON, unit), unit)) == interval


@pytest.mark.parametrize(
    ("granularity", "hours", "unit"),
    [
        ("hour", 1000, "hour"),
        ("hour", 1001, "day"),
        ("minute", 24_001, "month"),
        ("week", 5, "week"),
        ("week", 24 * 7 * 2_000, "all"),
        ("all", 5, "all"),
        ("quarter", 24 * 100_000, "year"),
    ],
)
def test_a_plan_has_at_most_a_thousand_chunks(granularity: Granularity, hours: int, unit: Granularity) -> None:
    step = 1 if hours <= 24_001 else 240
    starts = [JANUARY + timedelta(hours=number) for number in range(0, hours, step)]
    assert plan.unit_of(granularity, starts) == unit


INTERVALS = ("2013-01-01T00:00:00.000Z/2014-01-01T00:00:00.000Z",)
SAME: dict[str, Any] = {"event": validated(), "mode": REPLACE, "intervals": INTERVALS, "segments": ["b", "a"]}


def picture(**changes: Any) -> plan.Picture:
    given = {**SAME, **changes}
    return plan.picture(given.pop("event"), given.pop("mode"), **given)


def test_the_same_picture_has_the_same_token_in_80_columns() -> None:
    token = picture().token
    assert plan.changes(token, picture(segments=["a", "b"])) == []
    assert len(f"  token {token}") <= 80


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mode": APPEND}, "the datasource or the mode"),
        ({"event": validated(datasource_name="other")}, "the datasource or the mode"),
        ({"intervals": ("2012-01-01/2014-01-01",)}, "other intervals"),
        ({"segments": ["a", "c"]}, "other segments are in use"),
        ({"event": validated(contract_version=77)}, "another version of the contract"),
        ({"event": validated(source_sha256="7" * 64)}, "other bytes"),
    ],
)
def test_what_has_changed_is_said(changes: dict[str, Any], words: str) -> None:
    (reason,) = plan.changes(picture().token, picture(**changes))
    assert words in reason
    assert words in plan.problem([reason]).message


def test_a_token_that_no_plan_has_given_is_said_to_be_that() -> None:
    assert plan.changes("confirmed", picture()) == ["the token is none that a plan has given"]
