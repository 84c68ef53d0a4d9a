"""The page and the schema of the validation report are those of the models."""

from __future__ import annotations

from pathlib import Path

import jsonschema

from services.validator import report_page
from services.validator.engine import frictionless
from shared.schema import ROOT, written


def test_the_schema_is_written_anew_after_a_change() -> None:
    jsonschema.Draft202012Validator.check_schema(report_page.schema())
    assert (ROOT / report_page.SCHEMA).read_text() == written(report_page.schema()), "make docs"


def test_the_page_is_written_anew_after_a_change() -> None:
    assert (ROOT / report_page.PAGE).read_text() == report_page.page(), "make docs"


def test_every_field_is_described() -> None:
    whole = report_page.schema()
    for name, model in {"report": whole, **whole["$defs"]}.items():
        for field, described in model.get("properties", {}).items():
            assert described.get("description"), f"{name}.{field}"


def test_both_are_written(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    report_page.main(tmp_path)
    assert (tmp_path / report_page.PAGE).read_text() == report_page.page()
    assert (tmp_path / report_page.SCHEMA).is_file()


def test_the_names_of_frictionless_stand_in_the_documentation() -> None:
    text = (ROOT / "docs/validation.md").read_text().split("## The names of Frictionless", 1)[1]
    rows = [line.split("|")[1:3] for line in text.splitlines() if line.startswith("| `")][1:]
    told = {code.strip(" `"): name.strip(" `") for name, codes in rows for code in codes.split(",")}
    assert told == {str(code): name for code, name in frictionless.NAMES.items()}
