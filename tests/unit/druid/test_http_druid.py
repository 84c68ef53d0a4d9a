"""How the adapter reads Druid's answers; each body below was given by a real server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from shared.druid import (
    AlreadyExists,
    Capabilities,
    DruidAwayError,
    DruidRefusedError,
    DruidSettings,
    DruidState,
    DruidTaskStatus,
    DruidWait,
    HttpDruid,
    RowStats,
    Submitted,
    canonical_json,
    first_line,
    row_stats,
)

Answer = Callable[[httpx.Request], httpx.Response]
EXISTS = {"error": "druidException", "errorCode": "entryAlreadyExists", "errorMessage": "Task[a] already exists"}
BUILT = {"processed": 1, "processedBytes": 105, "processedWithError": 1, "thrownAway": 2, "unparseable": 4}


def druid(answer: Answer) -> HttpDruid:
    return HttpDruid(DruidSettings(url="http://druid.test"), transport=httpx.MockTransport(answer))


def always(status: int, **body: Any) -> Answer:
    return lambda _: httpx.Response(status, **body)


def invalid(message: str) -> Answer:
    return always(400, json={"error": "druidException", "errorCode": "invalidInput", "errorMessage": message})


async def test_the_frozen_bytes_are_what_is_posted() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"task": "a"})

    spec = {"id": "a", "b": [1, "é"], "a": None}
    assert await druid(answer).submit(spec) == Submitted()
    assert seen[0].content == b'{"a":null,"b":[1,"\xc3\xa9"],"id":"a"}' == canonical_json(dict(reversed(spec.items())))
    assert seen[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize("refusal", [EXISTS, {"error": "Task[a] already exists!"}])
async def test_already_exists_brings_the_hash_from_the_context(refusal: dict[str, str]) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(400, json=refusal)
        assert request.url.path == "/druid/indexer/v1/task/a"
        return httpx.Response(200, json={"task": "a", "payload": {"context": {"ingest_spec_hash": "h"}}})

    assert await druid(answer).submit({"id": "a"}) == AlreadyExists("h")


async def test_a_task_of_another_program_has_no_hash() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(400, json=EXISTS)
        return httpx.Response(200, json={"task": "a", "payload": {}})

    assert await druid(answer).submit({"id": "a"}) == AlreadyExists(None)


@pytest.mark.parametrize("status", [401, 403, 408, 429, 500, 502, 503, 504])
async def test_what_time_or_an_operator_mends_is_away(status: int) -> None:
    with pytest.raises(DruidAwayError, match=str(status)):
        await druid(always(status)).submit({"id": "a"})


@pytest.mark.parametrize("status", [307, 405])
async def test_another_address_is_away_for_every_question(status: int) -> None:
    redirection = always(status, headers={"location": "http://elsewhere.test/"})
    with pytest.raises(DruidAwayError, match=str(status)):
        await druid(redirection).used_intervals("a")


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError])
async def test_a_broken_connection_is_away(error: type[httpx.TransportError]) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise error(str(error))

    with pytest.raises(DruidAwayError, match=error.__name__):
        await druid(answer).ping()


async def test_a_page_where_json_belongs_is_away() -> None:
    with pytest.raises(DruidAwayError, match="no JSON"):
        await druid(always(200, html="<html>sign in</html>")).task_statuses(["a"])


async def test_a_refusal_is_one_line_without_class_names() -> None:
    with pytest.raises(DruidRefusedError) as caught:
        await druid(always(400, json={"error": "org.apache.druid.Boom: no such type\n\tat x.Y"})).submit({"id": "a"})
    assert str(caught.value) == "no such type"


async def test_a_refusal_without_words_says_its_status() -> None:
    with pytest.raises(DruidRefusedError, match="HTTP 400"):
        await druid(always(400, html="<html>nothing here</html>")).submit({"id": "a"})


@pytest.mark.parametrize("status", [204, 301, 302, 307, 308, 404, 405, 409, 410, 413, 415])
async def test_only_400_refuses_a_post(status: int) -> None:
    """A router without its proxy, a proxy in between or a wrong address: the load is as good as before."""
    with pytest.raises(DruidAwayError, match=str(status)):
        await druid(always(status)).submit({"id": "a"})


@pytest.mark.parametrize(
    "body", [{"html": "<html>sign in</html>"}, {"json": {}}, {"json": []}, {"json": {"task": "b"}}]
)
async def test_whoever_takes_a_post_must_say_so(body: dict[str, Any]) -> None:
    with pytest.raises(DruidAwayError):
        await druid(always(200, **body)).submit({"id": "a"})


@pytest.mark.parametrize(
    "context",
    [
        always(400),
        always(404),
        always(200, html="<html>sign in</html>"),
        always(200, json=[]),
        always(200, json={}),
        always(200, json={"payload": None}),
        always(200, json={"payload": {"context": "h"}}),
    ],
)
async def test_a_task_that_exists_and_cannot_be_read_is_away(context: Answer) -> None:
    """Druid has the task: whatever hinders the look at it, the load is not refused."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(400, json=EXISTS) if request.method == "POST" else context(request)

    with pytest.raises(DruidAwayError):
        await druid(answer).submit({"id": "a"})


async def test_unknown_ids_are_missing_from_the_statuses() -> None:
    body = {
        "run": {"status": "RUNNING", "errorMsg": None, "location": {"host": "h", "port": 1, "tlsPort": -1}},
        "wait": {
            "status": "RUNNING",
            "runnerStatusCode": "PENDING",
            "location": {"host": None, "port": -1, "tlsPort": -1},
        },
        "line": {"status": "RUNNING", "runnerStatusCode": "WAITING", "location": None},
        "new": {"status": "RUNNING", "runnerStatusCode": "NONE", "location": None},
        "over": {"status": "SUCCESS", "runnerStatusCode": "WAITING", "location": None},
        "bad": {"status": "FAILED", "errorMsg": "a.b.RE: Max parse exceptions[0] exceeded\n\tat c.d", "location": None},
    }
    found = await druid(always(200, json=body)).task_statuses(["run", "wait", "bad", "unknown"])
    assert found == {
        "run": DruidTaskStatus(DruidState.RUNNING, placed=True, error=None),
        "wait": DruidTaskStatus(DruidState.RUNNING, placed=False, error=None, waits_for=DruidWait.SLOT),
        "line": DruidTaskStatus(DruidState.RUNNING, placed=False, error=None, waits_for=DruidWait.LOCK),
        "new": DruidTaskStatus(DruidState.RUNNING, placed=False, error=None),
        "over": DruidTaskStatus(DruidState.SUCCESS, placed=False, error=None),
        "bad": DruidTaskStatus(DruidState.FAILED, placed=False, error="Max parse exceptions[0] exceeded"),
    }


async def test_no_ids_is_no_call() -> None:
    assert await druid(always(400, text="No Task IDs provided.")).task_statuses([]) == {}


@pytest.mark.parametrize(
    "stats",
    [
        {"determinePartitions": {"processed": 0}, "buildSegments": BUILT},
        {"totals": {"buildSegments": BUILT}, "movingAverages": {"buildSegments": {}}},
    ],
    ids=["final", "live or with sub-tasks"],
)
def test_both_shapes_of_a_report(stats: dict[str, Any]) -> None:
    report = {"ingestionStatsAndErrors": {"payload": {"rowStats": stats}}}
    assert row_stats(report) == RowStats(processed=1, lost=7)


@pytest.mark.parametrize(
    "report",
    [
        {},
        {"ingestionStatsAndErrors": None},
        {"ingestionStatsAndErrors": {"payload": None}},
        {"ingestionStatsAndErrors": {"payload": {"rowStats": {}}}},
        {"error": "Can't find chatHandler for handler[a]"},
    ],
)
def test_a_report_without_figures_is_unknown(report: dict[str, Any]) -> None:
    assert row_stats(report) is None


@pytest.mark.parametrize("status", [404, 500, 503])
async def test_a_report_that_is_not_there_is_unknown(status: int) -> None:
    assert await druid(always(status, text="No task reports were found for this task.")).report("a") is None


@pytest.mark.parametrize(
    ("answer", "percent"),
    [
        (always(200, json={"a/b": 100.0}), 100.0),
        (always(200, json={"a/b": 33.3}), 33.3),
        (always(200, json={}), None),
        (always(204), None),
        (always(404), None),
    ],
)
async def test_load_status(answer: Answer, percent: float | None) -> None:
    assert await druid(answer).load_status("a/b", "2013-01-01/2014-01-01", refresh=True) == percent


async def test_names_are_quoted_in_addresses() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.raw_path.startswith(b"/druid/coordinator/v1/datasources/a%2Fb%20%C3%A9%3F/loadstatus?")
        assert request.url.params["interval"] == "2013-01-01/2014-01-01"
        assert request.url.params["forceMetadataRefresh"] == "false"
        return httpx.Response(204)

    assert await druid(answer).load_status("a/b é?", "2013-01-01/2014-01-01", refresh=False) is None


async def test_tombstones_are_no_used_intervals() -> None:
    segments = [
        {"interval": "2013-01-02/2013-01-03", "shardSpec": {"type": "numbered"}},
        {"interval": "2013-01-02/2013-01-03", "shardSpec": {"type": "numbered"}},
        {"interval": "2012-01-01/2012-01-02", "shardSpec": {"type": "tombstone"}},
        {"interval": "2011-01-01/2011-01-02", "shardSpec": {"type": "hashed"}},
    ]
    expected = ("2011-01-01/2011-01-02", "2013-01-02/2013-01-03")
    assert await druid(always(200, json=segments)).used_intervals("a") == expected


@pytest.mark.parametrize("own", [False, True])
async def test_the_overlord_tells_what_it_runs(*, own: bool) -> None:
    """Behind a router, or at its own address."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path != ("/status" if own else "/proxy/overlord/status"):
            return httpx.Response(404)
        modules = [
            {"name": "x.S3", "artifact": "druid-s3-extensions"},
            {"name": "x.Sink", "artifact": "druid-s3-extensions"},
        ]
        return httpx.Response(200, json={"version": "33.0.0", "modules": modules})

    told = await druid(answer).capabilities()
    assert told == Capabilities("33.0.0", frozenset({"druid-s3-extensions"}))
    assert told.has("druid-s3-extensions")
    assert not told.has("druid-datasketches")


async def test_the_rules_of_a_datasource_end_with_those_of_the_cluster() -> None:
    rules = [{"type": "dropByPeriod", "period": "P1M", "includeFuture": False}, {"type": "loadForever"}]

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.raw_path == b"/druid/coordinator/v1/rules/a%2Fb?full=true"
        return httpx.Response(200, json=rules)

    assert await druid(answer).retention_rules("a/b") == tuple(rules)


async def test_credentials_go_along() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"].startswith("Basic ")
        return httpx.Response(200, json={"version": "33.0.0"})

    settings = DruidSettings(url="http://druid.test", username="u", password=SecretStr("p"))
    assert await HttpDruid(settings, transport=httpx.MockTransport(answer)).version() == "33.0.0"


def test_the_first_line_of_nothing() -> None:
    assert first_line(None) is first_line(" \n ") is None
    assert first_line("x" * 900) == "x" * 500
