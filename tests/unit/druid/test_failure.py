"""Why a task failed, as the adapter reads it: the report, and the sub-task that failed first."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from shared.druid import DruidAwayError, DruidSettings, HttpDruid
from shared.druid_failure import failed_sub_task, failure_in

STACK = (
    "java.lang.RuntimeException: Error occurred while trying to read uri: s3://b/k.gz\n"
    "\tat org.apache.druid.data.input.impl.InputEntityIteratingReader.read(InputEntityIteratingReader.java:81)\n"
    "Caused by: java.util.zip.ZipException: Not in GZIP format\n"
    "\t... 20 more\n"
)
PHASE = "Failed in phase[segment generation]. See task logs for details."
NO_REPORT = "No task reports were found for this task. The task may not exist, or it may not have completed yet."


def report(error: str | None, **events: list[dict[str, Any]]) -> dict[str, Any]:
    payload = {"ingestionState": "BUILD_SEGMENTS", "errorMsg": error, "unparseableEvents": events}
    return {"ingestionStatsAndErrors": {"type": "ingestionStatsAndErrors", "taskId": "a", "payload": payload}}


def sub_task(name: str, **more: Any) -> dict[str, Any]:
    failed = {"statusCode": "FAILED", "errorMsg": STACK, "createdTime": "2026-01-01"}
    return {"id": name, "groupId": "a", **failed, **more}


def druid(reports: dict[str, dict[str, Any]], tasks: list[dict[str, Any]] | None = None) -> HttpDruid:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/druid/indexer/v1/tasks":
            assert dict(request.url.params) == {"datasource": "d s", "state": "complete", "max": "500"}
            return httpx.Response(500) if tasks is None else httpx.Response(200, json=tasks)
        found = reports.get(request.url.path.split("/")[-2])
        return httpx.Response(200, json=found) if found else httpx.Response(404, text=NO_REPORT)

    return HttpDruid(DruidSettings(url="http://druid.test"), transport=httpx.MockTransport(answer))


async def test_the_causes_are_read_and_the_stack_is_not() -> None:
    assert await druid({"a": report(STACK)}).failure("a", "d s") == (
        "java.lang.RuntimeException: Error occurred while trying to read uri: s3://b/k.gz\n"
        "Caused by: java.util.zip.ZipException: Not in GZIP format"
    )


async def test_the_rows_that_the_report_shows_follow() -> None:
    rows: list[dict[str, Any]] = [
        {"input": "x", "details": ["Timestamp[x] is unparseable!\n(Record: 1, Line: 1)"]},
        {"details": None},
    ]
    assert await druid({"a": report("Max parse exceptions[0] exceeded", buildSegments=rows)}).failure("a", "d s") == (
        "Max parse exceptions[0] exceeded\nTimestamp[x] is unparseable! (Record: 1, Line: 1)"
    )


async def test_the_sub_task_that_failed_first_says_why() -> None:
    tasks = [
        sub_task("late", createdTime="2026-01-02"),
        sub_task("of another", groupId="b", createdTime="2025-01-01"),
        sub_task("fine", statusCode="SUCCESS", errorMsg=None, createdTime="2025-01-01"),
        sub_task("a", errorMsg=PHASE, createdTime="2025-01-01"),
        sub_task("first"),
    ]
    reports = {"a": report(PHASE), "first": report("java.io.EOFException: Unexpected end")}
    assert await druid(reports, tasks).failure("a", "d s") == f"{PHASE}\njava.io.EOFException: Unexpected end"
    assert await druid({}, tasks).failure("a", "d s") == (
        "java.lang.RuntimeException: Error occurred while trying to read uri: s3://b/k.gz\n"
        "Caused by: java.util.zip.ZipException: Not in GZIP format"
    )


async def test_a_task_of_which_nothing_is_kept() -> None:
    assert await druid({}, []).failure("a", "d s") is None
    assert await druid({}, None).failure("a", "d s") is None
    assert await druid({"a": report(PHASE)}, None).failure("a", "d s") == PHASE


async def test_a_report_that_was_cut_short_is_asked_for_again() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text='{"ingestion'))
    with pytest.raises(DruidAwayError, match="cut short"):
        await HttpDruid(DruidSettings(url="http://druid.test"), transport=transport).failure("a", "d s")


@pytest.mark.parametrize("body", [{}, report(None), report(""), {"taskContext": {}}])
def test_a_report_without_an_error_tells_nothing(body: dict[str, Any]) -> None:
    assert failure_in(body) is None


def test_a_long_text_is_cut() -> None:
    assert len(failure_in(report("x" * 10_000)) or "") == 4_000


def test_the_load_itself_is_no_sub_task() -> None:
    assert failed_sub_task([sub_task("a")], "a") is None
