from __future__ import annotations

import pytest

from shared import file_options
from shared.file_options import (
    FORMATS,
    MAX_SKIP_ROWS,
    PROBLEMS,
    THOUSANDS,
    codec_of,
    delimiter_of,
    problem_with_encoding,
    problem_with_format,
    problem_with_ratio,
    problem_with_rows,
    problem_with_time_zone,
)


@pytest.mark.parametrize(
    ("name", "codec"), [("Latin-1", "iso8859-1"), ("CP1252", "cp1252"), ("UTF_16_LE", "utf-16-le")]
)
def test_an_encoding_under_any_of_its_names(name: str, codec: str) -> None:
    assert codec_of(name) == codec
    assert problem_with_encoding(name) is None


@pytest.mark.parametrize("name", ["utf-9", "", "a\0b", "hex", "rot13", "idna", "undefined", "unicode_escape"])
def test_what_is_no_encoding_of_a_file(name: str) -> None:
    assert codec_of(name) is None
    assert "is unknown" in (problem_with_encoding(name) or "")


def test_formats_are_named_as_they_stand() -> None:
    assert [problem_with_format(name) for name in FORMATS] == [None] * len(FORMATS)
    assert all(name in (problem_with_format("CSV") or "") for name in FORMATS)


@pytest.mark.parametrize(
    ("text", "character"), [(";", ";"), (r"\t", "\t"), ("tab", "\t"), ("¦", "¦"), ("", None), ("ab", None), ('"', None)]
)
def test_a_delimiter_is_one_character(text: str, character: str | None) -> None:
    assert delimiter_of(text) == character


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "America/New_York", "Etc/GMT+5"])
def test_a_zone_has_a_name_of_the_list(name: str) -> None:
    assert problem_with_time_zone(name) is None


@pytest.mark.parametrize("name", ["Europe/Bonn", "+02:00", "", "Factory", "localtime", "../UTC", "x" * 100])
def test_what_is_no_zone(name: str) -> None:
    assert "send a name of the IANA list" in (problem_with_time_zone(name) or "")


def test_without_a_list_of_zones_the_engine_alone_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_options, "_zones", frozenset[str])
    assert problem_with_time_zone("Europe/Bonn") is None


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("header", ["true", "false"], ["True", "1", "", "yes"]),
        ("skip_rows", ["0", "7", str(MAX_SKIP_ROWS)], ["-1", "1.5", "", str(MAX_SKIP_ROWS + 1), "9" * 30, "\u0663"]),
        ("comment", ["#", "//", "REM "], ["", "123456789", 'a"', "a\nb"]),
        ("quote", ['"', "'", "|", "none"], ["", "''", "x", "1", " ", ",", "\n", "\xab", "null"]),
        ("escape", ["\\", "^"], ["", "ab", '"', "\n"]),
        ("decimal_mark", [".", ","], ["", ";", ".,"]),
        ("thousands", list(THOUSANDS), ["", "x", "  "]),
    ],
)
def test_what_can_be_said_about_delimited_text(name: str, good: list[str], bad: list[str]) -> None:
    assert [PROBLEMS[name](text) for text in good] == [None] * len(good)
    assert all(PROBLEMS[name](text) for text in bad)


@pytest.mark.parametrize("text", ["0", "0.05", ".5", "1", "1.0", "0."])
def test_a_share_is_a_number_from_0_to_1(text: str) -> None:
    assert problem_with_ratio(text) is None


@pytest.mark.parametrize("text", ["", "5", "1.5", "-0.1", "5%", "0,05", "nan", "1e-2", "\u0661"])
def test_what_is_no_share(text: str) -> None:
    assert "from 0 to 1" in (problem_with_ratio(text) or "")


@pytest.mark.parametrize(("text", "good"), [("0", True), ("100", True), ("-1", False), ("1.0", False), ("", False)])
def test_a_number_of_rows_is_whole(*, text: str, good: bool) -> None:
    assert (problem_with_rows(text) is None) is good
