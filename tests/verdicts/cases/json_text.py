"""NDJSON, a JSON array, a single object: what is read, and faults of records and of the whole."""

from __future__ import annotations

from collections.abc import Iterable

from .case import Bad, Case

DEEP = "[" * 101 + "]" * 101
# A record whose end is certain, though it is bad: by name, its text, and the rule.
BAD_RECORDS = (
    ("a record that is an array", "[1]", "not_an_object"),
    ("a record that is text", '"text"', "not_an_object"),
    ("a record that is a number", "12345", "not_an_object"),
    ("a record that is null", "null", "not_an_object"),
    ("a key twice", '{"a": 1, "a": 2}', "duplicate_key"),
    ("a key twice in a nested object", '{"a": {"b": 1, "b": 2}}', "duplicate_key"),
    ("nested deeper than 100 levels", f'{{"a": {DEEP}}}', "json_depth"),
    ("half a surrogate pair", r'{"a": "\ud800"}', "not_json"),
    ("no time", '{"a": 1}', "timestamp_missing"),
)
BROKEN_LINES = (
    ("a comma too many", '{"a": 1,}'),
    ("single quotes", "{'a': 1}"),
    ("a line that is cut", "{"),
    ("not-a-number", '{"a": NaN}'),
    ("two objects in a line", '{"a": 1} {"b": 2}'),
    ("text", "x" * 100),
    ("a leading zero", '{"a": 01}'),
    ("a tab in a text", '{"a": "\t"}'),
)
BROKEN_ARRAYS = (
    ("not closed", '[{"t": "2024-01-02"}'),
    ("a comma too many", '[{"t": "2024-01-02"},]'),
    ("no comma", '[{"t": "2024-01-02"} {"t": "2024-01-02"}]'),
    ("text behind it", '[{"t": "2024-01-02"}]x'),
    ("not-a-number", '[{"t": NaN}]'),
    ("no colon", '[{"t": "2024-01-02"}, {"t" 1}]'),
    ("cut in a text", '[{"t": "2024-01-02"}, {"t": "2024'),
)


def good(value: str) -> str:
    return f'{{"t": "2024-01-02", "a": {value}}}'


def lines(records: Iterable[str]) -> bytes:
    return "".join(f"{record}\n" for record in records).encode()


def array(records: Iterable[str]) -> bytes:
    return ("[\n" + ",\n".join(records) + "\n]\n").encode()


def _cases() -> Iterable[Case]:
    for name, dialect, shape in (("ndjson", "one object to a line", lines), ("json", "an array", array)):
        first = 1 if name == "ndjson" else 2
        yield Case(dialect, "", shape([good("1"), good("2")]), rows=((1,), (2,)), reading={"format": name}, format=name)
        yield Case(
            dialect,
            "other keys in every record",
            shape([good("1"), '{"b": "x", "t": "2024-01-02"}']),
            rows=((1, None), (None, "x")),
            format=name,
        )
        for fault, record, rule in BAD_RECORDS:
            content = shape([good("1"), record, good("2")])
            options = {"timestamp_column": "t"}
            bad = (Bad(rule, 2, first + 1),)
            yield Case(dialect, fault, content, options, rows=((1,), (2,)), bad=bad, format=name)
        yield Case(dialect, "every record bad", shape(['{"a": 1, "a": 2}'] * 2), code="no_valid_rows", format=name)
        yield Case(dialect, "records without a key", shape(["{}", "{}"]), code="header_invalid", format=name)
        yield Case(
            dialect,
            "an over-long record",
            shape([good("1"), good('"' + "x" * 300 + '"')]),
            code="limit_record",
            max_record_bytes=200,
            format=name,
        )
    for fault, line in BROKEN_LINES:
        yield Case(
            "one object to a line",
            fault,
            lines([good("1"), line, "", "  ", good("2")]),
            rows=((1,), (2,)),
            bad=(Bad("not_json", 2, 2),),
            reading={"blank_lines": 2},
            format="ndjson",
        )
    for fault, text in BROKEN_ARRAYS:
        yield Case("an array", fault, text.encode(), code="format_damaged", line=1, format="json")
    yield Case("an array", "empty", b" [ ]\n", code="no_rows", format="json")
    yield Case(
        "one object",
        "over many lines",
        b'{\n "t": "2024-01-02",\n "a": {"b": [1, 2]}\n}\n',
        rows=(('{"b":[1,2]}',),),
        reading={"format": "json"},
        format="json",
    )
    yield Case(
        "one object",
        "a second one behind",
        b'{"t":\n "2024-01-02"}\n{"t":\n 1}',
        code="format_damaged",
        line=3,
        format="json",
    )


CASES = tuple(_cases())
