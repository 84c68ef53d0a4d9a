"""What is found in files of known truth: no other delimiter than theirs, and where none is found it is asked for."""

from __future__ import annotations

import pytest

from services.validator.engine.dialect import Dialect, find_dialect
from services.validator.engine.request import ParseOptions
from services.validator.engine.sample import lines_of, rows_of
from tests.verdicts.cases.dialects import CORPUS, RARE, Written

# Read as one column, though they are not: nothing makes another reading certain.
ONE_COLUMN = {
    "tilde: two lines",
    "space: no header",
    "space: aligned by several",
    "slash",
    "ampersand: all text",
}
# Nothing tells a header of text from a record of text, nor one of numbers from a record of numbers.
HEADER_UNTOLD = {
    "semicolon: no header",
    "comma: all text, no header",
    "space: no header",
    "colon: passwd, no header",
    "one column: times of day, no header",
}


def found_in(content: bytes) -> Dialect:
    return find_dialect(content, complete=True, options=ParseOptions())


def first_record(dialect: Dialect, content: bytes) -> list[str]:
    return rows_of(lines_of(content, complete=True)[dialect.skip_lines :], dialect.delimiter)[0].cells


def test_every_file_has_a_name_of_its_own_and_there_are_enough() -> None:
    assert len({file.name for file in CORPUS}) == len(CORPUS) >= 100


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.name)
def test_the_delimiter_is_right_or_there_is_none(file: Written) -> None:
    dialect = found_in(file.content)
    found = dialect.delimiter if len(first_record(dialect, file.content)) > 1 else None
    assert found == (None if file.name in ONE_COLUMN else file.delimiter)


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.name)
def test_the_header_is_right_or_nothing_tells(file: Written) -> None:
    assert (found_in(file.content).has_header == file.header) is (file.name not in HEADER_UNTOLD)


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.name)
def test_the_fields_are_counted(file: Written) -> None:
    dialect = found_in(file.content)
    if file.delimiter == dialect.delimiter:
        cells = first_record(dialect, file.content)
        assert len(cells) - (file.columns > 1 and not cells[-1]) == file.columns


def test_a_rare_delimiter_is_told_with_what_speaks_for_it() -> None:
    evidence = found_in(RARE[0].content).evidence
    assert (
        evidence
        == "detected: no usual delimiter separates, and with '^' 100% of the first records have the header's 3 fields"
    )


@pytest.mark.parametrize(
    ("content", "certain"),
    [
        (b"a^b^c\n1^x^y\n2^x^y\n", True),
        (b"a^b^c\nz^x^y\nw^x^y\n", False),  # all text
        (b"a^b\n1^x\n2^x\n", False),  # two columns
        (b"a^b^c\n1^x^y\n", False),  # one record
        (b"a^b^b\n1^x^y\n2^x^y\n", False),  # a name twice
        (b"a^b^7\n1^x^8\n2^x^9\n", False),  # a name that is a number
        (b"a b c\nx y 1\nz w 2\n", False),  # an address has one number
        (b"a b c\nx 5 1\nz 6 2\n", True),
        (b"a^b c^d\n1^2 3^4\n5^6 7^8\n", True),  # a space makes two columns only
        (b"a^b~c^d~e\n1^2~3^4~5\n1^2~3^4~5\n", False),  # two are as good as each other
        (b"a-b-c\n1-2-3\n4-5-6\n", False),  # it stands in dates
    ],
)
def test_when_a_rare_delimiter_is_certain(content: bytes, certain: bool) -> None:  # noqa: FBT001
    assert found_in(content).evidence.startswith("detected: no usual delimiter separates") is certain


def test_a_possible_delimiter_is_asked_for() -> None:
    evidence = found_in(b"a^b\nx^y\nz^w\n").evidence
    assert evidence.startswith("no delimiter found for certain: read as one column; with '^' ")
    assert evidence.endswith("send delimiter if it separates")


def test_a_usual_delimiter_in_the_header_alone_gives_way() -> None:
    content = b"id^name, first^n\n1^Smith^5\n2^Doe^6\n"
    assert found_in(content).delimiter == "^"
    assert (
        found_in(content.replace(b"^", b"-")).evidence == "detected: 0% of the first records have the header's 2 fields"
    )


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        (b"h:m:s\n10:00:00\n10:05:00\n", ","),
        (b"10:00\n10:05\n", ","),
        (b"h:m:s\n10:00:00\n10:75:00\n", ":"),
        (b"name:uid\nroot:0\nwww:33\n", ":"),
    ],
)
def test_a_colon_separates_where_no_times_stand(content: bytes, delimiter: str) -> None:
    assert found_in(content).delimiter == delimiter


def test_of_two_that_fit_the_one_with_numbers_under_names_is_taken() -> None:
    assert found_in(b"Name, first;Age\nSmith, A;41\nDoe, B;35\n").delimiter == ";"
