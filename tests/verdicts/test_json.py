"""NDJSON, a JSON array, a single object: exact values, bad records by name, faults with their byte."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.validator.engine import ParseLimits, source
from services.validator.engine.formats import json_lines
from services.validator.engine.formats.json_recount import count_elements, count_lines
from tests.verdicts.judging import Judge, Outcome

Records = list[str]
LINES = "ndjson"
ARRAY = "array"
both = pytest.mark.parametrize("shape", [LINES, ARRAY])


@pytest.fixture(autouse=True, params=[11, source.CHUNK_BYTES])
def small_chunks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "CHUNK_BYTES", request.param)


def text_of(shape: str, records: Records) -> str:
    return "\n".join(records) + "\n" if shape == LINES else "[\n" + ",\n".join(records) + "\n]\n"


def row(value: str) -> str:
    return f'{{"ts": "2024-01-01", "value": {value}}}'


@both
@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (["1", "-2", "null"], "long", [1, -2, None]),
        (["9223372036854775807"], "long", [2**63 - 1]),
        (["9223372036854775808"], "string", ["9223372036854775808"]),
        (["1", "2.5", "1e3"], "double", [1.0, 2.5, 1000.0]),
        (["0.12345678901234567", "1.5"], "string", ["0.12345678901234567", "1.5"]),
        (["9007199254740993", "0.1"], "string", ["9007199254740993", "0.1"]),
        (['"1"', '"2"'], "string", ["1", "2"]),
        (["1", '"2"'], "string", ["1", "2"]),
        (['"NA"', '""'], "string", ["NA", None]),
        (["1" * 5000], "string", ["1" * 5000]),
        (["true", "false"], "string", ["true", "false"]),
        (['{"b": [1.0, 1e5, "x", null, true], "a": {}}'], "string", ['{"b":[1.0,1e5,"x",null,true],"a":{}}']),
        (["[]"], "string", ["[]"]),
        (['"東京 \\ud83d\\ude00 \\n \\u0000"'], "string", ["東京 😀 \n \x00"]),
    ],
)
def test_values_are_exact(judge: Judge, shape: str, values: list[str], kind: str, expected: list[Any]) -> None:
    outcome = judge(text_of(shape, [row(value) for value in values]))
    assert outcome.types["value"] == kind
    assert [found["value"] for found in outcome.rows] == expected


@both
def test_keys_come_in_the_order_in_which_they_were_first_seen(judge: Judge, shape: str) -> None:
    records = ['{"b": 1, "ts": "2024-01-01"}', '{"ts": "2024-01-02", "a": null, "": 3}', '{"a": 2, "ts": "2024-01-03"}']
    outcome = judge(text_of(shape, records))
    assert list(outcome.types) == ["b", "a", "column_4"]
    assert [(found["b"], found["a"], found["column_4"]) for found in outcome.rows] == [
        (1, None, None),
        (None, None, 3),
        (None, 2, None),
    ]


@both
@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ("[1]", "not_an_object"),
        ('"text"', "not_an_object"),
        ("12345", "not_an_object"),
        ("null", "not_an_object"),
        ('{"a": 1, "a": 2}', "duplicate_key"),
        ('{"a": {"b": 1, "b": 2}}', "duplicate_key"),
        ('{"a": ' + "[" * 100 + "]" * 100 + "}", "json_depth"),
        ('{"a": "\\ud800"}', "not_json"),
    ],
)
def test_a_record_whose_end_is_certain_is_rejected_alone(judge: Judge, shape: str, bad: str, code: str) -> None:
    text = text_of(shape, [row("1"), bad, '{"ts": "never"}', row("2")])
    outcome = judge(text, timestamp_column="ts", timestamp_format="iso")
    assert outcome.error_codes == [code, "timestamp_invalid"]
    assert [found["value"] for found in outcome.rows] == [1, 2]
    rejected = outcome.rejects[0]
    assert (rejected["raw"], rejected["record"]) == (bad, 2)
    assert rejected["byte_offset"] == text.index(bad)
    assert rejected["line"] == text[: text.index(bad)].count("\n") + 1


def test_the_deepest_that_is_taken(judge: Judge) -> None:
    deep = "[" * 99 + "]" * 99
    assert judge(text_of(LINES, [row(deep)])).rows[0]["value"] == deep


@pytest.mark.parametrize("depth", [101, 10_000, 100_000])
def test_too_deep(judge: Judge, depth: int) -> None:
    nested = "[" * depth + "]" * depth
    assert judge(text_of(LINES, [row("1"), row(nested), row("2")])).error_codes == ["json_depth"]
    in_array = judge(text_of(ARRAY, [row("1"), row(nested)]))
    assert (in_array.code if depth > 1_000 else in_array.error_codes[0]) == "json_depth"


@pytest.mark.parametrize(
    ("spoil", "at"),
    [
        ('[{"ts": "2024-01-01"}', None),
        ('[{"ts": "2024-01-01"},]', "]"),
        ('[{"ts": "2024-01-01"} {"ts": "2024-01-01"}]', ' {"ts": "2024-01-01"}]'),
        ('[{"ts": "2024-01-01"}]x', "x"),
        ('[{"ts": "é"},\n {"ts": NaN}]', None),
        ('[{"ts": "2024-01-01"}, {"ts" 1}]', "1}]"),
        ('{"ts":\n "2024-01-01"}\n{"ts":\n 1}', '{"ts":\n 1}'),
        ('[{"ts": "2024-01-01"}, {"ts": "2024', None),
    ],
)
def test_a_fault_in_an_array_refuses_the_file_where_certainty_ends(judge: Judge, spoil: str, at: str | None) -> None:
    outcome = judge(spoil)
    assert outcome.code == "format_damaged"
    if at is not None:
        assert outcome.detail["byte_offset"] == spoil.rindex(at) + (at[0] == " ")


def test_a_single_object_is_one_record(judge: Judge) -> None:
    outcome = judge(json.dumps({"ts": "2024-01-01", "value": {"a": [1, 2]}, "é": "]"}, indent=2, ensure_ascii=False))
    assert outcome.rows == [{**outcome.rows[0], "value": '{"a":[1,2]}', "é": "]"}]
    assert outcome.reading["format"] == "json"
    assert outcome.accepted.second_count == 1


@pytest.mark.parametrize("text", ["[]", " [ ]\n", "[\n\n]"])
def test_an_empty_array_has_no_rows(judge: Judge, text: str) -> None:
    assert judge(text).code == "no_rows"


@both
def test_nothing_but_bad_records(judge: Judge, shape: str) -> None:
    bad = '{"a": 1, "a": 2}'
    outcome = judge(text_of(shape, [bad, bad]))
    assert (outcome.code, outcome.rejected.rows_read) == ("no_valid_rows", 2)


@both
def test_limits(judge: Judge, shape: str) -> None:
    text = text_of(shape, [row("1"), row('"' + "x" * 300 + '"')])
    assert judge(text, limits=ParseLimits(max_record_bytes=200)).code == "limit_record"
    wide = text_of(shape, ['{"ts": 1, "a": 1}', '{"b": 1, "c": 2}'])
    assert judge(wide, limits=ParseLimits(max_columns=3)).code == "limit_columns"


def test_an_element_without_end_is_not_waited_for(judge: Judge) -> None:
    endless = '[{"ts": "2024-01-01"}, {"a": "' + "x" * 500
    assert judge(endless, limits=ParseLimits(max_record_bytes=200)).code in {"limit_record", "format_damaged"}


@both
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-32-be"])
def test_wide_encodings(judge: Judge, shape: str, encoding: str) -> None:
    outcome = judge(("\ufeff" + text_of(shape, [row('"東"'), row('"é"')])).encode(encoding))
    assert [found["value"] for found in outcome.rows] == ["東", "é"]


@pytest.mark.parametrize("name", ["data.csv", "data.json"])
def test_content_wins_over_the_name(judge: Judge, name: str) -> None:
    outcome: Outcome = judge.outcome(judge.request(text_of(LINES, [row("1")]), name=name, format="json"))
    assert outcome.reading["format"] == "ndjson"
    said = outcome.reading["disagreement"]
    assert ("the name says" in said) == (name == "data.csv")
    assert "the declared format is json" in said


@pytest.mark.parametrize(
    ("text", "records"),
    [(b"[]", 0), (b'[{"a":"],}"}]', 1), (b'[1, "a,b", [[],[1]], {"x":{}}]', 4), (b'{"a":[1,2]}', 1), (b"[[[]]]", 1)],
)
def test_the_second_reader_counts_elements(text: bytes, records: int) -> None:
    for size in (1, 2, 3, 100):
        assert count_elements(text[n : n + size] for n in range(0, len(text), size)) == records


@pytest.mark.parametrize(
    ("text", "lines"), [(b"", 0), (b"a", 1), (b"\n \r\n a\nb b\n\n", 2), (b" x", 1), (b"a\r\nb", 2)]
)
def test_the_second_reader_counts_lines(text: bytes, lines: int) -> None:
    for size in (1, 2, 100):
        assert count_lines(text[n : n + size] for n in range(0, len(text), size)) == lines


def test_a_reader_that_loses_a_line_is_caught(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    read = json_lines._read
    monkeypatch.setattr(json_lines, "_read", lambda offset, lines: read(offset, lines[:-1]))
    monkeypatch.setattr(source, "CHUNK_BYTES", 1_000_000)
    assert judge(text_of(LINES, [row("1"), row("2")])).code == "count_mismatch"
