"""A Druid that is away or busy: what is told, and for how long it is left alone. The clock is moved by hand."""

from __future__ import annotations

from datetime import datetime, timedelta

import httpx
import pytest

from services.submitter.gauge import Gauge
from services.submitter.patience import keep_back, pause
from services.submitter.turn import Reason
from shared.druid import DruidSettings, DruidState, DruidTaskStatus, HttpDruid
from shared.druid_slots import DruidSlots
from tests.unit.druid.scripted import ScriptedDruid
from tests.unit.submitter.turns import START, at

EVERY = timedelta(seconds=1)
RUNNING = DruidTaskStatus(DruidState.RUNNING, placed=True, error=None)
OVER = DruidTaskStatus(DruidState.SUCCESS, placed=True, error=None)


class Clock:
    """Stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, by: timedelta) -> None:
        self.now += by


def gauge(druid: object, clock: Clock, slots: int | None = None) -> Gauge:
    return Gauge(druid, every=EVERY, slots=slots, clock=clock)  # type: ignore[arg-type]  # scripted


async def test_it_tells_the_slots_and_which_loads_have_left_theirs() -> None:
    druid = ScriptedDruid(has_slots=DruidSlots(3, {"x": 2}), statuses={"a": RUNNING, "b": OVER})
    seen = await gauge(druid, Clock()).look(["a", "b", "forgotten"])
    assert (seen.capacity, dict(seen.running), set(seen.gone)) == (3, {"x": 2}, {"b", "forgotten"})


async def test_an_answer_is_believed_for_a_while_and_what_has_left_is_told_once() -> None:
    druid, clock = ScriptedDruid(has_slots=DruidSlots(3), statuses={"b": OVER}), Clock()
    made = gauge(druid, clock)
    assert (await made.look(["b"])).gone == {"b"}
    druid.has_slots = DruidSlots(5)
    again = await made.look(["b"])
    assert (again.capacity, again.gone) == (3, frozenset())
    clock.move(EVERY)
    assert (await made.look([])).capacity == 5


async def test_a_clock_that_is_set_back_does_not_stop_it() -> None:
    druid, clock = ScriptedDruid(has_slots=DruidSlots(3)), Clock()
    made = gauge(druid, clock)
    await made.look([])
    druid.has_slots = DruidSlots(5)
    clock.move(timedelta(days=-1))
    assert (await made.look([])).capacity == 5


async def test_where_slots_are_said_nobody_else_matters() -> None:
    druid = ScriptedDruid(has_slots=AssertionError("not asked"), statuses={"a": RUNNING})
    seen = await gauge(druid, Clock(), slots=40).look(["a", "b"])
    assert (seen.capacity, dict(seen.running), set(seen.gone)) == (40, {}, {"b"})


async def test_a_druid_that_cannot_tell_is_no_trouble_but_a_setting_that_is_missing() -> None:
    seen = await gauge(ScriptedDruid(has_slots=DruidSlots(None)), Clock()).look([])
    assert (seen.capacity, seen.trouble.split(": ")[0]) == (None, "Druid does not say how many slots it has")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(429, json={"error": "Too many tasks are in the queue (Limit = 1)"}),
        httpx.Response(503),
        httpx.Response(307),
        httpx.Response(401),
        httpx.Response(403),
        httpx.Response(404),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"currentClusterCapacity": None}),
        httpx.ReadTimeout("no answer"),
        httpx.ConnectError("refused"),
    ],
    ids=lambda one: str(getattr(one, "status_code", type(one).__name__)),
)
async def test_an_hour_of_any_trouble_is_waited_for(answer: httpx.Response | httpx.HTTPError) -> None:
    """It is asked again and again, less and less often, says since when, and sees the slots once it is over."""
    asked: set[datetime] = set()
    clock, in_trouble = Clock(), True

    def serve(request: httpx.Request) -> httpx.Response:
        if in_trouble:
            asked.add(clock.now)
            if isinstance(answer, httpx.Response):
                return httpx.Response(answer.status_code, content=answer.content, headers=answer.headers)
            raise answer
        slots: object = {"currentClusterCapacity": 3, "maximumCapacityWithAutoScale": -1}
        return httpx.Response(200, json=slots if "Capacity" in request.url.path else [])

    druid = HttpDruid(DruidSettings(), transport=httpx.MockTransport(serve))
    made = gauge(druid, clock)
    told = set()
    while clock.now < START + timedelta(hours=1):
        seen = await made.look([])
        assert seen.capacity is None
        told.add(seen.trouble)
        clock.move(EVERY)
    (words,) = told
    assert words.startswith("Druid is away or busy since 2026-01-01T00:00:00Z: ")
    assert 3600 / 20 < len(asked) < 3600 / 10
    in_trouble = False
    for _ in range(20):
        clock.move(EVERY)
        if (await made.look([])).capacity == 3:
            break
    else:
        pytest.fail("it is still left alone 20 s after it came back")
    await druid.close()


def test_a_load_says_since_when_it_is_kept_back_and_keeps_to_it() -> None:
    first, soon = keep_back(None, "503", now=START)
    assert str(first) == "backoff: Druid is away or busy since 2026-01-01T00:00:00Z: 503"
    later, late = keep_back(str(first), "no answer: ReadTimeout", now=at(3600))
    assert later == first
    assert soon < timedelta(seconds=1) < timedelta(seconds=10) < late < timedelta(seconds=20)


@pytest.mark.parametrize("told", ["slot: needs 1, 0 of 3 free", "dependency_away", "backoff: Druid does not say how"])
def test_another_trouble_begins_anew(told: str) -> None:
    hold, delay = keep_back(told, "503", now=START)
    assert (hold.reason, delay < timedelta(seconds=1)) == (Reason.BACKOFF, True)
    assert "since 2026-01-01T00:00:00Z" in hold.detail


def test_pauses_double_up_to_a_limit_with_jitter() -> None:
    assert len({pause(timedelta(minutes=5)) for _ in range(20)}) > 1
    assert all(0.4 <= pause(timedelta(0)).total_seconds() <= 0.6 for _ in range(20))
    assert all(1.6 <= pause(timedelta(seconds=2)).total_seconds() <= 2.4 for _ in range(20))
    assert all(12 <= pause(timedelta(days=3)).total_seconds() <= 18 for _ in range(20))
    assert pause(timedelta(seconds=-5)) < timedelta(seconds=1)
