"""Encodings of text: by mark, as UTF-8, as declared, never by a guess."""

from __future__ import annotations

import gzip

import pytest

from services.validator.engine import source
from tests.verdicts.judging import Judge

TEXT = "ts,name\n2024-01-01,Zoë 東京\n2024-01-02,€\n"
WIDE = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]


@pytest.fixture(autouse=True, params=[5, source.CHUNK_BYTES])
def small_chunks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "CHUNK_BYTES", request.param)


@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("packed", [False, True])
def test_a_byte_order_mark_is_believed(judge: Judge, encoding: str, *, packed: bool) -> None:
    content = ("\ufeff" + TEXT).encode(encoding)
    outcome = judge(gzip.compress(content) if packed else content, encoding="cp1252")
    assert [row["name"] for row in outcome.rows] == ["Zoë 東京", "€"]
    reading = outcome.reading
    assert (reading["encoding"], reading["byte_order_mark"]) == (encoding, True)
    assert reading["encoding_evidence"] == "byte order mark"


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("cp1252", "Zoë €"),
        ("latin-1", "Zoë"),
        ("shift_jis", "東京"),
        ("gb18030", "東京€"),
        ("cp037", "Zoe"),
        ("utf-16-le", "Zoë 東京"),
        ("iso2022_jp", "東京"),
        ("utf-7", "東京"),
        ("koi8-r", "Москва"),
    ],
)
def test_what_is_declared_counts_where_it_is_not_utf8(judge: Judge, encoding: str, name: str) -> None:
    content = f"ts,name\n2024-01-01,{name}\n".encode(encoding)
    outcome = judge(content, encoding=encoding)
    assert [row["name"] for row in outcome.rows] == [name]
    assert outcome.reading["encoding_evidence"] == "declared"


def test_utf8_stays_utf8_whatever_is_declared(judge: Judge) -> None:
    outcome = judge(TEXT, encoding="cp1252")
    assert [row["name"] for row in outcome.rows] == ["Zoë 東京", "€"]
    assert outcome.reading["encoding_evidence"] == "strict UTF-8"


def test_nothing_is_guessed(judge: Judge) -> None:
    content = "ts,name\n2024-01-01,Zoë\n".encode("cp1252")
    outcome = judge(content)
    assert outcome.code == "encoding"
    assert outcome.detail["byte_offset"] == content.index(b"\xeb")


def test_offsets_are_those_of_the_text_in_utf8(judge: Judge) -> None:
    text = TEXT + "ragged\n"
    rejected = judge(("\ufeff" + text).encode("utf-16-le")).rejects[0]
    assert (rejected["line"], rejected["byte_offset"]) == (4, text.encode().index(b"ragged"))


@pytest.mark.parametrize(
    ("encoding", "content", "at"),
    [
        ("cp1252", b"ts,a\n2024-01-01,\xe9\x81\n", 17),
        ("shift_jis", b"ts,a\n2024-01-01,\x93\x8c\x85\n", 18),
        ("utf-8", b"ts,a\n2024-01-01,\xe9\n", 16),
    ],
)
def test_a_byte_that_the_declared_encoding_does_not_have(judge: Judge, encoding: str, content: bytes, at: int) -> None:
    outcome = judge(content, encoding=encoding)
    assert outcome.code == "encoding"
    assert outcome.detail["byte_offset"] == at


def test_half_a_surrogate_pair(judge: Judge) -> None:
    content = ("\ufeff" + TEXT).encode("utf-16-le") + b"\x00\xd8"
    outcome = judge(content)
    assert (outcome.code, outcome.detail["byte_offset"]) == ("encoding", len(content) - 2)


@pytest.mark.parametrize("name", ["klingon", "base64", "rot13", "idna", "undefined", "x" * 999, "a\x00b"])
def test_what_is_no_encoding_of_text(judge: Judge, name: str) -> None:
    outcome = judge(TEXT, encoding=name)
    assert (outcome.code, outcome.detail["option"]) == ("option_invalid", "encoding")
