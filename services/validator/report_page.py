"""The validation report on paper: its JSON Schema and a page about its fields, written from the models.

    python -m services.validator.report_page

writes `docs/report.schema.json` and `docs/validation-report.md` anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from services.validator.engine import FileReport
from shared.schema import DIALECT, ROOT, written

SCHEMA = Path("docs/report.schema.json")
PAGE = Path("docs/validation-report.md")

Schema = Mapping[str, Any]


def schema() -> dict[str, Any]:
    """The JSON Schema of a report, as it is written: facts that a column does not have are left out."""
    return {
        "$schema": DIALECT,
        "$id": "urn:validation.report.v1",
        **FileReport.model_json_schema(mode="serialization"),
    }


def page() -> str:
    """The text of `docs/validation-report.md`."""
    whole = schema()
    lines = [
        "# The validation report",
        "",
        "<!-- Written by `make docs` from `services/validator/engine/document.py`; do not edit. -->",
        "",
        "What `ingest validate FILE -o json` prints, and what the service stores under a task's `report_key`: the same",
        "file with the same options gives the same report. For programs there is a",
        "[JSON Schema](report.schema.json). A field is always there, unless the table says that it may be absent.",
        "",
        "Bad rows are counted exactly by rule and column; the samples are a few of them. All of them, with their text,",
        "their fields and their errors, are in the rejects: `--rejects-out`, or a task's `rejects_key`. Where a report",
        "of the command line asks for the time (`timestamp_missing`, `timestamp_ambiguous` with a count of 0), the",
        "service rejects the file, because Druid needs one.",
        *_model("The report", whole, whole),
    ]
    for name, model in whole["$defs"].items():
        if "properties" in model:
            lines += _model(name, model, whole)
    return "\n".join(lines) + "\n"


def _model(title: str, model: Schema, whole: Schema) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    if title in whole["$defs"]:
        yield from (" ".join(model["description"].split()), "")
    yield from ("| field | type | meaning |", "|---|---|---|")
    for name, field in model["properties"].items():
        absent = "" if name in model.get("required", ()) else " May be absent."
        yield f"| `{name}` | {_type(field, whole)} | {field['description']}{absent} |"


def _type(field: Schema, whole: Schema) -> str:
    if "$ref" in field:
        name = str(field["$ref"]).removeprefix("#/$defs/")
        return f"[{name}](#{name.lower()})" if "properties" in whole["$defs"][name] else "any"
    if "anyOf" in field:
        return " or ".join(_type(one, whole) for one in field["anyOf"])
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if field.get("type") == "array":
        return f"list of {_type(field['items'], whole)}"
    return str(field.get("type", "any"))


def main(root: Path = ROOT) -> int:
    """Write both below `root`."""
    (root / SCHEMA).write_text(written(schema()))
    (root / PAGE).write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
