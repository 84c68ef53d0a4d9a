"""Druid's own servers are killed while they have a load: the rows are there once, and no second load comes uncounted.

Works on the project's own stack, with services of its own beside those: `make test-faults` runs it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.e2e.files import rows_csv
from tests.e2e.installation import END_SECONDS, LOOK_SECONDS, Installation
from tests.faults.door import AtPost, Door, PassOn
from tests.faults.druid_task import await_reading, await_success, status_in_druid
from tests.faults.overlord import await_unread, forgetful_overlord, held_still, kill
from tests.faults.project_stack import pid_of, servers_up

pytestmark = pytest.mark.timeout(900)

ROWS = 100
LARGE_ROWS = 400_000  # seconds of reading
REPOST_SECONDS = 600.0  # a minute until it is lost, five until its worker has forgotten it
# What a task says to the overlord holds the task itself, what others ask it is a few hundred bytes.
PUBLICATION_BYTES = 2_000
POSTED, COUNTED = "submitter posts ingest_{}_1", "monitor counts"


@pytest.fixture(scope="module")
def door(installation: Installation) -> Iterator[Door]:
    """The way to Druid of the two services that ask it."""
    with Door(installation.profile["DRUID_URL"]).opened() as opened:
        for service in ("submitter", "monitor"):
            installation.stop(service)
            start(installation, opened, service)
        yield opened


@pytest.fixture(autouse=True)
def _whole(door: Door) -> None:  # noqa: ARG001  # the servers may have been killed since it was opened
    servers_up()


def start(installation: Installation, door: Door, service: str, *, failpoint: str | None = None) -> None:
    """Start a service that asks Druid through the door."""
    installation.environment["DRUID_URL"] = door.address(service)
    installation.start(service, failpoint=failpoint)


def before_it_arrives(overlord: int, pass_on: PassOn) -> httpx.Response | None:
    """The router has nobody to give the post to."""
    kill(overlord)
    return pass_on()


def while_it_is_unread(overlord: int, pass_on: PassOn) -> httpx.Response | None:
    """The overlord has the post in its socket and has not looked at it."""
    answers: list[httpx.Response] = []
    passing = threading.Thread(target=lambda: answers.append(pass_on()), daemon=True)
    with held_still(overlord):
        passing.start()
        await_unread(at_least_bytes=1_000)
        kill(overlord)
    passing.join()
    (answer,) = answers
    assert answer.is_server_error
    return answer


def before_its_answer_is_heard(overlord: int, pass_on: PassOn) -> httpx.Response | None:
    """The overlord has the task."""
    assert pass_on().is_success
    kill(overlord)
    return None


def after_its_answer(overlord: int, pass_on: PassOn) -> httpx.Response | None:
    """The overlord has the task and has said so."""
    answer = pass_on()
    kill(overlord)
    return answer


def not_at_all(_: int, pass_on: PassOn) -> httpx.Response | None:
    """Only the answer is cut."""
    assert pass_on().is_success
    return None


Death = Callable[[int, PassOn], httpx.Response | None]


def at(death: Death, overlord: int) -> AtPost:
    return lambda pass_on: death(overlord, pass_on)


@pytest.mark.parametrize(
    ("death", "failpoint"),
    [
        (before_it_arrives, None),
        (while_it_is_unread, None),
        (before_its_answer_is_heard, None),
        (after_its_answer, "S2"),
        (not_at_all, None),
    ],
    ids=lambda one: one.__name__ if callable(one) else one,
)
def test_an_overlord_that_dies_during_the_post_has_one_task(
    installation: Installation, door: Door, death: Death, failpoint: str | None
) -> None:
    datasource, overlord = installation.datasource(), pid_of("coordinator")
    installation.stop("submitter")
    start(installation, door, "submitter", failpoint=failpoint)
    done = door.at_next_post(at(death, overlord))
    task_id = installation.upload(rows_csv(ROWS), datasource)
    assert done.wait(END_SECONDS)
    servers_up()
    installation.revive("submitter")
    proven(installation, task_id, datasource, rows=ROWS)
    posts = door.posts(task_id)
    assert len(posts) > 1, "the post was made once: this shows nothing"
    assert len(set(posts)) == 1
    assert door.course(task_id) == [POSTED.format(task_id), COUNTED]


def test_a_worker_that_dies_in_mid_task_leaves_no_row_and_the_next_attempt_counts(
    installation: Installation, door: Door
) -> None:
    datasource, worker = installation.datasource(), pid_of("indexer")
    task_id = installation.upload(rows_csv(LARGE_ROWS, step_seconds=1), datasource)
    assert await_reading(installation, task_id, at_least=1) < LARGE_ROWS
    kill(worker)
    servers_up()
    assert installation.end(task_id)["ledger"]["status"] == "MISMATCH"
    (failed,) = [body for body in installation.history(task_id) if body.get("status") == "FAILED"]
    (problem,) = failed["problems"]
    assert (problem["code"], problem["detail"]["rows_counted"]) == ("druid_worker_lost", 0)
    assert problem["detail"]["safe_to_retry"] is True

    assert installation.http.post(f"/api/ingest/tasks/{task_id}/retry").status_code == 202
    proven(installation, task_id, datasource, rows=LARGE_ROWS, attempt=2)
    assert door.course(task_id) == [
        POSTED.format(task_id),
        COUNTED,
        "submitter counts",
        f"submitter posts ingest_{task_id}_2",
        COUNTED,
    ]


def test_a_load_that_failed_after_it_had_published_is_there(installation: Installation, door: Door) -> None:
    """The worker dies when its publication has reached the overlord, which makes it and finds nobody to tell."""
    datasource, overlord, worker = installation.datasource(), pid_of("coordinator"), pid_of("indexer")
    task_id = installation.upload(rows_csv(LARGE_ROWS, step_seconds=1), datasource)
    await_reading(installation, task_id, at_least=LARGE_ROWS)  # what is left is to write the segments and publish them
    with held_still(overlord):
        await_unread(at_least_bytes=PUBLICATION_BYTES)
        kill(worker)
    servers_up()
    proven(installation, task_id, datasource, rows=LARGE_ROWS)
    assert status_in_druid(installation, task_id) == "FAILED"
    assert door.course(task_id) == [POSTED.format(task_id), COUNTED]


def test_a_load_that_the_overlord_has_lost_with_its_rows_is_posted_again(
    installation: Installation, door: Door
) -> None:
    """The new overlord has the worker end what it does not know, and the worker remembers it for some minutes."""
    datasource = installation.datasource()
    with forgetful_overlord():
        task_id = installation.upload(rows_csv(LARGE_ROWS, step_seconds=1), datasource)
        assert await_reading(installation, task_id, at_least=1) < LARGE_ROWS
    servers_up()
    assert status_in_druid(installation, task_id) is None
    await_posts(door, task_id, 2)
    proven(installation, task_id, datasource, rows=LARGE_ROWS)
    assert len(set(door.posts(task_id))) == 1
    assert door.course(task_id) == [POSTED.format(task_id), COUNTED] * 2


def test_a_load_that_the_overlord_has_lost_after_its_rows_were_published_is_there(
    installation: Installation, door: Door
) -> None:
    """The monitor is away when Druid ends the load, and by the time that it asks Druid knows no such task."""
    datasource = installation.datasource()
    installation.stop("monitor")
    with forgetful_overlord():
        task_id = installation.upload(rows_csv(ROWS), datasource)
        await_success(installation, task_id)
    servers_up()
    assert status_in_druid(installation, task_id) is None
    start(installation, door, "monitor")
    proven(installation, task_id, datasource, rows=ROWS, druid_tasks=0)
    assert door.course(task_id) == [POSTED.format(task_id), COUNTED]
    assert len(door.posts(task_id)) == 1


def proven(
    installation: Installation,
    task_id: str,
    datasource: str,
    *,
    rows: int,
    attempt: int = 1,
    druid_tasks: int | None = None,
) -> None:
    """Every row once, every attempt with one end, the last of them RECONCILED, and a Druid task for each."""
    installation.completed(task_id, read=rows, attempt=attempt)
    installation.settled()
    assert installation.sums(datasource) == {task_id: (rows, rows * (rows + 1) // 2)}
    known = [f"ingest_{task_id}_{one + 1}" for one in range(attempt if druid_tasks is None else druid_tasks)]
    assert sorted(installation.druid_tasks(task_id, datasource)) == known
    assert sorted(installation.ends(task_id)) == ["COMPLETED"] + ["FAILED"] * (attempt - 1)


def await_posts(door: Door, task_id: str, count: int) -> None:
    deadline = time.monotonic() + REPOST_SECONDS
    while len(door.posts(task_id)) < count:
        assert time.monotonic() < deadline, door.course(task_id)
        time.sleep(LOOK_SECONDS)
