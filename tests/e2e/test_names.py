"""Names of datasources that break careless quoting, from the first contract to the count."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import pytest

from services.plain_name import WORDS_OF_SQL
from shared.row_count import identifier
from tests.e2e.files import rows_csv
from tests.e2e.installation import Installation

pytestmark = pytest.mark.e2e
AWKWARD = '  it\'s        "Δ" 100%25 a+b;{x} [y] #1? & = \\ : * | ~ < > ^ `z` %s %2F -- .. '
LONGEST = {"characters": "x" * 128, "bytes": "売" * 53}


def named(installation: Installation, name: str) -> str:
    """A name that nobody has used, as odd as the given one at both ends, and as long."""
    drawn = secrets.token_hex(4) if name.isascii() or " " in name else ""
    unique = name[:6] + drawn + name[6 + len(drawn) :] if drawn else name[:-2] + secrets.token_hex(3)
    installation.datasources.add(unique)
    return unique


def count(installation: Installation, datasource: str) -> int:
    found: int = installation.sql(f"SELECT COUNT(*) AS n FROM {identifier(datasource)}")[0]["n"]  # noqa: S608  # quoted
    return found


def test_an_awkward_name_goes_all_the_way(installation: Installation, tmp_path: Path) -> None:
    """First contract, upload by form, by command and by an upstream's record, status, spec, plan, replace and undo."""
    datasource = named(installation, AWKWARD)
    file = tmp_path / "rows.csv"
    file.write_bytes(rows_csv(20))
    refused = installation.command("datasource", "create", datasource, str(file), check=False)
    assert (refused.returncode, "--name-as-is" in refused.stderr) == (2, True)
    installation.command("datasource", "create", datasource, str(file), "--name-as-is")
    history = installation.command("datasource", "history", datasource, "-o", "json").stdout
    assert json.loads(history)["datasource_name"] == datasource
    first = installation.upload(rows_csv(20), datasource)
    task = installation.completed(first, read=20)
    assert (task["datasource_name"], task["contract_version"]) == (datasource, 1)
    spec = installation.http.get(task["links"]["spec"]).json()
    assert spec["spec"]["dataSchema"]["dataSource"] == datasource
    file.write_bytes(rows_csv(10, first=100))
    assert "RECONCILED" in installation.command("put", str(file), "-d", datasource, "--wait").stdout
    assert count(installation, datasource) == 30
    uri = installation.store_object("landing/odd.csv", rows_csv(5, first=200))
    installation.publish("file.uploaded", json.dumps({"file_uri": uri, "datasource_name": datasource}).encode())
    plan = installation.end(installation.upload(rows_csv(7), datasource, mode="replace", stop_after="plan"))["plan"]
    assert plan["rows_coming"] == 7
    swap = installation.upload(rows_csv(7), datasource, mode="replace")
    installation.completed(swap, read=7)
    assert count(installation, datasource) == 7
    assert installation.end(installation.undo(swap))["status"] == "COMPLETED"
    assert count(installation, datasource) == 35


@pytest.mark.parametrize("longest", LONGEST)
@pytest.mark.parametrize("days", [1, 366])
def test_the_longest_names_are_loaded_and_counted(installation: Installation, longest: str, days: int) -> None:
    """Also into segments of all time, whose ids are the longest."""
    datasource = named(installation, LONGEST[longest])
    task_id = installation.upload(rows_csv(1_200, step_seconds=days * 86_400), datasource)
    installation.completed(task_id, read=1_200)
    assert count(installation, datasource) == 1_200
    granularity = installation.spec(task_id)["spec"]["dataSchema"]["granularitySpec"]["segmentGranularity"]
    assert (granularity == "ALL") == (days == 366)


@pytest.mark.parametrize("name", ["x" * 129, "売" * 54, ".a", "a/b", "a\tb", "\U0001f600", " "])
def test_what_druid_could_not_hold_is_refused_at_the_door(installation: Installation, name: str) -> None:
    files = {"file": ("rows.csv", rows_csv(1))}
    answer = installation.http.post("/api/ingest/upload", data={"datasource_name": name}, files=files)
    assert (answer.status_code, answer.json()["field"]) == (422, "datasource_name")


def test_the_words_of_sql_are_those_that_druid_refuses(installation: Installation) -> None:
    def refuses(word: str) -> bool:
        query = f"SELECT COUNT(*) FROM {word}"  # noqa: S608  # words of ours
        return "not found" not in installation.druid.post("/druid/v2/sql", json={"query": query}).text

    assert [word for word in sorted(WORDS_OF_SQL) if not refuses(word)] == []
    assert not refuses("sales")
