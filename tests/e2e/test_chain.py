"""A file goes in over HTTP or Kafka, and its rows are counted in the real Druid."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.files import rows_csv
from tests.e2e.installation import Installation

pytestmark = pytest.mark.e2e


def test_the_real_flights_are_all_there(installation: Installation, flights_csv: Path) -> None:
    datasource = installation.datasource()
    task_id = installation.upload(flights_csv, datasource, filename="flights.csv", mode="replace")
    task = installation.completed(task_id, read=336_776)
    with flights_csv.open(newline="") as file:
        by_origin: dict[str, tuple[int, int]] = {}
        for row in csv.DictReader(file):
            flights, miles = by_origin.get(row["origin"], (0, 0))
            by_origin[row["origin"]] = (flights + 1, miles + int(row["distance"]))
    query = f'SELECT origin, COUNT(*) AS flights, SUM(distance) AS miles FROM "{datasource}" GROUP BY 1'  # noqa: S608
    assert {row["origin"]: (row["flights"], row["miles"]) for row in installation.sql(query)} == by_origin
    assert task["druid_task_id"] == f"ingest_{task_id}_1"
    assert task["ledger"]["query"].startswith("SELECT COUNT(*)")


def test_bad_rows_are_kept_apart_with_their_record_numbers(installation: Installation) -> None:
    bad = frozenset({3, 77, 100, 101, 512, 999, 1000})
    datasource = installation.datasource()
    task_id = installation.upload(rows_csv(1000, bad=bad), datasource)
    task = installation.completed(task_id, read=1000, rejected=7)
    assert installation.count(datasource) == 993
    lines = gzip.decompress(installation.object(task["rejects_key"])).decode().splitlines()
    rejects = [json.loads(line) for line in lines]
    assert {reject["record"] for reject in rejects} == bad
    assert all(reject["raw"].rstrip().endswith("surplus") for reject in rejects)
    assert all(reject["errors"][0]["code"] == "field_count" for reject in rejects)


def test_corrected_rows_close_the_gap(installation: Installation) -> None:
    bad = frozenset({3, 77, 100})
    datasource = installation.datasource()
    parent = installation.upload(rows_csv(100, bad=bad), datasource, mode="replace")
    task = installation.completed(parent, read=100, rejected=3)
    assert task["corrections"]["gap"] == 3
    lines = gzip.decompress(installation.object(task["rejects_key"])).decode().splitlines()
    rejects = [json.loads(line) for line in lines]
    for reject in rejects:
        assert reject["fields"].pop() == "surplus"
    first, second = [corrected_lines(rejects[:2]), corrected_lines(rejects)]
    child = installation.correct(parent, first)
    installation.completed(child, read=2)
    assert installation.gap(parent) == 1
    again = installation.correct(parent, second)  # two of its rows are corrected already
    installation.completed(again, read=3, rejected=2)
    assert installation.gap(parent) == 0
    assert installation.count(datasource) == 100
    codes = [reject["errors"][0]["code"] for reject in installation.rejects(again)]
    assert codes == ["record_settled"] * 2
    refused = installation.http.post(f"/api/ingest/tasks/{parent}/corrections", files={"file": ("x.csv", second)})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:ingest:problem:not-correctable")


def test_waived_rows_close_the_gap_too(installation: Installation) -> None:
    parent = installation.upload(rows_csv(100, bad=frozenset({3, 77, 100})), installation.datasource())
    installation.completed(parent, read=100, rejected=3)
    body = {"rows": [77], "reason": "the sensor was off"}
    answer = installation.http.post(f"/api/ingest/tasks/{parent}/waivers", json=body)
    assert (answer.status_code, answer.json()["rows_waived"]) == (202, 1)
    installation.gap_becomes(parent, 2)
    done = installation.command("waive", parent, "--all", "--reason", "they are too old")
    assert "2 rows of task" in done.stdout
    installation.gap_becomes(parent, 0)
    assert "0  3 rejected, 0 corrected, 3 waived" in installation.command("status", parent).stdout


def test_too_many_bad_rows_load_nothing(installation: Installation) -> None:
    datasource = installation.datasource()
    task = installation.end(installation.upload(rows_csv(100, bad=frozenset(range(1, 7))), datasource))
    assert (task["status"], task["validation_errors"][0]["code"]) == ("REJECTED", "too_many_rejected")
    assert len(installation.rejects(task["task_id"])) == 6
    taken = installation.upload(rows_csv(100, bad=frozenset(range(1, 7))), datasource, max_rejected_ratio="0.06")
    installation.completed(taken, read=100, rejected=6)


def corrected_lines(rejects: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(reject) + "\n" for reject in rejects).encode()


def test_a_file_without_a_time_is_rejected_with_the_columns_it_has(installation: Installation) -> None:
    task = installation.end(installation.upload(b"name,city\nAda,London\nAlan,Wilmslow\n", installation.datasource()))
    assert task["status"] == "REJECTED"
    problem = task["validation_errors"][0]
    assert problem["code"] == "timestamp_missing"
    assert "name" in json.dumps(problem)
    assert "city" in json.dumps(problem)


def test_a_header_alone_is_rejected(installation: Installation) -> None:
    task = installation.end(installation.upload(b"time,id,value\n", installation.datasource()))
    assert (task["status"], task["validation_errors"][0]["code"]) == ("REJECTED", "no_rows")


def test_an_upstream_record_runs_once_even_when_sent_twice(installation: Installation) -> None:
    datasource = installation.datasource()
    uri = installation.store_object("landing/day.csv", rows_csv(50))
    body = json.dumps({"file_uri": uri, "datasource_name": datasource}).encode()
    installation.publish("file.uploaded", body, copies=2)
    task_id = _upstream_task(datasource, uri)
    installation.completed(task_id, read=50)
    assert installation.count(datasource) == 50
    assert installation.druid_tasks(task_id, datasource) == [f"ingest_{task_id}_1"]


def test_an_upstream_file_from_another_bucket_is_not_fetched(installation: Installation) -> None:
    datasource, uri = installation.datasource(), "s3://somebody-elses/secret.csv"
    installation.publish("file.uploaded", json.dumps({"file_uri": uri, "datasource_name": datasource}).encode())
    task = installation.end(_upstream_task(datasource, uri))
    assert (task["status"], task["validation_errors"][0]["code"]) == ("REJECTED", "forbidden_source")


def test_an_event_delivered_three_more_times_changes_nothing(installation: Installation) -> None:
    datasource = installation.datasource()
    task_id = installation.upload(rows_csv(30), datasource)
    installation.completed(task_id, read=30)
    for topic in ("file.uploaded", "file.validated", "druid.submitted", "task.updated"):
        for record in [one for one in installation.records(topic) if one.key == task_id.encode()]:
            installation.publish(topic, record.value, key=record.key, headers=record.headers, copies=3)
    marker = installation.upload(rows_csv(1), datasource)
    installation.completed(marker, read=1)
    assert installation.count(datasource) == 31
    assert installation.druid_tasks(task_id, datasource) == [f"ingest_{task_id}_1"]
    assert installation.ends(task_id) == ["COMPLETED"]


def test_two_appends_add_up(installation: Installation) -> None:
    datasource = installation.datasource()
    tasks = [installation.upload(rows_csv(200, first=first), datasource) for first in (0, 100_000)]
    for task_id in tasks:
        installation.completed(task_id, read=200)
    assert installation.count(datasource) == 400


def test_the_same_bytes_are_appended_once_unless_forced(installation: Installation) -> None:
    datasource = installation.datasource()
    first = installation.upload(rows_csv(200), datasource)
    again = installation.end(installation.upload(rows_csv(200), datasource, filename="other.csv"))
    assert (again["status"], again["duplicate_of"]) == ("REJECTED", first)
    assert again["validation_errors"][0]["code"] == "duplicate"
    installation.completed(first, read=200)
    assert installation.count(datasource) == 200
    installation.completed(installation.upload(rows_csv(200), datasource, force="true"), read=200)
    assert installation.count(datasource) == 400


def test_a_replace_leaves_exactly_its_own_rows(installation: Installation) -> None:
    datasource = installation.datasource()
    installation.completed(installation.upload(rows_csv(500, step_seconds=86_400), datasource), read=500)
    installation.completed(installation.upload(rows_csv(40), datasource, mode="replace"), read=40)
    assert installation.count(datasource) == 40


def test_a_replace_is_taken_back_to_the_rows_of_before(installation: Installation) -> None:
    datasource = installation.datasource()
    installation.completed(installation.upload(rows_csv(500, step_seconds=86_400), datasource), read=500)
    swap = installation.upload(rows_csv(40), datasource, mode="replace")
    installation.completed(swap, read=40)
    undo = installation.undo(swap)
    end = installation.end(undo)
    assert (end["status"], end["undoes"]) == ("COMPLETED", swap), end
    assert (end["undone"]["rows_removed"], end["undone"]["rows_restored"]) == (40, 500)
    assert installation.count(datasource) == 500
    assert installation.end(swap)["undone_by"] == undo
    assert installation.http.post(f"/api/ingest/tasks/{swap}/undo").status_code == 409


def test_an_append_is_taken_back_and_may_come_again(installation: Installation) -> None:
    datasource = installation.datasource()
    wrong = installation.upload(rows_csv(60), datasource)
    installation.completed(wrong, read=60)
    assert installation.end(installation.undo(wrong))["status"] == "COMPLETED"
    installation.completed(installation.upload(rows_csv(60), datasource), read=60)
    assert installation.count(datasource) == 60


def test_a_plan_loads_nothing_and_binds_the_load(installation: Installation) -> None:
    datasource = installation.datasource()
    installation.completed(installation.upload(rows_csv(500, step_seconds=86_400), datasource), read=500)
    how = {"mode": "replace"}
    end = installation.end(installation.upload(rows_csv(40), datasource, stop_after="plan", **how))
    assert (end["status"], end["stop_after"]) == ("COMPLETED", "plan")
    assert (end["plan"]["rows_vanishing"], end["plan"]["rows_coming"]) == (500, 40)
    assert installation.count(datasource) == 500
    token = end["plan"]["token"]
    installation.completed(installation.upload(rows_csv(40), datasource, confirm=token, **how), read=40)
    refused = installation.end(installation.upload(rows_csv(40), datasource, confirm=token, **how))
    assert (refused["status"], refused["validation_errors"][0]["code"]) == ("REJECTED", "plan_changed")
    assert installation.count(datasource) == 40


def test_a_validation_alone_loads_nothing(installation: Installation) -> None:
    datasource = installation.datasource()
    end = installation.end(installation.upload(rows_csv(20, bad=frozenset({7})), datasource, stop_after="validation"))
    assert (end["status"], end["status_reason"]) == ("COMPLETED", "stopped_after_validation")
    assert (end["ledger"]["rows_accepted"], end["ledger"]["rows_rejected"]) == (19, 1)
    assert end["corrections"]["gap"] == 0
    assert installation.druid_tasks(end["task_id"], datasource) == []


def test_a_small_file_behind_a_large_one(installation: Installation) -> None:
    datasource = installation.datasource()
    large = installation.upload(rows_csv(200_000), datasource)
    small = installation.upload(rows_csv(20, first=500_000), datasource)
    installation.completed(small, read=20)
    installation.completed(large, read=200_000)
    assert installation.count(datasource) == 200_020


def test_a_small_replace_sent_after_a_large_append_never_ends_up_under_it(installation: Installation) -> None:
    datasource = installation.datasource()
    large = installation.upload(rows_csv(200_000), datasource)
    small = installation.upload(rows_csv(20), datasource, mode="replace")
    installation.completed(large, read=200_000)
    installation.completed(small, read=20)
    assert installation.count(datasource) == 20
    assert "QUEUED" in {body.get("status") for body in installation.history(small)}


def test_the_order_of_acceptance_survives_a_backlog(installation: Installation) -> None:
    """The submitter comes back to topics that it reads in no order of each other."""
    datasource = installation.datasource()
    installation.stop("submitter")
    earlier = [installation.upload(rows_csv(50, first=1000 * number), datasource) for number in range(6)]
    replace = installation.upload(rows_csv(7), datasource, mode="replace")
    later = installation.upload(rows_csv(5, first=900_000), datasource)
    for task_id in (*earlier, replace, later):
        installation.reached(task_id, "VALIDATED")
    installation.start("submitter")
    for task_id in earlier:
        installation.completed(task_id, read=50)
    installation.completed(replace, read=7)
    installation.completed(later, read=5)
    assert installation.count(datasource) == 12


def _upstream_task(datasource: str, uri: str) -> str:
    from shared import ids  # noqa: PLC0415  # the one thing here that is computed as the services do

    return ids.upstream_task_id(tenant="default", datasource_name=datasource, file_uri=uri)
