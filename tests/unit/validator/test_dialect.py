"""Where a table begins, whether it has a header, which escape it uses: decided from a sample, never by a guess."""

from __future__ import annotations

import pytest

from services.validator.engine.dialect import find_dialect
from services.validator.engine.headless import has_header
from services.validator.engine.looks import look_of
from services.validator.engine.quoting import Quoting
from services.validator.engine.request import ParseOptions
from services.validator.engine.verdict import BadFile


@pytest.mark.parametrize(
    ("cell", "look"),
    [
        ("", "blank"),
        (" NA ", "blank"),
        ("-1.234,5", "number"),
        ("1e5", "number"),
        (".5", "number"),
        ("2024-01-02", "date"),
        ("2.1.2024 12:30", "date"),
        ("2024-01-02T10:00Z", "date"),
        ("12:30", "text"),
        ("1-2/2024", "text"),
        ("1,x", "text"),
        ("007 James", "text"),
    ],
)
def test_how_a_cell_looks(cell: str, look: str) -> None:
    assert look_of(cell) == look


@pytest.mark.parametrize(
    ("first", "body", "header"),
    [
        (["t", "n"], [["2024-01-01", "1"], ["2024-01-02", "2"]], True),
        (["a", "b"], [["x", "y"], ["z", "w"]], True),
        (["2024-01-01", "x"], [["2024-01-01", "y"], ["2024-01-02", "z"]], False),
        (["2024-01-01", "x"], [["2024-01-01", "y"]], True),
        (["7", "7"], [["1", "2"], ["3", "4"]], False),
        (["2019", "2020"], [["1", "2"], ["3", "4"]], None),
        (["0.1", "0.5"], [["1.2", "2.2"], ["3.4", "4.5"]], None),
        (["q", "0.1", "0.5"], [["A", "1.2", "2.2"], ["B", "3.4", "4.5"]], True),
        (["city", "2024-01-01"], [["Oslo", "5"], ["Rome", "6"]], True),
        (["2024-01-01", "price"], [["2024-01-02", "5"], ["2024-01-03", "6"]], True),
        (["", "0", "1"], [["0", "5", "6"], ["1", "7", "8"]], None),
        (["1", "2"], [], None),
        (["", ""], [["x", "y"]], True),
    ],
)
def test_header_or_none(first: list[str], body: list[list[str]], header: bool | None) -> None:  # noqa: FBT001
    assert has_header(first, body)[0] is header


@pytest.mark.parametrize(
    ("head", "lines"),
    [
        (b"t,n\n2024-01-01,1\n2024-01-02,2\n", 0),
        (b"Title\nt,n\n2024-01-01,1\n2024-01-02,2\n", 1),
        (b"Title\nt,n\n2024-01-01,1\n", 0),
        (b"Title, and more\nt,n\n2024-01-01,1\n2024-01-02,2\n", 0),
        (b"Title\nAnna,Berlin\nBob,Paris\nCleo,Rome\n", 0),
        (b"Title\nt,t\n2024-01-01,1\n2024-01-02,2\n", 0),
        (b"Title;;\nt;n;m\n2024-01-01;1;2\n2024-01-02;2;3\n", 1),
        (b"n\n1\n2\n3\n", 0),
        (b"#c\nn\n1\n2\n3\n", 1),
        (b"#c\nname\nAnna\nBob\n", 0),
        (b"#a,b\nname,city\nAnna,Oslo\nBob,Rome\n", 0),
        (b"# c\nname,city\nAnna,Oslo\nBob,Rome\n", 1),
        (b"#t,n\nt,n\n2024-01-01,1\n2024-01-02,2\n", 1),
        (b"#1\n\n#2\n\nt,n\n2024-01-01,1\n2024-01-02,2\n", 3),
        (b"##1\n#t,n\n2024-01-01,1\n2024-01-02,2\n", 1),
        (b"#t,n\n2024-01-01,1\n2024-01-02,2\n", 0),
    ],
)
def test_where_the_header_stands(head: bytes, lines: int) -> None:
    assert find_dialect(head, complete=True, options=ParseOptions()).skip_lines == lines


def test_titles_tell_which_delimiter_cuts_the_table() -> None:
    head = b"Sales: a day, and more\nt;n;m\n2024-01-01;1,5;2\n2024-01-02;2,5;3\n"
    assert find_dialect(head, complete=True, options=ParseOptions(skip_rows=1)).delimiter == ";"
    assert find_dialect(b"Sales\n" + head.split(b"\n", 1)[1], complete=True, options=ParseOptions()).delimiter == ";"


@pytest.mark.parametrize(
    ("body", "escape"),
    [
        (rb'1,"a\"b"', "\\"),
        (rb'1,"a\"b,c"', "\\"),
        (rb'1,"a\\"', None),
        (rb'1,"C:\dir\"', None),
        (rb"1,a\"b", None),
        (rb'1,"a\"b', None),
        (b'1,"a""b"', None),
    ],
)
def test_the_escape_is_found_only_where_nothing_else_makes_sense(body: bytes, escape: str | None) -> None:
    dialect = find_dialect(b"a,b\n" + body + b"\n2,x\n", complete=True, options=ParseOptions(delimiter=","))
    assert dialect.escape == escape


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (ParseOptions(delimiter="\n"), "delimiter"),
        (ParseOptions(comment='#"'), "comment"),
        (ParseOptions(escape='"'), "escape"),
        (ParseOptions(quote="x"), "quote"),
        (ParseOptions(quote="'", delimiter="'"), "delimiter"),
        (ParseOptions(quote="'", comment="'"), "comment"),
        (ParseOptions(quote="'", escape="'"), "escape"),
        (ParseOptions(quote="", escape="\\"), "escape"),
        (ParseOptions(escape=";", delimiter=";"), "escape"),
    ],
)
def test_what_cannot_be_declared(options: ParseOptions, named: str) -> None:
    with pytest.raises(BadFile) as raised:
        find_dialect(b"a;b\n", complete=True, options=options)
    assert raised.value.problem.detail["option"] == named


@pytest.mark.parametrize(
    ("line", "closed"),
    [
        ('a,"b"c,d', True),
        ('a,"b "c" d",e', True),
        ('a,"b', False),
        ('a,"b"c,"d', False),
        ('"a""b"', True),
        ('"a""', False),
        ('a"b,c"', True),
        ("", True),
    ],
)
def test_whether_a_quote_is_open_at_the_end_of_a_line(line: str, closed: bool) -> None:  # noqa: FBT001
    assert Quoting(",", None, '"').is_closed(line) is closed


def test_an_escaped_quote_closes_nothing() -> None:
    assert Quoting(",", "\\", '"').is_closed(r'"a\"b') is False
    assert Quoting(",", "\\", '"').is_closed(r'"a\\"b') is True


@pytest.mark.parametrize(
    ("line", "may"),
    [('three",4', True), ('three"', True), ('"new",4', False), ('x,"new"', False), ("x,y", None), ('5" x,y', None)],
)
def test_whether_an_open_field_could_end_in_a_line(line: str, may: bool | None) -> None:  # noqa: FBT001
    assert Quoting(",", None, '"').may_end_here(line) is may
