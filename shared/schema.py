"""The contracts on paper: JSON Schemas, `docs/asyncapi.json` and `docs/events.md`, written from the code.

    python -m shared.schema

writes all anew. It refuses to write a schema that breaks a reader or a record of the version that stands in the tree:
such a change needs a new version of the event.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from shared.asyncapi import document
from shared.event_model import Model
from shared.events import EVENT_CLASSES
from shared.events_page import page
from shared.kafka.envelope import UpstreamFile
from shared.kafka.parties import Message

ROOT = Path(__file__).parent.parent
PAGE = Path("docs/events.md")
ASYNCAPI = Path("docs/asyncapi.json")
EXAMPLES = Path("tests/contracts/examples")
FOLDER = Path("tests/contracts/schemas")
UPSTREAM = "upstream.file.v1"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = Mapping[str, Any]

# What a schema says about its reader only, and the parts that are compared piece by piece.
_WORDS = frozenset({"title", "description", "$schema", "$id", "$defs"})
_PIECES = frozenset({"properties", "required", "enum", "items", "anyOf", "additionalProperties"})

MODELS: dict[str, Message] = {**{event.event_type: event for event in EVENT_CLASSES}, UPSTREAM: UpstreamFile}


def schema_of(name: str, model: type[Model]) -> dict[str, Any]:
    """The JSON Schema of a body, as a reader takes it."""
    return {"$schema": DIALECT, "$id": f"urn:{name}", **model.model_json_schema()}


def incompatibilities(old: Schema, new: Schema) -> list[str]:
    """Every change that is more than an addition: none, and records and readers of both versions understand each other.

    A new optional field, a new value of an enumeration and new words are additions. A reader of the former release
    parks a value that it does not know: readers are upgraded first.
    """
    return list(_differences(_inlined(old, old), _inlined(new, new), "body"))


def _inlined(node: Any, whole: Schema) -> Any:
    if isinstance(node, Mapping):
        if "$ref" in node:
            target = whole["$defs"][str(node["$ref"]).removeprefix("#/$defs/")]
            return _inlined({**target, **{key: value for key, value in node.items() if key != "$ref"}}, whole)
        return {key: _inlined(value, whole) for key, value in node.items() if key != "$defs"}
    if isinstance(node, list):
        return [_inlined(value, whole) for value in node]
    return node


def _differences(old: Any, new: Any, place: str) -> Iterator[str]:
    if not isinstance(old, dict) or not isinstance(new, dict):
        if old != new:
            yield f"{place}: was {json.dumps(old)} and is {json.dumps(new)}"
        return
    for key in sorted((old.keys() | new.keys()) - _WORDS - _PIECES):
        if (key in old) != (key in new) or not _equal(old.get(key), new.get(key)):
            yield f"{place}: {key} was {json.dumps(old.get(key))} and is {json.dumps(new.get(key))}"
    yield from _field_differences(old, new, place)
    yield from _value_differences(old, new, place)
    for key in ("items", "additionalProperties"):
        yield from _differences(old.get(key), new.get(key), f"{place}[]")
    before, after = old.get("anyOf", []), new.get("anyOf", [])
    if len(before) != len(after):
        yield f"{place}: another choice of types"
    for one, other in zip(before, after, strict=False):
        yield from _differences(one, other, place)


def _equal(old: Any, new: Any) -> bool:
    """Whether a word of the schema is the same; the default of an object may gain fields that are left out."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old.items() <= new.items() and all(new[name] is None for name in new.keys() - old.keys())
    return bool(old == new)


def _value_differences(old: dict[str, Any], new: dict[str, Any], place: str) -> Iterator[str]:
    for value in old.get("enum", []):
        if value not in new.get("enum", []):
            yield f"{place}: the value {json.dumps(value)} is gone"
    if "enum" in new and "enum" not in old:
        yield f"{place}: only some values are left"


def _field_differences(old: dict[str, Any], new: dict[str, Any], place: str) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    needed_before, needed_after = set(old.get("required", [])), set(new.get("required", []))
    for name, described in before.items():
        if name not in after:
            yield f"{place}.{name}: is gone"
            continue
        if (name in needed_before) != (name in needed_after):
            yield f"{place}.{name}: {'is not required any more' if name in needed_before else 'is now required'}"
        yield from _differences(described, after[name], f"{place}.{name}")
    for name in sorted(needed_after - before.keys()):
        yield f"{place}.{name}: is new and required"


def written(schema: Schema) -> str:
    """A schema as its file holds it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def asyncapi_document() -> dict[str, Any]:
    """The AsyncAPI document of this tree, with its version and its golden records."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    examples = {kind: [_example(file) for file in sorted((ROOT / EXAMPLES / kind).glob("*.json"))] for kind in MODELS}
    return document(MODELS, version=version, examples=examples)


def _example(file: Path) -> dict[str, Any]:
    record = json.loads(file.read_text())
    return {"name": file.stem, "summary": record["about"], "headers": record["headers"], "payload": record["body"]}


def main(root: Path = ROOT) -> int:
    """Write all files below `root`; 1, and nothing written, if a schema would break the one that is there."""
    schemas = {root / FOLDER / f"{name}.json": schema_of(name, model) for name, model in MODELS.items()}
    broken = [
        f"{file.name}: {change}"
        for file, schema in schemas.items()
        if file.exists()
        for change in incompatibilities(json.loads(file.read_text()), schema)
    ]
    if broken:
        sys.stderr.write("\n".join(["these changes need a new version of the event:", *broken]) + "\n")
        return 1
    for file, schema in schemas.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(written(schema))
    (root / PAGE).parent.mkdir(parents=True, exist_ok=True)
    (root / PAGE).write_text(page())
    (root / ASYNCAPI).write_text(written(asyncapi_document()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
