from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.multipart import (
    FormReader,
    MalformedFormError,
    NotMultipartError,
    PartBegun,
    PartData,
    PartEnded,
    Piece,
    boundary_of,
)
from tests.unit.gateway.forms import BOUNDARY, CONTENT_TYPE, Part, form

RAW_BOUNDARY = BOUNDARY.encode()

# Contents that look like the boundary, to the last byte but one.
almost_boundaries = st.sampled_from(
    [b"\r\n", b"\r\n--", b"\r\n--" + RAW_BOUNDARY[:-1], b"--" + RAW_BOUNDARY[:5], b"\r", b"\n", b"-", RAW_BOUNDARY[:-1]]
)
contents = st.lists(st.one_of(almost_boundaries, st.binary(max_size=40)), max_size=8).map(b"".join)
names = st.text(
    st.characters(blacklist_characters='"\\\r\n', blacklist_categories=("Cc", "Cs")), min_size=1, max_size=12
)
parts = st.lists(
    st.tuples(names, st.none() | names, contents.filter(lambda c: RAW_BOUNDARY not in c)), min_size=1, max_size=4
)


def read(body: bytes, cuts: list[int]) -> tuple[list[Piece], bool]:
    reader, pieces = FormReader(RAW_BOUNDARY), []
    edges = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    for start, end in itertools.pairwise(edges):
        pieces += reader.feed(body[start:end])
    return pieces, reader.complete


def joined(pieces: list[Piece]) -> list[Part]:
    found: list[Part] = []
    content, begun = b"", None
    for piece in pieces:
        match piece:
            case PartBegun():
                begun, content = piece, b""
            case PartData(data):
                content += data
            case PartEnded():
                assert begun is not None
                found.append((begun.name, begun.filename, content))
    return found


@given(parts=parts, cuts=st.lists(st.integers(min_value=0), max_size=12))
def test_any_cuts_give_the_same_parts(parts: list[Part], cuts: list[int]) -> None:
    pieces, complete = read(form(*parts), cuts)
    assert complete
    assert joined(pieces) == parts


@given(parts=parts)
def test_one_byte_at_a_time_gives_the_same_parts(parts: list[Part]) -> None:
    body = form(*parts)
    pieces, complete = read(body, list(range(len(body))))
    assert complete
    assert joined(pieces) == parts


@given(parts=parts, cuts=st.lists(st.integers(min_value=0), max_size=5), data=st.data())
def test_a_cut_body_is_never_complete(parts: list[Part], cuts: list[int], data: st.DataObject) -> None:
    body = form(*parts)
    end = data.draw(st.integers(min_value=0, max_value=len(body) - len(b"-\r\n")))
    _, complete = read(body[:end], cuts)
    assert not complete


def test_what_follows_the_closing_boundary_is_ignored() -> None:
    pieces, complete = read(form(("a", None, b"1")) + b"epilogue" * 100, [])
    assert complete
    assert joined(pieces) == [("a", None, b"1")]


def test_names_are_utf8_and_folders_stay_for_the_caller_to_cut() -> None:
    pieces, _ = read(form(("file", "C:\\Daten\\Füße 2026.csv", b"")), [])
    assert pieces[0] == PartBegun("file", "Füße 2026.csv")
    assert read(form(("file", "../../x/ü.csv", b"")), [])[0][0] == PartBegun("file", "../../x/ü.csv")


@pytest.mark.parametrize(
    "body",
    [
        b"time,n\n2026-01-01,1\n",
        b'{"a": 1}',
        b"--other\r\n\r\n",
        b"--" + RAW_BOUNDARY + b"\r\nno colon here\r\n\r\n",
        b"--" + RAW_BOUNDARY + b"\r\n\r\nno headers at all\r\n",
        b"--" + RAW_BOUNDARY + b"\r\nContent-Disposition: form-data\r\n\r\nno name\r\n",
        b"--" + RAW_BOUNDARY + b"\r\n" + b"X: y\r\n" * 50 + b"\r\n",
        b"--" + RAW_BOUNDARY + b"\r\nX: " + b"y" * 10_000 + b"\r\n\r\n",
        b"--"
        + RAW_BOUNDARY
        + b'\r\nContent-Disposition: form-data; name="file"\r\nContent-Transfer-Encoding: base64\r\n\r\nMQ==\r\n',
    ],
)
def test_what_is_no_form_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(MalformedFormError):
        FormReader(RAW_BOUNDARY).feed(body)


def test_boundary_comes_from_the_content_type() -> None:
    assert boundary_of(CONTENT_TYPE) == RAW_BOUNDARY
    assert boundary_of('Multipart/Form-Data; charset=utf-8; boundary="a b"') == b"a b"


@pytest.mark.parametrize(
    "content_type",
    ["", "text/csv", "multipart/mixed; boundary=x", "multipart/form-data", "multipart/form-data; boundary="],
)
def test_other_content_types_are_refused(content_type: str) -> None:
    with pytest.raises(NotMultipartError):
        boundary_of(content_type)


def test_a_boundary_beyond_all_measure_is_refused() -> None:
    with pytest.raises(MalformedFormError):
        FormReader(b"x" * 100_000)
