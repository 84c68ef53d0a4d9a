"""How the two answers about slots are read; the bodies were given by a real server, but for the figures."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from shared.druid import DruidAwayError, DruidSettings, HttpDruid
from shared.druid_slots import DruidSlots, read_slots


def capacity(now: int, scaled: int = -1) -> dict[str, int]:
    return {"currentClusterCapacity": now, "maximumCapacityWithAutoScale": scaled, "usedClusterCapacity": 2}


def task(task_id: str, group: str | None) -> dict[str, Any]:
    return {"id": task_id, "groupId": group, "type": "index_parallel", "statusCode": "RUNNING", "dataSource": "d"}


@pytest.mark.parametrize(
    ("answer", "slots"),
    [
        (capacity(3), 3),
        (capacity(0), 0),
        (capacity(2, 40), 40),
        (capacity(50, 40), 50),
        (capacity(-1), None),
        ({"currentClusterCapacity": 3}, 3),
    ],
)
def test_how_many_there_are(answer: dict[str, int], slots: int | None) -> None:
    """What a cluster may start itself counts, as it starts nothing before a task is there; -1 is not known."""
    assert read_slots(answer, []).capacity == slots


def test_a_task_and_its_sub_tasks_are_one_group() -> None:
    running = [task("a", "a"), task("single_phase_sub_task_d_1", "a"), task("b", None)]
    assert read_slots(capacity(3), running) == DruidSlots(3, {"a": 2, "b": 1})


async def test_both_are_asked_of_the_overlord() -> None:
    asked: list[str] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.url.path}?{request.url.query.decode()}")
        return httpx.Response(200, json=capacity(3) if "Capacity" in request.url.path else [task("a", "a")])

    druid = HttpDruid(DruidSettings(), transport=httpx.MockTransport(serve))
    assert await druid.slots() == DruidSlots(3, {"a": 1})
    assert asked == ["/druid/indexer/v1/totalWorkerCapacity?", "/druid/indexer/v1/tasks?state=running"]


@pytest.mark.parametrize("body", [[], {}, {"currentClusterCapacity": None}, {"currentClusterCapacity": "many"}])
async def test_an_answer_that_is_none_is_about_the_moment(body: object) -> None:
    druid = HttpDruid(DruidSettings(), transport=httpx.MockTransport(lambda _: httpx.Response(200, json=body)))
    with pytest.raises(DruidAwayError, match="about its slots"):
        await druid.slots()
