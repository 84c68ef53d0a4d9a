"""`ingest problems`, `ingest rejects` and `ingest put -` against a gateway that answers what the test says."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.command import run

TASK = "2JZyF8uAbrUiNSDuVkBypB"
PARENT = "2JZyF8uAbrUiNSDuVkByPP"
CSV = b"\xef\xbb\xbfingest_record,day,ingest_errors\r\n3,soon,bad\r\n"


def problem(record: int, **more: Any) -> dict[str, Any]:
    about = {"record": record, "line": record + 1, "column": "day", "rule": "timestamp_invalid", "value": "soon"}
    return {**about, "message": "it is no time as dd/MM/yyyy", "suggestion": None, **more}


class Gateway:
    """Pages of problems, a file of rejected rows, a task; or one refusal."""

    def __init__(self) -> None:
        self.problems: list[dict[str, Any]] = [problem(record) for record in range(1, 251)]
        self.asked: list[httpx.Request] = []
        self.refusal: httpx.Response | None = None
        self.task: dict[str, Any] = {"task_id": TASK, "corrects": None, "ledger": {"rows_rejected": 1234}}
        self.filename = "sales.rejects.csv"

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.asked.append(request)
        if self.refusal is not None:
            return self.refusal
        query = request.url.params
        if request.method == "PUT":
            return httpx.Response(202, json={"task_id": TASK, "status": "PENDING"})
        if request.url.path.endswith("/problems"):
            begin = int(query.get("cursor", 0))
            end = begin + int(query["limit"])
            following = str(end) if end < len(self.problems) else None
            return httpx.Response(200, json={"problems": self.problems[begin:end], "next_cursor": following})
        if request.url.path.endswith("/rejects"):
            headers = {"content-disposition": f'attachment; filename="{self.filename}"'}
            return httpx.Response(200, content=CSV, headers=headers)
        return httpx.Response(200, json=self.task)


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Gateway:
    answers = Gateway()
    real = httpx.Client
    monkeypatch.setattr(
        httpx,
        "Client",
        lambda **arguments: real(transport=httpx.MockTransport(answers), base_url=arguments["base_url"]),
    )
    monkeypatch.chdir(tmp_path)
    return answers


def test_problems_are_a_table_of_eighty_columns(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    gateway.problems = [
        problem(1_234_567, column="a column with a very long name \x1b[31m", suggestion="2026-01-01"),
        problem(2, column=None, rule="field_count", message="expected 4 fields, got 2", value="a,b"),
        problem(3, message="word " * 60, value="x" * 5_000),
    ]
    assert run("problems", TASK) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0].split() == ["record", "column", "rule", "what", "is", "wrong"]
    assert lines[1].split()[:1] == ["1,234,567"]
    assert all(len(line) <= 80 for line in lines)
    assert ("expected 4 fields, got 2" in out, "a,b" in out, "2026-01-01?" in out) == (True, False, True)
    assert ("\x1b" in out, err) == (False, "")


@pytest.mark.usefixtures("gateway")
def test_a_table_is_short_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("problems", TASK) == 0
    out, err = capsys.readouterr()
    assert [int(line.split()[0]) for line in out.splitlines()[1:] if line.split()[0].isdigit()] == [*range(1, 101)]
    assert "the first 100: --limit 0 shows all" in err


@pytest.mark.parametrize(("limit", "count"), [((), 250), (("--limit", "3"), 3), (("--limit", "0"), 250)])
def test_problems_as_data(
    gateway: Gateway, capsys: pytest.CaptureFixture[str], limit: tuple[str, ...], count: int
) -> None:
    assert run("problems", TASK, "-o", "json", *limit) == 0
    assert json.loads(capsys.readouterr().out) == gateway.problems[:count]
    assert run("problems", TASK, "-o", "csv", *limit) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [int(row["record"]) for row in rows] == [*range(1, count + 1)]


def test_problems_of_a_rule_and_a_column(gateway: Gateway) -> None:
    assert run("problems", TASK, "--rule", "field_count", "--column", "größe & co") == 0
    asked = gateway.asked[0].url
    assert asked.path == f"/api/ingest/tasks/{TASK}/problems"
    assert (asked.params["rule"], asked.params["column"]) == ("field_count", "größe & co")


@pytest.mark.parametrize(("output", "shown"), [("table", ""), ("json", "[]\n")])
def test_no_such_problem(gateway: Gateway, capsys: pytest.CaptureFixture[str], output: str, shown: str) -> None:
    gateway.problems = []
    assert run("problems", TASK, "-o", output) == 0
    out, err = capsys.readouterr()
    assert (out, "no rejected row has such a problem" in err) == (shown, True)


def test_why_there_is_none_is_one_line(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    gateway.refusal = httpx.Response(409, json={"title": "The task has no rejected rows", "detail": "None was."})
    for command in (("problems", TASK), ("rejects", TASK), ("rejects", TASK, "-O", "x.csv")):
        assert run(*command) == 1
        assert capsys.readouterr().err == "ingest: The task has no rejected rows: None was.\n"
    assert not list(Path.cwd().iterdir())


def test_rejects_go_to_standard_output(gateway: Gateway, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run("rejects", TASK, "--format", "csv") == 0
    assert gateway.asked[0].url.params["format"] == "csv"
    assert capfdbinary.readouterr() == (CSV, b"")


def test_rejects_go_to_a_file(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    Path("x.ndjson").write_text("of before")
    assert run("rejects", TASK, "-O", "x.ndjson") == 0
    assert gateway.asked[0].url.params["format"] == "ndjson"
    assert Path("x.ndjson").read_bytes() == CSV
    assert [path.name for path in Path.cwd().iterdir()] == ["x.ndjson"]
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("gateway")
def test_rejects_to_fix_say_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("rejects", TASK, "--fix") == 0
    out, err = capsys.readouterr()
    assert out == "sales.rejects.csv\n"
    assert Path("sales.rejects.csv").read_bytes() == CSV
    assert err.splitlines()[0] == "ingest: 1,234 rejected rows are in sales.rejects.csv"
    assert err.splitlines()[-1] == f"ingest: then: ingest correct {TASK} sales.rejects.csv --wait"


def test_what_is_left_of_a_correction_corrects_the_same_task(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.task["corrects"] = PARENT
    assert run("rejects", TASK, "--fix", "--format", "xlsx", "-O", "to fix.xlsx") == 0
    assert f"ingest correct {PARENT} 'to fix.xlsx' --wait" in capsys.readouterr().err


@pytest.mark.usefixtures("gateway")
def test_a_file_that_somebody_may_have_edited_is_not_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    Path("sales.rejects.csv").write_text("edited")
    assert run("rejects", TASK, "--fix") == 2
    assert Path("sales.rejects.csv").read_text() == "edited"
    assert "is there already" in capsys.readouterr().err


def test_a_file_is_written_here_whatever_it_is_called(gateway: Gateway, tmp_path: Path) -> None:
    gateway.filename = "../../evil.csv"
    assert run("rejects", TASK, "--fix") == 0
    assert [path.name for path in tmp_path.iterdir()] == ["evil.csv"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("problems", TASK, "-o", "xml"),
        ("rejects", TASK, "--format", "pdf"),
        ("rejects", TASK, "--fix", "--format", "original"),
        ("put", "-", "rows.csv", "-d", "x", "--filename", "a.csv"),
    ],
)
def test_wrong_usage_asks_nobody(gateway: Gateway, arguments: tuple[str, ...]) -> None:
    Path("rows.csv").write_text("x")
    assert run(*arguments) == 2
    assert not gateway.asked


class Pipe(io.BytesIO):
    """It has a descriptor, and the size of what waits in it is 0."""

    def fileno(self) -> int:
        return os.open(os.devnull, os.O_RDONLY)


@pytest.mark.parametrize("filename", [None, "sales.csv"])
def test_put_sends_standard_input(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], filename: str | None
) -> None:
    content = b"day\n2026-01-01\n" * 200_000
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Pipe(content)))
    named = ("--filename", filename) if filename else ()
    assert run("put", "-", "-d", "sales & co", "--mode", "replace", *named) == 0
    (request,) = gateway.asked
    assert "content-length" not in request.headers
    assert (request.method, request.url.path, request.read()) == ("PUT", "/api/ingest/upload", content)
    said = {"datasource_name": "sales & co", "mode": "replace"} | ({"filename": filename} if filename else {})
    assert dict(request.url.params) == said
    assert f"{filename or '-'} -> sales & co  task {TASK}  PENDING" in capsys.readouterr().out
