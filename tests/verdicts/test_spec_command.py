"""`ingest spec FILE` through the real engine in its child process; sockets are off."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
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


class Sampler:
    """A Druid in whose place the test answers: what it is sent, after `spoil`."""

    def __init__(self) -> None:
        self.spoil: Callable[[dict[str, Any]], dict[str, Any]] = lambda row: row

    def __call__(self, request: httpx.Request) -> httpx.Response:
        spec = json.loads(request.content)["spec"]
        rows = [json.loads(line) for line in spec["ioConfig"]["inputSource"]["data"].split("\n")]
        dimensions = spec["dataSchema"]["dimensionsSpec"]["dimensions"]
        schema = [{"name": "__time", "type": "LONG"}]
        schema += [{"name": one["name"], "type": one["type"].upper()} for one in dimensions]
        data = [{"input": row, "parsed": self.spoil(row)} for row in rows]
        return httpx.Response(200, json={"logicalSegmentSchema": schema, "data": data})


@pytest.fixture
def sampler(monkeypatch: pytest.MonkeyPatch) -> Sampler:
    answers, real = Sampler(), httpx.AsyncClient

    def client(**arguments: Any) -> httpx.AsyncClient:
        return real(**{**arguments, "transport": httpx.MockTransport(answers)})

    monkeypatch.setattr(httpx, "AsyncClient", client)
    return answers


@pytest.mark.usefixtures("sampler")
def test_a_druid_that_reads_as_we_do_is_exit_code_0(sales: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("spec", sales, "-d", "sales", "--check") == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "sales.csv -> sales: Druid reads 2 of 2 rows as we do",
        "  column                           ours     Druid     compared    differ",
        "  __time                           long     long             2         0",
        "  city                             string   string           2         0",
        "  n                                long     long             2         0",
        "  ingest_task_id                   -        string           2         0",
    ]
    assert said.err == ""


def test_a_difference_is_exit_code_4_with_the_record(
    sales: Path, sampler: Sampler, capsys: pytest.CaptureFixture[str]
) -> None:
    sales.write_text(sales.read_text().replace("city,n\n", "city,n\n2026-01-03T10:00:00Z,Rome,0,1\n"))
    sampler.spoil = lambda row: {**row, "__time": row["__time"] + 3_600_000} if row["city"] == "Bergen" else row
    assert run("spec", sales, "-d", "sales", "--check", "-o", "json") == 4
    said = capsys.readouterr()
    (cell,) = json.loads(said.out)["columns"][0]["first"]
    assert (cell["number"], cell["kind"], cell["druid"] - cell["ours"]) == (3, "time", 3_600_000)
    assert said.err == "ingest: 1 of 3 rows are rejected\n"


def test_a_rejected_file_is_not_checked(sales: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sales.write_text("a,b\n1,2\n")
    assert run("spec", sales, "-d", "sales", "--check") == 3
    assert "Druid" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--sample", "5"), "say --check too"),
        (("--check", "--sample", "0"), "--sample"),
        (("--check", "--sample", "5001"), "--sample"),
        (("--check", "-o", "yaml"), "--output is text or json"),
    ],
)
def test_wrong_usage_of_a_check(
    sales: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    assert run("spec", sales, "-d", "sales", *arguments) == 2
    assert words in capsys.readouterr().err
