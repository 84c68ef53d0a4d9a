"""`ingest contract` on contracts; against files of data it is with the engine, in tests/verdicts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services import contract_command
from shared.contract import read_contract
from shared.contract.exchange import LANGUAGES
from tests.command import run
from tests.unit.contract.contracts import FULL


@pytest.fixture
def contract_yaml(tmp_path: Path) -> Path:
    path = tmp_path / "sales.yaml"
    path.write_text(FULL)
    return path


def changed(path: Path, old: str, new: str) -> Path:
    other = path.with_name("changed.yaml")
    other.write_text(FULL.replace(old, new))
    return other


def test_a_good_contract_is_told_so(contract_yaml: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("contract", "check", contract_yaml) == 0
    assert capsys.readouterr().out == "good: sales, 9 columns, 2 rules\n"
    assert run("contract", "check", contract_yaml, "-o", "json") == 0
    assert json.loads(capsys.readouterr().out) == {"good": True, "faults": []}


def test_each_fault_is_a_line_on_stdout_and_code_3(contract_yaml: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = changed(contract_yaml, "type: json", "type: xml")
    assert run("contract", "check", bad) == 3
    said = capsys.readouterr()
    assert said.out.startswith(f"{bad}: line 21, column 20: columns[7].type: must be 'text', ")
    assert said.out.count("\n") == 1
    assert said.err == ""
    assert run("contract", "check", bad, "-o", "json") == 3
    (fault,) = json.loads(capsys.readouterr().out)["faults"]
    assert (fault["field"], fault["line"], fault["column"]) == ("columns[7].type", 21, 20)


def test_the_languages_are_those_of_the_exchange() -> None:
    assert contract_command.LANGUAGES == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_export_and_import_are_data_on_stdout_and_losses_on_stderr(
    language: str, contract_yaml: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("contract", "export", contract_yaml, "-f", language) == 0
    said = capsys.readouterr()
    assert "ingest: lost: rules.paid_has_amount: " in said.err
    assert all(line.startswith("ingest: lost: ") for line in said.err.splitlines())
    schema = contract_yaml.with_name("schema")
    schema.write_text(said.out)
    assert run("contract", "import", schema) == 0
    assert read_contract(capsys.readouterr().out).datasource == "sales"


def test_what_an_import_loses_stands_in_the_contract_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schema = tmp_path / "stations 2.json"
    schema.write_text('{"fields": [{"name": "a", "type": "time"}]}')
    assert run("contract", "import", schema) == 0
    said = capsys.readouterr()
    assert said.err == "ingest: lost: columns.a.type: time becomes text\n"
    assert said.out.startswith("# Imported from stations 2.json.\n# Lost: columns.a.type: time becomes text\n")
    assert read_contract(said.out).datasource == "stations_2"
    assert run("contract", "import", schema, "-d", "named") == 0
    assert read_contract(capsys.readouterr().out).datasource == "named"


def test_two_versions_are_compared(contract_yaml: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("contract", "diff", contract_yaml, contract_yaml) == 0
    assert capsys.readouterr().out == "no difference\n"
    assert run("contract", "diff", contract_yaml, changed(contract_yaml, "NO, SE, DK", "NO, SE, DK, DE")) == 0
    assert capsys.readouterr().out == "ok      check_loosened      columns.country.checks.enum: now allowed: DE\n"
    assert run("contract", "diff", contract_yaml, changed(contract_yaml, "NO, SE", "SE"), "-o", "json") == 3
    (change,) = json.loads(capsys.readouterr().out)
    assert (change["kind"], change["breaks"]) == ("check_tightened", True)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("check", "/nowhere.yaml"), 1),
        (("export", "/nowhere.yaml", "-f", "pandera"), 1),
        (("export", "/nowhere.yaml"), 2),
        (("export", "/nowhere.yaml", "-f", "avro"), 2),
        (("import", "/nowhere.json"), 1),
        (("diff", "/nowhere.yaml"), 2),
        (("diff", "/nowhere.yaml", "/nowhere.yaml", "-o", "xml"), 2),
    ],
)
def test_an_error_is_one_line_on_stderr(
    arguments: tuple[str, ...], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("contract", *arguments) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("ingest: ")
    assert said.err.count("\n") == 1


def test_a_bad_contract_is_an_error_where_a_good_one_is_needed(
    contract_yaml: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = changed(contract_yaml, "type: json", "type: xml")
    assert run("contract", "diff", contract_yaml, bad) == 1
    assert capsys.readouterr().err.startswith(f"ingest: {bad}: line 21, column 20: ")
