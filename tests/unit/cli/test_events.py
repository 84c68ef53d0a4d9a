"""`ingest ls`, `ingest watch` and `ingest events` against a gateway that answers what the test says."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from services import event_client
from services.gateway.task_pages import COLUMNS as TASK_FIELDS
from tests.command import run
from tests.unit.cli.test_commands import LEDGER, TASK, task

STREAM = f"/api/ingest/tasks/{TASK}/events"
END = "event: end\ndata: {}\n\n"


def event(number: int, status: str | None, **data: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "event_id": f"e{number}",
        "type": "ingest.task.updated.v1",
        "at": f"2026-01-01T01:00:{number:02}+01:00",
        "task_id": TASK,
        "datasource_name": "rows",
        "attempt": 1,
        "status": status,
        "data": data,
    }


def stream(*events: dict[str, Any], end: str = "") -> str:
    told = "".join(f"id: {one['id']}\ndata: {json.dumps(one)}\n\n" for one in events)
    return f"retry: 2000\n\n: still here\n\n{told}{end}"


def listed(number: int, **fields: Any) -> dict[str, Any]:
    known = {"task_id": f"{number:022}", "status": "COMPLETED", "datasource_name": "a very long datasource name"}
    known |= {"original_filename": f"file {number}\n.csv", "created_at": "2026-01-01T00:00:00+00:00"}
    return dict.fromkeys(TASK_FIELDS) | known | {"links": {}} | fields


class Gateway:
    """Answers each address with the next of its answers; the last stays."""

    def __init__(self) -> None:
        self.answers: dict[str, list[httpx.Response | httpx.TransportError]] = {}
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answers = self.answers[request.url.path]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, httpx.TransportError):
            raise answer
        return answer

    def resumed_after(self) -> list[str | None]:
        return [one.headers.get("last-event-id") for one in self.asked if "stream" in one.headers["accept"]]


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    answers = Gateway()
    real = httpx.Client
    monkeypatch.setattr(
        httpx,
        "Client",
        lambda **arguments: real(transport=httpx.MockTransport(answers), base_url=arguments["base_url"]),
    )
    monkeypatch.setattr(event_client, "PAUSE_SECONDS", 0.0)
    answers.answers[f"/api/ingest/status/{TASK}"] = [httpx.Response(200, json=task("COMPLETED", ledger=LEDGER))]
    return answers


class Broken(httpx.SyncByteStream):
    """A stream that is cut."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __iter__(self) -> Iterator[bytes]:
        yield self._text.encode()
        msg = "cut"
        raise httpx.ReadError(msg)


def test_watch_shows_each_event_and_how_it_has_ended(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    told = [
        event(1, "PENDING", original_filename="rows.csv"),
        event(2, "VALIDATED", rows_read=1000, rows_accepted=993, time_column="t"),
        event(3, "QUEUED", reason="order: behind task " + "X" * 80),
        event(4, "RUNNING", rows_so_far=900),
        event(5, "COMPLETED", ledger=LEDGER),
        event(6, None, command="waive", rows=7, reason="gone"),
    ]
    gateway.answers[STREAM] = [httpx.Response(200, text=stream(*told, end=END))]
    assert run("watch", TASK) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines[0] == "2026-01-01 00:00:01  PENDING     rows.csv"
    assert lines[1].endswith("VALIDATED   993 of 1,000 rows accepted")
    assert (len(lines[2]), lines[2][-1]) == (80, "…")
    assert lines[3].endswith("900 rows so far")
    assert lines[4].endswith("ledger RECONCILED")
    assert lines[5].endswith("7 rows will not be corrected")
    assert "counted             993" in said.out
    assert all(len(line) <= 80 for line in lines)


@pytest.mark.parametrize(("status", "code"), [("COMPLETED", 0), ("REJECTED", 3), ("FAILED", 4)])
def test_watch_in_json_is_a_line_for_each_event(
    gateway: Gateway, capsys: pytest.CaptureFixture[str], status: str, code: int
) -> None:
    told = [event(1, "PENDING"), event(2, status)]
    gateway.answers[STREAM] = [httpx.Response(200, text=stream(*told, end=END))]
    gateway.answers[f"/api/ingest/status/{TASK}"] = [httpx.Response(200, json=task(status))]
    assert run("watch", TASK, "-o", "json") == code
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == told


def test_a_stream_that_breaks_is_gone_on_with(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    told = [event(number, "RUNNING", rows_so_far=number) for number in range(1, 5)]
    gateway.answers[STREAM] = [
        httpx.Response(200, stream=Broken(stream(*told[:2]))),
        httpx.ConnectError("nobody"),
        httpx.Response(503, json={"title": "away"}),
        httpx.Response(200, text=stream(told[2])),
        httpx.Response(200, text=stream(told[3], end=END)),
    ]
    assert run("watch", TASK, "-o", "json") == 0
    assert [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()] == ["1", "2", "3", "4"]
    assert gateway.resumed_after() == [None, "2", "2", "2", "3"]


def test_nothing_more_is_the_end_too(gateway: Gateway) -> None:
    gateway.answers[STREAM] = [httpx.Response(200, text=stream(event(1, "COMPLETED"))), httpx.Response(204)]
    assert run("watch", TASK) == 0
    assert gateway.resumed_after() == [None, "1"]


def test_a_time_out_is_its_own_code(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    gateway.answers[STREAM] = [httpx.Response(200, text=stream(event(1, "RUNNING")))]
    assert run("watch", TASK, "--timeout", "0.1") == 5
    assert f"task {TASK} has not ended after 0.1 s" in capsys.readouterr().err


@pytest.mark.parametrize(
    "answer", [httpx.Response(404, json={"title": "No task", "detail": "like that"}), httpx.ConnectError("nobody")]
)
def test_a_stream_that_is_refused_is_not_asked_for_again(gateway: Gateway, answer: Any) -> None:
    gateway.answers[STREAM] = [answer]
    assert run("watch", TASK) == 1
    assert len(gateway.asked) == 1


def test_events_are_shown_page_by_page(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    told = [event(number, "RUNNING") for number in range(1, 4)]
    gateway.answers["/api/ingest/events"] = [
        httpx.Response(200, json={"events": told[:2], "cursor": "2", "next": "/api/ingest/events?cursor=2"}),
        httpx.Response(200, json={"events": told[2:], "cursor": "3", "next": "/api/ingest/events?cursor=3"}),
    ]
    assert run("events", "-d", "rows", "-n", "3") == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[0] == f"2026-01-01 00:00:01  {TASK}  RUNNING     rows"
    assert len(said.out.splitlines()) == 3
    assert said.err == "ingest: there are more: --after 3 goes on\n"
    assert [dict(one.url.params) for one in gateway.asked] == [
        {"datasource": "rows", "cursor": "0", "limit": "3"},
        {"datasource": "rows", "cursor": "2", "limit": "1"},
    ]


def test_events_are_followed_until_the_gateway_refuses(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    gateway.answers["/api/ingest/events"] = [
        httpx.Response(200, text=stream(event(8, None, verified={"status": "MISMATCH"}))),
        httpx.Response(401, json={"title": "revoked"}),
    ]
    assert run("events", "--follow", "--after", "7") == 1
    said = capsys.readouterr()
    assert "counted" in said.out
    assert said.err == "ingest: revoked\n"
    assert gateway.resumed_after() == ["7", "8"]


def test_ls_is_a_table_of_80_columns(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    tasks = [listed(1), listed(2, created_at=None, original_filename=None), listed(3, undoes=TASK)]
    gateway.answers["/api/ingest/tasks"] = [httpx.Response(200, json={"tasks": tasks, "next": None})]
    assert run("ls", "-s", "failed,rejected", "-q", "100%", "--created-after", "2026-01-01") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["TASK", "STATUS", "ACCEPTED", "DATASOURCE", "FILE"]
    assert lines[1] == f"{1:022}  COMPLETED   2026-01-01 00:00  a very long…  file 1 .csv"
    assert len(lines) == 4
    assert all(len(line) <= 80 for line in lines)
    expected = {"status": "failed,rejected", "q": "100%", "created_after": "2026-01-01", "limit": "20"}
    assert dict(gateway.asked[0].url.params) == expected


@pytest.mark.parametrize("output", ["json", "csv"])
def test_ls_goes_on_to_the_next_page_as_far_as_is_asked(
    gateway: Gateway, capsys: pytest.CaptureFixture[str], output: str
) -> None:
    pages = [[listed(100 * page + number) for number in range(100)] for page in range(3)]
    gateway.answers["/api/ingest/tasks"] = [
        httpx.Response(200, json={"tasks": page, "next": "/api/ingest/tasks?cursor=x"}) for page in pages
    ]
    assert run("ls", "-n", "150", "-o", output) == 0
    out = capsys.readouterr().out
    rows = json.loads(out) if output == "json" else list(csv.DictReader(io.StringIO(out, newline="")))
    assert [row["task_id"] for row in rows] == [f"{number:022}" for number in range(150)]
    assert rows[0]["original_filename"] == "file 0\n.csv"
    assert len(gateway.asked) == 2


@pytest.mark.parametrize("output", ["table", "csv", "json"])
def test_no_tasks_are_told_on_stderr(gateway: Gateway, capsys: pytest.CaptureFixture[str], output: str) -> None:
    gateway.answers["/api/ingest/tasks"] = [httpx.Response(200, json={"tasks": [], "next": None})]
    assert run("ls", "-o", output) == 0
    said = capsys.readouterr()
    assert (said.out.strip(), said.err) == ("[]" if output == "json" else "", "ingest: no tasks\n")


def test_an_output_that_there_is_not_is_wrong_usage() -> None:
    assert run("ls", "-o", "xml") == 2
    assert run("watch", TASK, "-o", "table") == 2
