from __future__ import annotations

import json
from decimal import Decimal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shared.contract import Contract, ContractError, read_contract, write_contract
from shared.contract.yaml_text import MOST_BYTES, read
from shared.contract.yaml_writing import written
from tests.unit.contract.contracts import FULL, contract, contracts, full


def faults(text: str | bytes) -> list[str]:
    with pytest.raises(ContractError) as raised:
        read_contract(text)
    return [str(one) for one in raised.value.faults]


def test_a_contract_is_read_and_written() -> None:
    assert read_contract(write_contract(full())) == full()


@given(contracts())
def test_any_contract_comes_back(one: Contract) -> None:
    assert read_contract(write_contract(one)) == one


def test_comments_stand_above_their_fields_and_change_nothing() -> None:
    text = write_contract(
        full(), {(): "Head", ("columns", 0): "The\ntime", ("columns", 1, "type"): "Why", ("keys",): "K"}
    )
    assert text.startswith("# Head\nformat_version: 1\n")
    assert "  # The\n  # time\n  - name: sold_at\n" in text
    assert "  - name: country\n    # Why\n    type: text\n" in text
    assert "# K\nkeys: [[sold_at, country], [country, due]]\n" in text
    assert read_contract(text) == full()


def test_a_comment_cannot_leave_its_line() -> None:
    text = write_contract(full(), {("columns", 0): "a\u2028limits: {}\r\x85b\x07"})
    assert read_contract(text) == full()


# YAML's own trees, with what it can say in many ways.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        "no",
        "yes",
        "null",
        "1e3",
        "012",
        "0x1F",
        "1_000",
        "2026-01-01",
        "- a",
        "a: b",
        "#",
        " a",
        "a ",
        "",
        "\u2028",
        "\x85",
    ]
)
NUMBERS = st.integers() | st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=3
)
TREES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(TEXTS, TREES, min_size=1, max_size=4))
def test_what_is_written_is_read_again(tree: dict[str, object]) -> None:
    assert read(written(tree)).tree == tree  # type: ignore[arg-type]


@given(st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=4))
def test_other_readers_take_texts_for_texts(tree: dict[str, str]) -> None:
    dates = {"2026-01-01"}  # plain, because it is what a date looks like in a contract
    taken = {key: value for key, value in tree.items() if key not in dates and value not in dates}
    if taken:
        assert yaml.safe_load(written(taken)) == taken


@given(st.text(max_size=200) | st.text("a:-[]{}#&*!|>'\"%@`\n ,?0\t", max_size=60) | st.binary(max_size=60))
def test_any_text_is_a_contract_or_a_clear_error(text: str | bytes) -> None:
    for fault in faults(text):
        assert fault.startswith("line ")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "scale: 2",
            "scal: 2",
            "line 16, column 35: columns[2].scal: is no field of a contract: is it a typing error?",
        ),
        ("type: text", "type: txt", "line 13, column 5: columns[1].type: must be 'text', 'boolean', 'long', 'double',"),
        ("min: 0.10", "min: 0.101", "line 16, column 68: columns[2].checks.min: must have at most 2 digits behind"),
        ("NO, SE", "NO, 5", 'line 15, column 25: columns[1].checks.enum[1]: must be text: put it in quotes, "5"'),
        (
            "due >= ",
            "due > = ",
            "line 27, column 23: rules[1].expression: character 7: a column or a value was expected",
        ),
        ("datasource: sales\n", "", "line 1, column 1: datasource: is missing: it must be there"),
        ("datasource: sales", "datasource: [a]", "line 2, column 1: datasource: must be a valid string, not"),
        ("nullable: false", "nullable: no", "line 8, column 5: columns[0].nullable: must be a valid boolean"),
        (
            "min: 0.10",
            "min: [1]",
            "line 16, column 68: columns[2].checks.min: must be a value: a number, a text, true or f",
        ),
        ("keys: [[", "keys: &a [[", "line 28, column 7: keys: anchors and aliases (& and *) are not allowed"),
        ("keys: [[", "keys: !!x [[", "line 28, column 7: keys: tags (!) are not allowed"),
        (
            "paid, type",
            "paid, name: x, type",
            "line 20, column 18: columns[6].name: the field stands twice, in line 20",
        ),
    ],
)
def test_a_fault_names_line_column_field_and_what_was_expected(old: str, new: str, expected: str) -> None:
    assert faults(FULL.replace(old, new, 1))[0].startswith(expected)


def test_every_fault_is_told_and_the_error_is_one_line() -> None:
    text = FULL.replace("type: boolean", "type: bool").replace("type: json", "type: xml")
    assert len(faults(text)) == 2
    with pytest.raises(ContractError, match=r"^line 20, .* \(and 1 more\)$"):
        read_contract(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "line 1, column 1: the text is empty"),
        ("# nothing", "line 1, column 1: the text is empty"),
        ("- a", "line 1, column 1: a contract is a mapping"),
        ("a: 1\n---\nb: 1", "line 2, column 1: a second document begins here"),
        ("a: [1\nb: 2", "line 2, column 2: this is no YAML: "),
        ("a: 1\nb: \x07", "line 2, column 4: a character that YAML does not allow: U+0007"),
        (b"a: 1\nb: \xff", "line 2, column 4: the text must be UTF-8, and its byte 8 is not"),
        ("? [a]\n: 1", "line 1, column 3: the name of a field must be plain text"),
        ("a: \ud800", "line 1, column 1: this is no YAML"),
        ("[" * 30 + "]" * 30, "line 1, column 22: "),
        ("[" * 100_000, "line 1, column 22: "),
        ("a: x" + "x" * MOST_BYTES, "line 1, column 1: the text has 1,048,580 bytes, and 1,048,576 are allowed"),
    ],
)
def test_what_is_no_yaml_is_told_with_its_place(text: str | bytes, expected: str) -> None:
    assert faults(text)[0].startswith(expected)


def test_a_bomb_of_aliases_is_refused() -> None:
    lines = ["a: &a [x,x,x,x,x,x,x,x,x]"] + [
        f"{n}: &{n} [{','.join([f'*{p}'] * 9)}]" for p, n in zip("abcdef", "bcdefg", strict=True)
    ]
    assert "anchors and aliases" in faults("\n".join(lines))[0]


def test_scalars_are_those_of_yaml_1_2() -> None:
    text = "{a: no, b: NO, c: yes, d: true, e: ~, f: 0.10, g: 2026-01-01, h: '1', i: 1e3, j: 1:30, k: 0o17, l: .inf}"
    assert read(text).tree == {
        "a": "no",
        "b": "NO",
        "c": "yes",
        "d": True,
        "e": None,
        "f": Decimal("0.10"),
        "g": "2026-01-01",
        "h": "1",
        "i": Decimal(1000),
        "j": "1:30",
        "k": "0o17",
        "l": ".inf",
    }
    assert str(read("a: 0.10").tree["a"]) == "0.10"  # type: ignore[index,call-overload]


def test_json_is_yaml() -> None:
    assert read_contract(
        '{"format_version": 1, "datasource": "d", "columns": [{"name": "a", "type": "text"}]}'
    ) == contract({"name": "a", "type": "text"})


TIMED = '{"format_version": 1, "datasource": "d", "description": %s, "columns": [{"name": "a", "type": "%s"}]}'


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        (r'"\ud83d\ude00"', "\U0001f600"),
        (r'"a\uD83D\uDE00b\ud800\udc00\n"', "a\U0001f600b\U00010000\n"),
        (r'"\\ud83d\\ude00"', r"\ud83d\ude00"),
        (r'"\\\ud83d\ude00"', "\\\U0001f600"),
        (r'"\u00e9\udbff\udfff"', "é\U0010ffff"),
    ],
)
def test_a_surrogate_pair_of_json_is_its_character(escaped: str, text: str) -> None:
    assert read_contract(TIMED % (escaped, "long")).description == text


@pytest.mark.parametrize("escaped", [r'"\ud83d"', r'"\ude00"', r'"\ude00\ud83d"', r'"\ud83d \ude00"', r'"\ud83d\n"'])
def test_half_a_surrogate_pair_is_no_character(escaped: str) -> None:
    (fault,) = faults(TIMED % (escaped, "long"))
    assert fault == "line 1, column 58: an escape is half of a surrogate pair, which is no character"


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_json_is_read_as_json_reads_it(one: str, other: str) -> None:
    assert read(json.dumps({"a": [one], "b": other})).tree == {"a": [one], "b": other}


def test_faults_behind_a_pair_keep_their_place() -> None:
    plain, paired = (TIMED % (f'"{escaped}"', "float") for escaped in ("x" * 24, r"\ud83d\ude00" * 2))
    assert faults(plain) == faults(paired)


def test_in_yaml_that_is_no_json_a_pair_stays_what_it_is() -> None:
    yaml_text = "format_version: 1\ndatasource: d\ndescription: '\\ud83d\\ude00'\ncolumns: [{name: a, type: long}]\n"
    assert read_contract(yaml_text).description == r"\ud83d\ude00"
    assert "invalid Unicode character escape" in faults(yaml_text.replace("'", '"'))[0]


def test_half_a_pair_is_refused_without_libyaml_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.contract.yaml_text._LOADER", yaml.SafeLoader)
    (fault,) = faults('format_version: 1\ndatasource: "\\ud83d"\ncolumns: [{name: a, type: long}]\n')
    assert fault.startswith("line 2, column 13: datasource: an escape is half")
