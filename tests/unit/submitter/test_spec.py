"""Golden specs: what is posted to Druid, byte by byte. Each of them also runs on a real Druid."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from services.submitter.spec import Load, freeze, intervals_of
from shared.druid import canonical_json
from tests.unit.submitter.druid_loads import APPEND, GOLDEN, MANY_PARTS, REPLACE

FOLDER = Path(__file__).parent / "golden"


def test_every_golden_file_has_its_load() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == set(GOLDEN)


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(name: str) -> None:
    expected = json.loads((FOLDER / f"{name}.json").read_text())
    frozen = freeze(GOLDEN[name])
    assert json.loads(canonical_json(frozen.spec)) == expected
    assert intervals_of(expected) == frozen.intervals


def test_the_same_load_is_the_same_bytes() -> None:
    assert canonical_json(freeze(APPEND).spec) == canonical_json(freeze(replace(APPEND)).spec)


@pytest.mark.parametrize(
    "other",
    [
        replace(APPEND, keys=("validated/x/part-00009.ndjson.gz",)),
        replace(APPEND, attempt=2),
        replace(APPEND, datasource="other"),
        replace(APPEND, columns=APPEND.columns[:1]),
        replace(APPEND, mode=REPLACE.mode),
    ],
)
def test_another_load_has_another_hash(other: Load) -> None:
    assert freeze(other).spec_hash != freeze(APPEND).spec_hash


def test_the_hash_stands_in_the_context_and_is_of_all_the_rest() -> None:
    spec = json.loads(canonical_json(freeze(APPEND).spec))
    assert spec["context"]["ingest_spec_hash"] == freeze(APPEND).spec_hash
    assert spec["id"] == f"ingest_{APPEND.task_id}_1"


def test_columns_of_ours_are_not_listed_twice() -> None:
    dimensions = freeze(APPEND).spec["spec"]["dataSchema"]["dimensionsSpec"]["dimensions"]
    names = [one["name"] for one in dimensions]
    assert names == ["delay", "ratio", "a.b", "ingest_task_id"]


def test_no_more_sub_tasks_than_parts() -> None:
    def sub_tasks(load: Load) -> int:
        return int(freeze(load).spec["spec"]["tuningConfig"]["maxNumConcurrentSubTasks"])

    assert sub_tasks(replace(APPEND, most_sub_tasks=8)) == 1
    assert sub_tasks(replace(MANY_PARTS, most_sub_tasks=2)) == 2
    assert sub_tasks(replace(MANY_PARTS, most_sub_tasks=8)) == 3


def test_an_append_does_not_care_what_is_there() -> None:
    assert freeze(replace(APPEND, used=REPLACE.used)) == freeze(APPEND)
