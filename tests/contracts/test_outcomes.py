"""The table of outcomes on paper is the one that the tests of whole files assert."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.file_options import FORMATS
from shared.schema import ROOT
from tests.verdicts import outcomes
from tests.verdicts.cases import every
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
