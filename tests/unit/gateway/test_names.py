from __future__ import annotations

import pytest

from services.gateway.names import clean_filename, extension_of
from shared.datasource_name import problem_with


@pytest.mark.parametrize(
    "name",
    [
        "sales",
        "Sales 2026",
        " leading and trailing ",
        "Füße",
        "売上",
        "a.b-c_d",
        "a\\b",
        "a:b?c*d%e",
        "a..",
        "x" * 128,
        "売" * 53,
    ],
)
def test_what_druid_takes_is_taken(name: str) -> None:
    assert problem_with(name) is None


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", "empty"),
        ("   ", "empty"),
        (".hidden", "dot"),
        ("a/b", "slash"),
        ("a\tb", "white space"),
        ("a\nb", "white space"),
        ("a\0", "U+0000"),
        ("a\x1fb", ""),
        ("a\x80", "U+0080"),
        ("a\x85", ""),
        ("sales \U0001f600", "U+1F600"),
        ("a\ue000", "U+E000"),
        ("a\ufffd", "U+FFFD"),
        ("x" * 129, "129 characters"),
        ("ü" * 81, "162 bytes"),
    ],
)
def test_what_druid_refuses_is_refused_with_the_reason(name: str, fault: str) -> None:
    found = problem_with(name)
    assert found is not None
    assert fault in found


@pytest.mark.parametrize(
    ("filename", "clean"),
    [
        (None, None),
        ("", None),
        ("  ", None),
        ("data.csv", "data.csv"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\x.csv", "x.csv"),
        ("a\r\nb\0.csv", "ab.csv"),
        ("x" * 300 + ".csv", "x" * 251 + ".csv"),
    ],
)
def test_a_file_keeps_its_own_name_only(filename: str | None, clean: str | None) -> None:
    assert clean_filename(filename) == clean


@pytest.mark.parametrize(
    ("filename", "extension"),
    [
        (None, "bin"),
        ("data", "bin"),
        ("data.", "bin"),
        (".csv", "bin"),
        ("data.csv", "csv"),
        ("DATA.CSV", "csv"),
        ("data.2026.csv", "csv"),
        ("data.csv.gz", "csv.gz"),
        ("data.2026.tsv.GZ", "tsv.gz"),
        ("data.gz", "gz"),
        ("data.c sv", "bin"),
        ("data.c/sv", "bin"),
        ("data.csv?x=1", "bin"),
        ("data.ü", "bin"),
        ("data.e x.gz", "gz"),
        ("data." + "x" * 17, "bin"),
    ],
)
def test_extension(filename: str | None, extension: str) -> None:
    assert extension_of(filename) == extension
