"""A version of an event only grows: the checked-in schema is what the readers out there expect."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared import schema as contracts
from shared.events_page import page
from shared.schema import FOLDER, MODELS, PAGE, ROOT, incompatibilities, schema_of
from tests.contracts.golden import schema

KINDS = sorted(MODELS)
Change = Callable[[dict[str, Any]], None]


@pytest.mark.parametrize("kind", KINDS)
def test_the_models_still_understand_what_the_schema_promised(kind: str) -> None:
    assert incompatibilities(schema(kind), schema_of(kind, MODELS[kind])) == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_is_written_anew_after_a_change(kind: str) -> None:
    assert (ROOT / FOLDER / f"{kind}.json").read_text() == contracts.written(schema_of(kind, MODELS[kind])), "make docs"


def test_no_schema_is_left_over() -> None:
    assert sorted(file.stem for file in (ROOT / FOLDER).iterdir()) == KINDS


def test_the_page_is_written_anew_after_a_change() -> None:
    assert (ROOT / PAGE).read_text() == page(), "make docs"


@pytest.mark.parametrize("kind", KINDS)
def test_a_removed_field_is_seen(kind: str) -> None:
    for name in schema(kind)["properties"]:
        changed = schema(kind)
        del changed["properties"][name]
        assert incompatibilities(schema(kind), changed) == [f"body.{name}: is gone"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_retyped_field_is_seen(kind: str) -> None:
    for name in schema(kind)["properties"]:
        changed = schema(kind)
        changed["properties"][name] = {"type": "boolean", "description": "now something else"}
        assert incompatibilities(schema(kind), changed), name


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_that_becomes_required_or_optional_is_seen(kind: str) -> None:
    required = schema(kind)["required"]
    for name in schema(kind)["properties"]:
        changed = schema(kind)
        changed["required"] = [*required, name] if name not in required else [one for one in required if one != name]
        assert incompatibilities(schema(kind), changed), name


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_required_field_is_seen_and_a_new_optional_one_is_fine(kind: str) -> None:
    changed = schema(kind)
    changed["properties"]["colour"] = {"type": "string"}
    assert incompatibilities(schema(kind), changed) == []
    changed["required"].append("colour")
    assert incompatibilities(schema(kind), changed) == ["body.colour: is new and required"]


def _drop_nested(whole: dict[str, Any]) -> None:
    del whole["$defs"]["Ledger"]["properties"]["rows_counted"]


def _retype_nested(whole: dict[str, Any]) -> None:
    whole["$defs"]["Problem"]["properties"]["detail"] = {"type": "array"}


def _drop_value(whole: dict[str, Any]) -> None:
    whole["$defs"]["TaskStatus"]["enum"].remove("FAILED")


def _tighten(whole: dict[str, Any]) -> None:
    whole["properties"]["attempt"]["maximum"] = 10


def _new_default(whole: dict[str, Any]) -> None:
    whole["properties"]["tenant"]["default"] = "nobody"


def _no_null(whole: dict[str, Any]) -> None:
    whole["properties"]["reason"]["anyOf"].pop()


@pytest.mark.parametrize("change", [_drop_nested, _retype_nested, _drop_value, _tighten, _new_default, _no_null])
def test_a_change_inside_is_seen(change: Change) -> None:
    old = schema("ingest.task.updated.v1")
    new = copy.deepcopy(old)
    change(new)
    assert incompatibilities(old, new)


def test_a_new_state_and_new_words_are_additions() -> None:
    old = schema("ingest.task.updated.v1")
    new = copy.deepcopy(old)
    new["$defs"]["TaskStatus"]["enum"].append("PAUSED")
    new["properties"]["reason"]["description"] = "In other words."
    assert incompatibilities(old, new) == []


def test_a_breaking_schema_is_not_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert contracts.main(tmp_path) == 0
    file = tmp_path / FOLDER / "ingest.task.command.v1.json"
    promised = json.loads(file.read_text())
    promised["properties"]["colour"] = {"type": "string"}
    file.write_text(json.dumps(promised))
    assert contracts.main(tmp_path) == 1
    assert "ingest.task.command.v1.json: body.colour: is gone" in capsys.readouterr().err
    assert json.loads(file.read_text()) == promised


def test_the_default_of_an_object_may_only_gain_what_is_left_out() -> None:
    old = {"default": {"mode": "append", "hint": None}}
    assert incompatibilities(old, {"default": {"mode": "append", "hint": None, "other": None}}) == []
    for changed in ({"mode": "append"}, {"mode": "x", "hint": None}, {"mode": "append", "hint": None, "other": 1}):
        assert incompatibilities(old, {"default": changed}), changed
