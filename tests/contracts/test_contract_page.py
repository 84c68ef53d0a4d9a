"""The page about contracts is that of the models, and its example is a contract."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared.contract import page, read_contract
from shared.contract.model import Column, Contract

TEXT = (page.ROOT / page.PAGE).read_text()


def test_the_tables_are_written_anew_after_a_change() -> None:
    assert page.page(TEXT) == TEXT, "make docs"


def test_a_changed_table_would_be_seen() -> None:
    planted = TEXT.replace("| `new_column` |", "| `fresh_column` |", 1)
    assert planted != TEXT
    assert page.page(planted) == TEXT


def test_every_table_stands_on_the_page(tmp_path: Path) -> None:
    for name in page._TABLES:
        assert TEXT.count(f"<!-- {name}: written by make docs -->") == 1
    (tmp_path / "docs").mkdir()
    (tmp_path / page.PAGE).write_text(TEXT)
    page.main(tmp_path)
    assert (tmp_path / page.PAGE).read_text() == TEXT


def test_the_example_is_a_contract_with_every_part() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    contract = read_contract(example)
    assert contract.model_dump(exclude_defaults=True).keys() == Contract.model_fields.keys()
    assert {column.role for column in contract.columns} == {"time", "dimension", "metric", "ignore"}


@pytest.mark.parametrize("model", page._MODELS.values())
def test_every_field_is_described(model: type[Column]) -> None:
    assert all(field.description for field in model.model_fields.values())
