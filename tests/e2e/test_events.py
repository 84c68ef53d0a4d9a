"""What happens to a file, heard from the running chain as it happens."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import pytest

from services.event_client import messages
from tests.e2e.files import rows_csv
from tests.e2e.installation import END_SECONDS, Installation

pytestmark = pytest.mark.e2e

STATES = ["PENDING", "VALIDATING", "VALIDATED", "SUBMITTED", "COMPLETED"]


@contextmanager
def stream(installation: Installation, path: str, last_id: str | None = None) -> Iterator[Iterator[dict[str, str]]]:
    """The messages of a stream, comments left out; one that says that there is nothing more has none."""
    headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_id} if last_id else {})
    with installation.http.stream("GET", path, headers=headers, timeout=END_SECONDS) as answer:
        assert answer.status_code == 200 or (answer.status_code == 204 and last_id), answer.read()
        yield (said for said in messages(answer.iter_lines()) if "data" in said)


def path_of(task_id: str) -> str:
    return f"/api/ingest/tasks/{task_id}/events"


def timeline(installation: Installation, task_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = installation.http.get(path_of(task_id)).json()["events"]
    return found


def test_a_stream_that_is_cut_and_resumed_has_every_event_once(installation: Installation) -> None:
    task_id = installation.upload(rows_csv(50, bad=frozenset({7})), installation.datasource())
    heard: list[dict[str, Any]] = []
    ended = False
    while not ended:  # the connection is cut after every second event
        with stream(installation, path_of(task_id), heard[-1]["id"] if heard else None) as said:
            ended = True  # unless it is cut
            for message in itertools.islice(said, 2):
                ended = message.get("event") == "end"
                if not ended:
                    heard.append(json.loads(message["data"]))
                    assert message["id"] == heard[-1]["id"]
    assert heard == timeline(installation, task_id)
    assert sorted(one["event_id"] for one in heard) == sorted(installation.event_ids(task_id))
    assert [one["status"] for one in heard if one["status"] in STATES] == STATES
    (verdict,) = [one["data"] for one in heard if one["status"] == "VALIDATED"]
    assert (verdict["rows_read"], verdict["rows_accepted"], verdict["rows_rejected"]) == (50, 49, 1)
    assert heard[-1]["data"]["ledger"]["rows_counted"] == 49
    headers = {"Accept": "text/event-stream", "Last-Event-ID": heard[-1]["id"]}
    again = installation.http.get(path_of(task_id), headers=headers)
    assert again.status_code == 204


def test_a_gateway_that_is_killed_costs_no_event(installation: Installation) -> None:
    installation.stop("submitter")
    task_id = installation.upload(rows_csv(20), installation.datasource())
    installation.reached(task_id, "VALIDATED")
    heard: list[str] = []
    try:
        with suppress(httpx.TransportError), stream(installation, path_of(task_id)) as said:
            heard.extend(next(said)["id"] for _ in range(2))
            installation.kill("gateway")
            heard.extend(message["id"] for message in said)
    finally:
        installation.start("gateway")
        installation.start("submitter")
    installation.completed(task_id, read=20)
    with stream(installation, path_of(task_id), heard[-1]) as said:
        heard.extend(message["id"] for message in said if message.get("event") != "end")
    assert heard == [one["id"] for one in timeline(installation, task_id)]


def test_everybodys_stream_has_what_happens_from_now_on(installation: Installation) -> None:
    before, datasource = installation.datasource(), installation.datasource()
    installation.completed(installation.upload(rows_csv(5), before), read=5)
    with stream(installation, f"/api/ingest/events?datasource={datasource}") as said:
        task_id = installation.upload(rows_csv(5), datasource)
        heard: list[dict[str, Any]] = []
        while not heard or heard[-1]["status"] != "COMPLETED":
            heard.append(json.loads(next(said)["data"]))
    assert {one["task_id"] for one in heard} == {task_id}
    assert heard == timeline(installation, task_id)[: len(heard)]


def test_a_wait_is_answered_when_the_task_moves(installation: Installation) -> None:
    task_id = installation.upload(rows_csv(5), installation.datasource())
    where, etag = f"/api/ingest/tasks/{task_id}", ""
    seen: list[str] = []
    deadline = time.monotonic() + END_SECONDS
    while not seen or seen[-1] != "COMPLETED":
        answer = installation.http.get(where, headers={"Prefer": "wait=30", "If-None-Match": etag})
        if answer.status_code == 200:
            seen.append(answer.json()["status"])
            assert answer.headers["etag"] != etag
            etag = answer.headers["etag"]
        assert time.monotonic() < deadline, seen
    assert answer.content == installation.http.get(f"/api/ingest/status/{task_id}").content


def test_the_command_line_lists_watches_and_follows(installation: Installation) -> None:
    datasource = installation.datasource()
    task_id = installation.upload(rows_csv(30), datasource, filename="Ströme.csv")
    watched = installation.command("watch", task_id)
    assert "COMPLETED   ledger RECONCILED" in watched.stdout
    assert "counted              30" in watched.stdout
    events = installation.command("events", "-d", datasource, "-o", "json").stdout.splitlines()
    assert [json.loads(line) for line in events] == timeline(installation, task_id)
    listed = installation.command("ls", "-d", datasource, "-q", "STRÖME", "-s", "completed", "-o", "json")
    assert [task["task_id"] for task in json.loads(listed.stdout)] == [task_id]
    table = installation.command("ls", "-d", datasource).stdout.splitlines()
    assert len(table) == 2
    assert table[1].startswith(f"{task_id}  COMPLETED   ")
    rejected = installation.upload(b"name\nAda\n", datasource)
    assert installation.command("watch", rejected, "-o", "json", check=False).returncode == 3
    failed = installation.command("ls", "-d", datasource, "-s", "REJECTED", "-o", "csv").stdout.splitlines()
    assert (failed[0].split(",")[0], failed[1].split(",")[0]) == ("task_id", rejected)
