"""The page about errors holds the catalogue of Druid's failures as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.druid_errors import CATALOGUE, page
from shared.druid_errors.entry import Fault, Place

TEXT = (page.ROOT / page.PAGE).read_text(encoding="utf-8")


def test_the_page_is_written_anew_after_a_change() -> None:
    assert page.page(TEXT) == TEXT, "make docs"


def test_a_changed_entry_would_be_seen() -> None:
    planted = TEXT.replace("### druid_shut_down", "### druid_stopped", 1)
    assert planted != TEXT
    assert page.page(planted) == TEXT


def test_every_entry_has_a_row_and_a_section() -> None:
    for entry in CATALOGUE:
        assert TEXT.count(f"| [`{entry.code}`](#{entry.code}) |") == 1
        assert TEXT.count(f"### {entry.code}\n") == 1


def test_every_fault_and_place_has_words() -> None:
    assert page.FAULTS.keys() == set(Fault) - {Fault.UNKNOWN}
    assert page.PLACES.keys() == set(Place)


def test_the_rest_of_the_page_is_left(tmp_path: Path) -> None:
    path = tmp_path / page.PAGE
    path.parent.mkdir()
    path.write_text(f"before\n{page.BEGIN}\nold\n{page.END}\n\n## Another section\n")
    page.main(tmp_path)
    written = path.read_text()
    assert written.startswith("before\n")
    assert written.endswith("\n\n## Another section\n")
    assert "\nold\n" not in written
    assert "### druid_shut_down" in written


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="put them where the catalogue belongs"):
        page.page("nothing")
