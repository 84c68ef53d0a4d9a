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


def test_offsets_are_those_of_the_text_in_utf8(judge: Judge) -> None:
    text = TEXT + "ragged\n"
    rejected = judge(("\ufeff" + text).encode("utf-16-le")).rejects[0]
    assert (rejected["line"], rejected["byte_offset"]) == (4, text.encode().index(b"ragged"))


@pytest.mark.parametrize("name", ["klingon", "base64", "rot13", "idna", "undefined", "x" * 999, "a\x00b"])
def test_what_is_no_encoding_of_text(judge: Judge, name: str) -> None:
    outcome = judge(TEXT, encoding=name)
    assert (outcome.code, outcome.detail["option"]) == ("option_invalid", "encoding")
