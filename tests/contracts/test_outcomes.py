"""The table of outcomes on paper is the one that the tests of whole files assert."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from shared.contract.model import Checks, DriftDecision, DriftKind
from shared.contract.rule_names import MEANINGS
from shared.file_options import FORMATS
from shared.schema import ROOT
from tests.verdicts import outcomes
from tests.verdicts.cases import contract_values, contracts, every
from tests.verdicts.cases.case import Bad, Case
from tests.verdicts.cases.hostile import HOSTILE


def test_the_table_is_written_anew_after_a_change() -> None:
    written = (ROOT / outcomes.PAGE).read_text(encoding="utf-8")
    assert written == outcomes.page(written), "make docs"


def test_every_format_has_a_sound_file_and_a_fault() -> None:
    accepted = {case.format for case in every.CASES if case.outcome == "accepted"}
    faulty = {case.format for case in every.CASES if case.outcome != "accepted"}
    assert accepted == faulty
    assert accepted == {*FORMATS, "gzip", "zstd", "bzip2", "xz", "text"}


def test_every_rule_of_a_contract_and_every_decision_on_drift_has_a_case() -> None:
    cases = (*contract_values.CASES, *contracts.CASES)
    rules = {bad.rule for case in cases for bad in case.bad} | {case.code for case in cases}
    kinds = {kind for case in cases for kind, _, _ in case.drift or ()}
    assert {name for name in MEANINGS if name.replace("-", "_") not in kinds} <= rules
    checks = {bad.constraint for case in cases for bad in case.bad}
    assert checks >= {*Checks.model_fields, "nullable", "unique"}
    decided = {case.fault for case in cases if case.dialect == "a contract: drift"}
    assert decided >= {f"{kind}: {decision}" for kind in get_args(DriftKind) for decision in get_args(DriftDecision)}


def test_every_case_is_in_the_table_once() -> None:
    lines = outcomes.table().splitlines()
    assert len(set(lines)) == len(lines) == 2 + len(every.CASES) + len(HOSTILE)


def test_an_outcome_says_what_is_asserted() -> None:
    assert Case("", "", b"").outcome == "accepted"
    assert Case("", "", b"", bad=(Bad("quote", 1, 2),)).outcome == "the row is rejected: `quote`"
    assert Case("", "", b"", code="quote", line=3).outcome == "the file is rejected: `quote`, line 3"


def test_the_rest_of_the_page_is_left(tmp_path: Path) -> None:
    page = tmp_path / outcomes.PAGE
    page.parent.mkdir()
    page.write_text(f"before\n{outcomes.BEGIN}\nold\n{outcomes.END}\nbehind\n")
    outcomes.main(tmp_path)
    written = page.read_text()
    assert written.startswith("before\n")
    assert written.endswith("\nbehind\n")
    assert "| delimited | comma | none | accepted |" in written
    assert "\nold\n" not in written


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="put them where the table belongs"):
        outcomes.page("nothing")
