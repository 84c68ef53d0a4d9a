"""`ingest spec FILE` through the real engine in its child process; sockets are off."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import run

CONTRACT = """
format_version: 1
datasource: sales
columns:
  - {name: when, type: timestamp, role: time}
  - {name: city, type: text}
  - {name: n, type: long}
loading: {mode: replace, replace: whole, segment_granularity: day}
"""


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    path = tmp_path / "sales.csv"
    path.write_text("when,city,n\n2026-01-01T10:00:00Z,Oslo,1\n2026-01-02T10:00:00Z,Bergen,2\n")
    return path


def test_it_is_printed_with_stand_ins_for_what_has_no_name_yet(sales: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("spec", sales, "-d", "sales") == 0
    said = capsys.readouterr()
    printed = json.loads(said.out)
    assert (printed["id"], said.err) == ("ingest_TASK_1", "")
    assert printed["spec"]["dataSchema"]["dataSource"] == "sales"
    dimensions = [(one["name"], one["type"]) for one in printed["spec"]["dataSchema"]["dimensionsSpec"]["dimensions"]]
    assert dimensions == [("city", "string"), ("n", "long"), ("ingest_task_id", "string")]
    (part,) = printed["spec"]["ioConfig"]["inputSource"]["objects"]
    assert part["bucket"] == "BUCKET"
    assert part["path"].startswith("validated/TASK/RUN/")
    assert printed["spec"]["ioConfig"]["appendToExisting"] is True


def test_it_follows_the_contract_and_says_what_is_left_open(
    sales: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    contract = tmp_path / "sales.yaml"
    contract.write_text(CONTRACT)
    assert run("spec", sales, "-d", "sales", "--contract", contract) == 0
    said = capsys.readouterr()
    printed = json.loads(said.out)["spec"]
    assert printed["dataSchema"]["granularitySpec"]["segmentGranularity"] == "DAY"
    assert printed["ioConfig"]["dropExisting"] is True
    assert "a replace empties it" in said.err


def test_options_about_the_file_count(sales: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sales.write_text("a;b\n05.01.2026;1\n06.02.2026;2\n")
    assert run("spec", sales, "-d", "sales", "--timestamp-format", "%d.%m.%Y", "--delimiter", ";") == 0
    (interval,) = json.loads(capsys.readouterr().out)["spec"]["dataSchema"]["granularitySpec"]["intervals"]
    assert interval.startswith("2026-01-01T")


def test_rejected_rows_are_told(sales: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sales.write_text(sales.read_text() + "2026-01-03T10:00:00Z,Oslo,3,4\n")
    assert run("spec", sales, "-d", "sales") == 0
    assert capsys.readouterr().err == "ingest: 1 of 3 rows are rejected\n"


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n"], ids=["empty", "no time"])
def test_a_file_that_cannot_be_loaded_has_none(sales: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    sales.write_text(text)
    assert run("spec", sales, "-d", "sales") == 3
    assert "index_parallel" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "say with --datasource where its rows would go"),
        (("--delimiter", ";"), "options about a file need --datasource"),
        (("-d", "a/b"), "--datasource may not contain a slash"),
        (("-d", "sales", "--contract", "none.yaml"), "none.yaml cannot be read"),
    ],
)
def test_wrong_usage(sales: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str) -> None:
    assert run("spec", sales, *arguments) == 2
    assert words in capsys.readouterr().err


def test_a_file_that_is_not_there_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("spec", "nowhere.csv", "-d", "sales") == 1
    assert "nowhere.csv cannot be read" in capsys.readouterr().err
