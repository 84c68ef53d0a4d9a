"""Columns whose type is not the one that is there, on a real PostgreSQL: one end, one spec, and loads side by side."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.submitter.live_types import written
from shared.druid import DruidAwayError, DruidRefusedError
from shared.events import (
    Column,
    DruidSubmitted,
    FileUploaded,
    LoadMode,
    StopAfter,
    TaskStatus,
    TaskUpdated,
)
from shared.loading import Loading
from shared.worker import DEATHS_ALLOWED, Done, Wait
from tests.integration.submitter.bench import Bench, verdict

APPEND, REPLACE = LoadMode.APPEND, LoadMode.REPLACE


def of_type(kind: Any, **changes: Any) -> dict[str, Any]:
    return {"columns": (Column(name="x", type=kind, source_name="x"),), **changes}


async def said_of(bench: Bench, event: FileUploaded, **changes: Any) -> Any:
    """What is said of a load, once."""
    await bench.say(event, verdict(event, **changes))
    outcome = await bench.step(event)
    assert isinstance(outcome, Done)
    (said,) = outcome.events
    return said


@pytest.mark.parametrize(
    ("kind", "there", "loading", "posted"),
    [
        ("string", "LONG", None, None),
        ("string", "LONG", Loading(wider_type="ignore"), None),
        ("string", "LONG", Loading(wider_type="evolve"), "STRING"),
        ("long", "STRING", None, "STRING"),
        ("long", "STRING", Loading(narrower_type="evolve"), "LONG"),
        ("long", "STRING", Loading(narrower_type="reject"), None),
        ("long", "DOUBLE", None, "LONG"),
    ],
)
async def test_the_policy_decides(
    bench: Bench, kind: str, there: str, loading: Loading | None, posted: str | None
) -> None:
    bench.columns.has(x=there)
    said = await said_of(bench, bench.upload(APPEND, at=1), **of_type(kind, loading=loading))
    if posted is None:
        assert isinstance(said, TaskUpdated)
        assert (said.status, said.problems[0].code) == (TaskStatus.REJECTED, "live_type")
        assert f"`x` is {there} in the datasource and {kind.upper()} in the file" in said.problems[0].message
        assert bench.druid.posted == []
    else:
        assert isinstance(said, DruidSubmitted)
        assert [one.detail["column"] for one in said.notices] == ["x"]
        assert f"it is written as {posted}" in said.notices[0].message
        assert [written(spec)["x"] for spec in bench.druid.posted] == [posted]


async def test_the_same_type_and_a_new_datasource_are_told_nothing_of(bench: Bench) -> None:
    for at, there in enumerate(({"x": "LONG"}, {"y": "STRING"}, {}), 1):
        bench.columns.has(**there)
        said = await said_of(bench, bench.upload(APPEND, at=at), **of_type("long"))
        assert (type(said), said.notices) == (DruidSubmitted, ())


async def test_a_replace_of_the_whole_has_no_types_beside_it(bench: Bench) -> None:
    bench.columns.has(x="LONG")
    said = await said_of(bench, bench.upload(REPLACE, at=1), **of_type("string"))
    assert isinstance(said, DruidSubmitted)
    touched = Loading(replace="touched", segment_granularity="day")
    await bench.end(said)
    said = await said_of(bench, bench.upload(REPLACE, at=2), **of_type("string", loading=touched))
    assert said.problems[0].code == "live_type"


async def test_a_refusal_is_said_again_and_not_decided_again(bench: Bench) -> None:
    """Killed after the publication; meanwhile the column has changed, and still nothing is loaded."""
    bench.columns.has(x="LONG")
    event = bench.upload(APPEND, at=1)
    await bench.say(event, verdict(event, **of_type("string")))
    job = await bench.lease(event)
    said = await bench.effect(job)
    bench.columns.has(x="STRING")
    job = await bench.lease(event)
    assert isinstance(said, Done)
    assert await bench.effect(job) == said
    assert await bench.effect.last_words(job, f"died {DEATHS_ALLOWED} times") == said.events
    assert bench.druid.posted == []


async def test_a_notice_is_frozen_with_the_spec(bench: Bench) -> None:
    """Killed after the post: what is said then is what would have been said."""
    bench.columns.has(x="LONG")
    event = bench.upload(APPEND, at=1)
    await bench.say(event, verdict(event, **of_type("string", loading=Loading(wider_type="evolve"))))
    job = await bench.lease(event)
    said = await bench.effect(job)
    bench.columns.has(x="DOUBLE")
    assert await bench.effect(await bench.lease(event)) == said
    assert len(bench.druid.posted) == 1


async def test_a_druid_that_is_away_is_waited_for(bench: Bench) -> None:
    event = bench.upload(APPEND, at=1)
    await bench.say(event, verdict(event, **of_type("string")))
    bench.columns.away = DruidAwayError("Druid answered 503")
    held = await bench.step(event)
    assert isinstance(held, Wait)
    assert str(held.reason).startswith("backoff: Druid is away or busy since ")
    bench.columns.away = None
    assert isinstance(await bench.step(event), Done)
    assert len(bench.druid.posted) == 1


@pytest.mark.parametrize("loading", [None, Loading(wider_type="evolve")])
async def test_a_plan_shows_it_and_ends_well(bench: Bench, loading: Loading | None) -> None:
    bench.columns.has(x="LONG")
    event = bench.upload(APPEND, at=1)
    planned = event.options.model_copy(update={"stop_after": StopAfter.PLAN})
    bench.druid.counts = [DruidRefusedError("Object 'x' not found")]
    await bench.say(verdict(event, **of_type("string", loading=loading, options=planned)))
    outcome = await bench.step(event)
    assert isinstance(outcome, Done)
    (said,) = outcome.events
    assert isinstance(said, TaskUpdated)
    assert said.status is TaskStatus.COMPLETED
    assert said.plan is not None
    (notice,) = said.plan.notices
    assert ("would be rejected" in notice.message) == (loading is None)


class TestSideBySide:
    """Appends run beside each other, and what is not queryable yet is in no segment that Druid tells of."""

    async def test_a_load_waits_for_another_that_writes_a_column_otherwise(self, bench: Bench) -> None:
        first, second = bench.upload(APPEND, at=1), bench.upload(APPEND, at=2)
        await bench.say(first, verdict(first, **of_type("long")), second, verdict(second, **of_type("string")))
        assert isinstance(await bench.step(first), Done)
        held = await bench.step(second)
        assert isinstance(held, Wait)
        assert held.reason == f"lock: task {first.task_id} writes `x` in another type, and has to end first"
        bench.columns.has(x="LONG")
        await bench.say(TaskUpdated(task_id=first.task_id, status=TaskStatus.COMPLETED, occurred_at=before()))
        outcome = await bench.step(second)
        assert isinstance(outcome, Done)
        (said,) = outcome.events
        assert isinstance(said, TaskUpdated)
        assert said.problems[0].code == "live_type"
        assert len(bench.druid.posted) == 1

    async def test_one_that_has_failed_leaves_no_type(self, bench: Bench) -> None:
        first, second = bench.upload(APPEND, at=1), bench.upload(APPEND, at=2)
        await bench.say(first, verdict(first, **of_type("long")), second, verdict(second, **of_type("string")))
        await bench.step(first)
        assert isinstance(await bench.step(second), Wait)
        await bench.end(first)
        assert isinstance(await bench.step(second), Done)
        assert len(bench.druid.posted) == 2

    async def test_what_ended_while_druid_was_asked_is_not_in_its_answer(self, bench: Bench) -> None:
        first, second = bench.upload(APPEND, at=1), bench.upload(APPEND, at=2)
        await bench.say(first, verdict(first, **of_type("long")), second, verdict(second, **of_type("string")))
        await bench.step(first)
        late = datetime.now(UTC) + timedelta(minutes=1)
        await bench.say(TaskUpdated(task_id=first.task_id, status=TaskStatus.COMPLETED, occurred_at=late))
        assert isinstance(await bench.step(second), Wait)

    async def test_equal_types_and_columns_without_a_value_wait_for_nobody(self, bench: Bench) -> None:
        empty = (Column(name="x", type="string", source_name="x", empty=True),)
        events = [bench.upload(APPEND, at=number) for number in range(3)]
        for event, changes in zip(events, (of_type("long"), of_type("long"), {"columns": empty}), strict=True):
            await bench.say(event, verdict(event, **changes))
        for event in events:
            assert isinstance(await bench.step(event), Done)
        assert len(bench.druid.posted) == 3

    async def test_of_many_at_once_one_type_gets_in(self, bench: Bench) -> None:
        events = [bench.upload(APPEND, at=number) for number in range(6)]
        for number, event in enumerate(events):
            await bench.say(event, verdict(event, **of_type(("long", "string")[number % 2])))
        jobs = [await bench.lease(event) for event in events]
        await asyncio.gather(*(bench.effect(job) for job in jobs))
        assert len({written(spec)["x"] for spec in bench.druid.posted}) == 1
        assert len(bench.druid.posted) == 3


def before() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=1)
