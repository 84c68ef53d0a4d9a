from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.sniffing import Answer, Finder, behind, by_clevercsv, checked, ours, tally, usual
from tests.verdicts.cases.dialects import Written

NOWHERE = Path("nowhere")
TABLE = Written("table", b"id^word^n\n1^x^5\n2^y^6\n", "^", 3)
COLUMN = Written("column", b"full name\nAnna Berg\nBob Dahl\n", None, 1)


def always(delimiter: str | None, header: bool | None = None) -> Finder:  # noqa: FBT001
    return lambda _content, _path: Answer(delimiter, header)


@pytest.mark.parametrize(
    ("answer", "right", "wrong", "none"),
    [("^", ("table",), ("column",), ()), (None, ("column",), (), ("table",)), (";", (), ("table", "column"), ())],
)
def test_one_column_is_no_answer_and_another_delimiter_a_wrong_one(
    answer: str | None, right: tuple[str, ...], wrong: tuple[str, ...], none: tuple[str, ...]
) -> None:
    found = tally(always(answer), {Path("a"): TABLE, Path("b"): COLUMN}, rounds=1)
    assert (found.right, found.wrong, found.none) == (right, wrong, none)


def test_a_header_that_is_not_told_is_neither_right_nor_wrong() -> None:
    files = {Path("a"): TABLE}
    assert tally(always("^"), files, rounds=1).header_right == tally(always("^"), files, rounds=1).header_wrong == ()
    assert tally(always("^", header=False), files, rounds=1).header_wrong == ("table",)
    assert tally(always("^", header=True), files, rounds=1).header_right == ("table",)


def test_the_second_is_asked_where_the_first_sees_one_column() -> None:
    assert behind(always(";"), always("^"))(b"", NOWHERE).delimiter == ";"
    assert behind(always(None), always("^"))(b"", NOWHERE).delimiter == "^"
    assert behind(always(None, header=True), always(None))(b"", NOWHERE) == Answer(None, header=True)


def test_clevercsv_is_believed_where_the_rules_find_it_certain() -> None:
    assert by_clevercsv(COLUMN.content, NOWHERE).delimiter == " "
    assert checked(COLUMN.content, NOWHERE).delimiter is None
    assert checked(TABLE.content, NOWHERE).delimiter == "^"


def test_ours_without_the_rare() -> None:
    assert ours(TABLE.content, NOWHERE).delimiter == "^"
    assert usual(TABLE.content, NOWHERE).delimiter is None
