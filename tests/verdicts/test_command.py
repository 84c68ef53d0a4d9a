"""`ingest validate` and `ingest infer` through the real engine in its child process; sockets are off."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from services import validate_command
from services.validator.engine import ChildDied, Code, ParseOptions, Problem, Rejected
from services.validator.engine.document import FileReport
from shared.contract import read_contract
from tests.command import run

BAD = {17, 42, 77, 311, 500, 640, 900}


@pytest.fixture
def rows_csv(tmp_path: Path) -> Path:
    """A thousand rows; seven of them are bad."""
    path = tmp_path / "rows.csv"
    lines = [f"2024-01-01T00:00:{n % 60:02d}Z,{n},x" if n not in BAD else f"soon,{n},x" for n in range(1, 1001)]
    path.write_text("ts,n,s\n" + "\n".join(lines) + "\n")
    return path


def written(folder: Path, text: str) -> Path:
    path = folder / "data.csv"
    path.write_text(text)
    return path


def ndjson(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_seven_bad_rows_among_a_thousand(rows_csv: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows, rejects = rows_csv.with_name("rows.ndjson.gz"), rows_csv.with_name("bad.ndjson")
    assert run("validate", rows_csv, "-o", "json", "--rows-out", rows, "--rejects-out", rejects) == 3
    said = capsys.readouterr()
    report = json.loads(said.out)
    assert said.err == ""
    assert list(report) == [name for name in FileReport.model_fields if name != "drift"]
    assert report["verdict"] == "accepted_with_rejects"
    assert report["rows"] == {"read": 1000, "accepted": 993, "rejected": 7}
    (problem,) = report["problems"]
    assert (problem["rule"], problem["column"], problem["count"]) == ("timestamp_invalid", "ts", 7)
    assert [sample["record"] for sample in problem["samples"]] == sorted(BAD)
    accepted = ndjson(gzip.decompress(rows.read_bytes()).decode())
    assert [row["n"] for row in accepted] == [n for n in range(1, 1001) if n not in BAD]
    assert accepted[0] == {"__time": 1704067201000, "n": 1, "s": "x"}
    assert list(accepted[0]) == ["__time", *(column["name"] for column in report["columns"])]
    bad = ndjson(rejects.read_text())
    assert [row["record"] for row in bad] == sorted(BAD)
    assert (bad[0]["raw"], bad[0]["fields"]) == ("soon,17,x", {"ts": "soon", "n": "17", "s": "x"})
    assert sorted(path.name for path in rows_csv.parent.iterdir()) == ["bad.ndjson", "rows.csv", "rows.ndjson.gz"]


def test_a_good_file_is_text_in_80_columns_without_colour(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, rejects = written(tmp_path, "ts,n\n2024-01-01,1\n"), tmp_path / "bad.ndjson"
    assert run("validate", file, "--rejects-out", rejects) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[1] == "  1 rows read, 1 good, 0 bad"
    assert "    bad rows: " in said.out
    assert "\x1b" not in said.out
    assert said.err == ""
    assert rejects.read_text() == ""


def test_without_a_time_the_rows_are_written_without_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, rows = written(tmp_path, "name,city\nAda,London\n"), tmp_path / "rows.ndjson"
    assert run("validate", file, "-o", "json", "--rows-out", rows) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["verdict"], report["timestamp"]) == ("accepted", None)
    assert [(one["rule"], one["count"]) for one in report["problems"]] == [("timestamp_missing", 0)]
    assert ndjson(rows.read_text()) == [{"name": "Ada", "city": "London"}]


def test_an_ambiguous_time_is_asked_and_the_answer_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, "day;n\n01/02/2024;1\n")
    assert run("validate", file) == 0
    assert "--timestamp-format dd/MM/yyyy" in capsys.readouterr().out
    assert run("validate", file, "--timestamp-format", "dd/MM/yyyy", "--delimiter", ";", "-o", "json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["timestamp"]["column"], report["timestamp"]["format"]) == ("day", "dd/MM/yyyy")
    assert report["dialect"]["delimiter_evidence"] == "declared"


def test_a_rejected_file_leaves_no_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, rows, rejects = written(tmp_path, "a,b\n"), tmp_path / "rows.ndjson", tmp_path / "bad.ndjson"
    assert run("validate", file, "--rows-out", rows, "--rejects-out", rejects) == 3
    assert capsys.readouterr().out.startswith("REJECTED  ")
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]


def test_infer_says_columns_and_time_only(rows_csv: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("infer", rows_csv, "-o", "json") == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["columns", "timestamp"]
    assert [(column["name"], column["type"]) for column in found["columns"]] == [("n", "long"), ("s", "string")]
    assert found["timestamp"]["evidence"][0]["parsed"] == 993
    assert run("infer", written(rows_csv.parent, "a,b\n")) == 3
    assert "no_rows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("missing.csv",), 1, "missing.csv cannot be read: No such file"),
        ((".",), 1, "it is no regular file"),
        (("rows.csv", "--rows-out", "nowhere/rows.ndjson"), 1, "nowhere/rows.ndjson cannot be written: No such file"),
        (("rows.csv", "--rejects-out", "."), 1, "cannot be written: it is no regular file"),
        (("rows.csv", "--rows-out", "rows.csv"), 2, "named twice"),
        (("rows.csv", "--rows-out", "x", "--rejects-out", "./x"), 2, "named twice"),
        (("rows.csv", "--delimiter", "ab"), 2, "--delimiter"),
        (("rows.csv", "-o", "xml"), 2, "text or json"),
        (("rows.csv", "--nonsense"), 2, "--nonsense"),
        ((), 2, "Missing argument"),
    ],
)
@pytest.mark.usefixtures("rows_csv")
def test_an_error_is_one_line(
    arguments: tuple[str, ...],
    code: int,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("validate", *arguments) == code
    said = capsys.readouterr()
    assert said.err.startswith("ingest: ")
    assert said.err.count("\n") == 1
    assert words in said.err
    assert said.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


def test_a_file_that_may_not_be_read(
    rows_csv: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert run("validate", rows_csv) == 1
    assert capsys.readouterr().err == f"ingest: {rows_csv} cannot be read: Permission denied\n"


def test_a_limit_is_a_verdict_and_a_death_is_an_error(
    rows_csv: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def over(*_: Any, **__: Any) -> Rejected:
        return Rejected(problems=(Problem(code=Code.LIMIT_TIME, message="It took too long."),))

    async def died(*_: Any, **__: Any) -> Rejected:
        msg = "the parser ended without a verdict (SIGKILL): one\nline too many"
        raise ChildDied(msg)

    monkeypatch.setattr(validate_command, "check_in_child", over)
    assert run("validate", rows_csv, "-o", "json") == 3
    assert json.loads(capsys.readouterr().out)["problems"][0]["rule"] == "limit_time"
    monkeypatch.setattr(validate_command, "check_in_child", died)
    assert run("validate", rows_csv) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_every_hint_of_the_engine_is_an_option_with_a_word_of_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(validate_command.HINTS) == set(ParseOptions.model_fields)
    assert run("validate", "--help") == 0
    text = capsys.readouterr().out
    for name in ParseOptions.model_fields:
        assert validate_command.option_of(name) in text


@pytest.mark.parametrize("written", [r"\t", "tab", "\t"])
def test_a_tab_is_named_as_it_is_to_the_gateway(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], written: str
) -> None:
    file = tmp_path / "rows.tsv"
    file.write_text("when\ta,b\n2024-01-01\t1,2\n")
    assert run("validate", file, "--delimiter", written, "-o", "json") == 0
    assert json.loads(capsys.readouterr().out)["dialect"]["delimiter"] == "\t"


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--encoding", "utf-9"),
        ("--encoding", "hex"),
        ("--format", "csv"),
        ("--datasource-time-zone", "Europe/Bonn"),
    ],
)
def test_an_option_that_no_file_could_fit_is_wrong_usage(
    rows_csv: Path, capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    assert run("validate", rows_csv, option, value) == 2
    assert f"{option}: '{value}' is unknown" in capsys.readouterr().err


def test_the_bar_waits_a_second_and_only_shows_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    with validate_command._progress_bar("rows.csv") as nobody_looks:
        assert nobody_looks is None
    terminal = Console(force_terminal=True, width=80, record=True, file=Path(os.devnull).open("w"))  # noqa: SIM115
    monkeypatch.setattr(validate_command, "Console", lambda **_: terminal)
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    with validate_command._progress_bar("rows.csv") as advance:
        assert advance is not None
        now = 0.9
        advance(0.5)
        assert "rows.csv" not in terminal.export_text()
        now = 1.1
        advance(0.6)
        terminal.file.flush()
    assert "rows.csv" in terminal.export_text()
    terminal.file.close()


def test_infer_writes_a_contract_that_its_file_fits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, "at,n,who,empty\n2024-01-01T00:00:00Z,1,NO,\n2024-01-02T00:00:00Z,2.5,SE,\n")
    assert run("infer", file, "-o", "yaml") == 0
    text = capsys.readouterr().out
    contract = read_contract(text)
    assert (contract.datasource, [(column.name, column.type) for column in contract.columns]) == (
        "data",
        [("at", "timestamp"), ("n", "double"), ("who", "text"), ("empty", "text")],
    )
    assert contract.columns[0].role == "time"
    assert "No long: record 2 has '2.5'." in text
    kept = tmp_path / "contract.yaml"
    kept.write_text(text)
    assert run("contract", "diff", kept, file) == 0
    assert capsys.readouterr().out == "no difference\n"


def test_infer_suggests_in_comments_what_its_file_keeps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"2024-01-01T00:00:{n:02d}Z,{n},'{'ab'[n % 2]}'" for n in range(40)]
    file = written(tmp_path, "at,id,kind\n" + "\n".join(rows) + "\n")
    assert run("infer", file, "-o", "yaml", "--quote", "'") == 0
    text = capsys.readouterr().out
    assert read_contract(text).dialect.quote == "'"
    for line in ("unique: true", "checks: {min: 0, max: 39}", "checks: {enum: [a, b]}"):
        assert text.count(f"    # {line}\n") == 1
        text = text.replace(f"# {line}", line)
    contract = tmp_path / "contract.yaml"
    contract.write_text(text)
    assert run("validate", file, "--contract", contract) == 0
    file.write_text(file.read_text() + "2024-01-02,0,'c'\n")
    assert run("validate", file, "--contract", contract) == 3


def test_an_inferred_decimal_keeps_all_its_digits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    long, longer = f"1.{'2' * 19}3", f"0.{'1' * 40}"
    file = written(tmp_path, f"at,d,text\n2024-01-01T00:00:00Z,{long},{longer}\n2024-01-02T00:00:00Z,2.5,{longer}\n")
    assert run("infer", file, "-o", "yaml") == 0
    text = capsys.readouterr().out
    columns = {column.name: (column.type, column.scale) for column in read_contract(text).columns}
    assert (columns["d"], columns["text"]) == (("decimal", 20), ("text", None))
    contract = tmp_path / "contract.yaml"
    contract.write_text(text)
    rows = tmp_path / "rows.ndjson"
    assert run("validate", file, "--contract", contract, "--rows-out", rows) == 0
    assert [json.loads(line)["d"] for line in rows.read_text().splitlines()] == [long, "2.5"]


def test_a_file_is_compared_with_a_contract(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contract = tmp_path / "contract.yaml"
    contract.write_text(
        "format_version: 1\ndatasource: d\ncolumns:\n- {name: n, type: long}\n- {name: gone, type: text}\n"
    )
    file = written(tmp_path, "n,more\n1,a\n1.5,b\n")
    assert run("contract", "diff", contract, file, "-o", "json") == 3
    found = json.loads(capsys.readouterr().out)
    assert [(one["kind"], one["column"], one["decision"], one["rule"]) for one in found] == [
        ("wider_type", "n", "reject", "wider-type"),
        ("missing_column", "gone", "reject", "missing-label"),
        ("new_column", "more", "evolve", "extra-label"),
    ]


def test_a_file_without_columns_cannot_be_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contract = tmp_path / "contract.yaml"
    contract.write_text("format_version: 1\ndatasource: d\ncolumns:\n- {name: n, type: long}\n")
    assert run("contract", "diff", contract, written(tmp_path, "")) == 1
    assert capsys.readouterr().err.startswith("ingest: ")


CONTRACT = """\
format_version: 1
datasource: d
columns:
- {name: ts, type: timestamp, role: time}
- {name: n, type: long, nullable: false, checks: {max: 900}}
- {name: s, type: text}
rules:
- {name: not_500, expression: n <> 500}
"""


def test_a_file_is_judged_by_a_contract(rows_csv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contract = tmp_path / "contract.yaml"
    contract.write_text(CONTRACT)
    assert run("validate", rows_csv, "--contract", contract, "--max-rejected-ratio", "1", "-o", "json") == 3
    report = FileReport.model_validate_json(capsys.readouterr().out)
    assert (report.rows.accepted, report.rows.rejected) == (893, 107)
    counted = {(one.rule, one.column, one.constraint): one.count for one in report.problems}
    assert counted == {
        ("constraint-error", "n", "max"): 100,
        ("timestamp_invalid", "ts", None): 7,
        ("row-constraint", None, "not_500"): 1,
    }
    assert run("validate", rows_csv, "--contract", contract, "--max-rejected-ratio", "1") == 3
    shown = capsys.readouterr().out
    assert "100 x constraint-error (max) in n" in shown
    assert "1 x row-constraint (not_500)" in shown
    contract.write_text(CONTRACT.replace("long", "double"))
    assert run("validate", rows_csv, "--contract", contract, "--delimiter", ",", "--max-rejected-ratio", "1") == 3
    shown += capsys.readouterr().out
    assert "Columns that are not as the contract has them" in shown
    assert "ignore: the file's `n` is long" in shown
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CONTRACT.replace("type: text", "type: txt"), "line 6, column 13"),
        (None, "cannot be read: No such file"),
        ("a: [", "line 2, column 1: this is no YAML"),
    ],
)
def test_a_bad_contract_is_wrong_usage(
    text: str | None, words: str, rows_csv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contract = tmp_path / "contract.yaml"
    if text is not None:
        contract.write_text(text)
    assert run("validate", rows_csv, "--contract", contract) == 2
    said = capsys.readouterr().err
    assert said.startswith("ingest: ")
    assert said.count("\n") == 1
    assert words in said
