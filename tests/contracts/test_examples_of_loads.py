"""The examples of `docs/examples/` are whole, their specs those of today, and every field of a spec is explained."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.schema import ROOT
from tests import examples
from tests.examples import EXAMPLES, FOLDER, Example
from tests.unit.submitter.druid_loads import GOLDEN

PAGE = (ROOT / FOLDER / "README.md").read_text(encoding="utf-8")
DRUID = "https://druid.apache.org/docs/33.0.0/"
ALSO = {"contract.yaml", "spec.json", "query.sql", "answer.json", "README.md"}
each = pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.name)


def fields(value: Any, path: str = "") -> Iterator[str]:
    """The path of each value, without the step `spec`; `[]` stands for each element of a list of objects."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from fields(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for inner in value:
            yield from fields(inner, f"{path}[]")
    else:
        yield path.removeprefix("spec.")


def explained() -> Iterator[tuple[str, str]]:
    """The fields of the tables, each with the cell of its link."""
    _, _, tables = PAGE.partition("## Every field of the spec")
    for row in re.findall(r"^\| (`.*) \|$", tables, re.MULTILINE):
        named, _, _, link = row.split(" | ")
        yield from ((name, link) for name in re.findall(r"`([^`]+)`", named))


@each
def test_a_spec_is_written_anew_after_a_change(example: Example) -> None:
    assert example.text("spec.json") == examples.written(examples.spec(example)), "make docs"


def test_a_changed_contract_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = [one for one in EXAMPLES if one.name == "late-data"]
    text = example.text("contract.yaml")
    monkeypatch.setattr(Example, "text", lambda _self, _name: text.replace("replace: touched", "replace: whole"))
    before = json.loads((example.folder / "spec.json").read_text(encoding="utf-8"))
    now = examples.spec(example)
    assert (before["spec"]["ioConfig"]["dropExisting"], now["spec"]["ioConfig"]["dropExisting"]) == (False, True)


def test_a_bad_row_in_a_file_would_be_seen() -> None:
    (example,) = [one for one in EXAMPLES if one.name == "nested-json"]
    with pytest.raises(ValueError, match="must have 25 good rows by its contract, and has 24"):
        examples.spec(Example(example.name, {"orders.ndjson": 25}))


@each
def test_a_folder_is_whole_and_small(example: Example) -> None:
    assert {file.name for file in example.folder.iterdir()} == ALSO | example.files.keys()
    assert max(example.files.values()) <= 100
    assert example.answer
    assert f'FROM "{example.contract.datasource}"\n' in example.text("query.sql")


@each
def test_its_commands_name_what_is_there(example: Example) -> None:
    text = example.text("README.md")
    commands = [line.split() for block in re.findall(r"```\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    words = [word for command in commands for word in command]
    assert all((ROOT / word).is_file() for word in words if word.startswith(str(FOLDER)))
    sent = [Path(command[2]).name for command in commands if command[:2] == ["ingest", "put"]]
    assert sent == list(example.files)
    named = re.findall(r"(?:datasource put|-d) (\S+)", text)
    assert named == [example.contract.datasource] * (1 + len(example.files))
    assert ("--mode replace" in text) == (example.contract.loading.mode == "replace")


def test_every_folder_is_an_example_and_is_listed() -> None:
    folders = {path.name for path in (ROOT / FOLDER).iterdir() if path.is_dir()}
    assert folders == {example.name for example in EXAMPLES}
    assert set(re.findall(r"\[([a-z-]+)\]\(\1/README\.md\)", PAGE)) == folders


def test_what_differs_with_every_load_is_told() -> None:
    for name in (examples.TASK_ID, examples.RUN_ID, examples.BUCKET):
        assert f"`{name}`" in PAGE


def test_every_field_of_a_spec_is_explained_once_and_no_other() -> None:
    golden = [json.loads(_golden(name).read_text(encoding="utf-8")) for name in GOLDEN]
    specs = [*golden, *(json.loads(example.text("spec.json")) for example in EXAMPLES)]
    listed = [name for name, _ in explained()]
    assert sorted(listed) == sorted({field for task in specs for field in fields(task)})


def test_every_field_has_a_page_of_this_druid() -> None:
    assert all(re.fullmatch(rf"\[[^]]+\]\({re.escape(DRUID)}[a-z0-9/#-]+\)", link) for _, link in explained())


def _golden(name: str) -> Path:
    return ROOT / "tests" / "unit" / "submitter" / "golden" / f"{name}.json"
