"""Flat lines that are read together: against each line read by itself, exactly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.validator.engine.block import RowError
from services.validator.engine.formats.json_columns import read_text
from services.validator.engine.formats.json_flat import read_flat

VALUES = ['"a"', '"b:c"', '""', '"é"', "1", "-0", "1e5", "12345678901234567890.50", "true", "null", "[1]", '{"x": 1}']
FAULTS = ["01", "NaN", "", "tru", '"\t"', '"\\u0041"', '"\\n"']
TOKENS = [*VALUES, '"k"', ":", ",", "{", "}", " ", "\r", "é"]


@st.composite
def objects(draw: st.DrawFn) -> str:
    keys = draw(st.lists(st.sampled_from(['"a"', '"b"', '"k"', '"x:y"', '""']), max_size=4))
    cells = [f"{key}{draw(st.sampled_from([':', ' : ']))}{draw(st.sampled_from(VALUES + FAULTS))}" for key in keys]
    return draw(st.sampled_from(["", " "])) + "{" + ",".join(cells) + draw(st.sampled_from(["}", "}\r", "} x", ""]))


LINES = st.lists(objects() | st.lists(st.sampled_from(TOKENS), max_size=8).map("".join), min_size=1, max_size=6)


@given(LINES)
def test_what_is_read_is_what_each_line_says(lines: list[str]) -> None:
    found = read_flat([f"{line}\n".encode() for line in lines])
    keys: dict[str, None] = {}
    texts = set()
    for row, position in enumerate(found.positions):
        record, names = read_text(lines[position])
        assert not isinstance(record, RowError)
        assert [n for n, _ in found.fresh].count(position) == (not keys.keys() >= set(names))
        keys |= dict.fromkeys(names)
        texts |= {name for name, cell in record.items() if cell.declares}
        cells = {name: record[name].text if name in record else "" for name in found.cells}
        assert {name: values[row] for name, values in found.cells.items()} == cells
    assert (set(found.cells), set(found.texts)) == (set(keys), texts)


@pytest.mark.parametrize(
    "line", [b'{"a": 1, "b": ":", "c": null}\n', b'{"a":12345678901234567890.50}', b' {"a": 1}\r\n']
)
def test_a_flat_line_is_read(line: bytes) -> None:
    assert list(read_flat([line]).positions) == [0]


@pytest.mark.parametrize("twice", [b'{"a":1,"a":2}', b'{"a" : 1, "a" : 2}', b'{"a":":","b":1,"a":2}', b'{"":1,"":1}'])
def test_a_key_that_stands_twice_is_left_to_the_reader_that_names_it(twice: bytes) -> None:
    assert not read_flat([b'{"a":1}', twice]).positions


def test_many_rare_keys_take_no_table_of_them_all() -> None:
    assert not read_flat([b'{"k%d":1}' % number for number in range(100)]).positions
