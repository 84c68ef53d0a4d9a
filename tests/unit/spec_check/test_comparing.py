"""A fault of each kind, planted into what Druid gives back, is found where it is, and nothing else is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from services.spec_check.cells import NOT_COMPARED, Kind
from services.spec_check.comparing import CELLS_SHOWN, MISSING, Comparison, Ours, RowFault, SampledRow, Theirs, compare

ROWS: tuple[dict[str, Any], ...] = (
    {"__time": 1_000, "n": 2**63 - 1, "x": 0.1, "city": "Oslo", "price": "1.50"},
    {"__time": 2_000, "n": None, "x": None, "city": None, "price": None},
    {"__time": 3_000, "n": -1, "x": 3.14159265, "city": "Ålesund", "price": "0.10"},
    {"__time": 3_000, "n": -1, "x": 3.14159265, "city": "Ålesund", "price": "0.10"},
)
TYPES = {"__time": "long", "n": "long", "x": "double", "city": "string", "price": "string"}
OURS = Ours(lines=ROWS, rows=ROWS, records=(1, 2, 5, 6), types=TYPES, asked=TYPES)
SAME = tuple(SampledRow(read=row, parsed=row) for row in ROWS)


def found(rows: Sequence[SampledRow] = SAME, types: Mapping[str, str] = TYPES, ours: Ours = OURS) -> Comparison:
    return compare(ours, Theirs(types, rows))


def planted(position: int, name: str, value: Any) -> tuple[SampledRow, ...]:
    """Druid's rows with one cell of another value."""
    row = SAME[position]
    changed = replace(row, parsed={**(row.parsed or {}), name: value})
    return (*SAME[:position], changed, *SAME[position + 1 :])


def differing(comparison: Comparison) -> dict[str, list[tuple[int, Kind, Any, str, Any, str]]]:
    return {
        column.name: [
            (cell.record, cell.kind, cell.ours, cell.ours_type, cell.druid, cell.druid_type) for cell in column.first
        ]
        for column in comparison.columns
        if column.different
    }


def test_the_same_rows_are_equal() -> None:
    comparison = found()
    assert comparison.equal
    assert comparison.rows == 4
    assert [(one.name, one.type, one.druid_type, one.compared, one.different) for one in comparison.columns] == [
        (name, kind, kind, 4, 0) for name, kind in TYPES.items()
    ]


@pytest.mark.parametrize(
    ("position", "name", "value", "cell"),
    [
        (0, "n", float(2**63 - 1), (1, Kind.ROUNDED, 2**63 - 1, "long", float(2**63 - 1), "long")),
        (2, "x", 3.1415927, (5, Kind.ROUNDED, 3.14159265, "double", 3.1415927, "double")),
        (1, "city", "", (2, Kind.MADE, None, "null", "", "string")),
        (2, "city", None, (5, Kind.LOST, "Ålesund", "string", None, "null")),
        (0, "__time", 3_601_000, (1, Kind.TIME, 1_000, "long", 3_601_000, "long")),
        (3, "price", "0.1", (6, Kind.CHANGED, "0.10", "string", "0.1", "string")),
    ],
)
def test_a_changed_cell_is_found(position: int, name: str, value: Any, cell: tuple[Any, ...]) -> None:
    comparison = found(planted(position, name, value))
    assert not comparison.equal
    assert comparison.different == 1
    assert differing(comparison) == {name: [cell]}


def test_a_widened_type_is_found_in_every_cell_that_has_a_value() -> None:
    rows = tuple(
        replace(row, parsed={**(row.parsed or {}), "price": row.parsed and row.parsed["price"]}) for row in SAME
    )
    comparison = found(rows, {**TYPES, "price": "double"})
    assert differing(comparison) == {
        "price": [
            (number, Kind.TYPE, text, "string", text, "double")
            for number, text in ((1, "1.50"), (5, "0.10"), (6, "0.10"))
        ]
    }


def test_a_type_that_was_asked_for_is_no_difference() -> None:
    asked = replace(OURS, asked={**TYPES, "n": "string"})
    rows = planted(0, "n", str(2**63 - 1))
    assert found(rows, {**TYPES, "n": "string"}, asked).equal
    # and where it was asked for and is not there, it is
    assert differing(found(SAME, TYPES, asked))["n"][0][1] is Kind.TYPE


@pytest.mark.parametrize("gone", range(4))
def test_a_missing_row_is_found_and_shifts_no_other(gone: int) -> None:
    comparison = found((*SAME[:gone], *SAME[gone + 1 :]))
    # The last two are alike: which of them is missing cannot be told.
    assert comparison.faults == (RowFault((1, 2, 6, 6)[gone], MISSING),)
    assert (comparison.rows, comparison.different, comparison.equal) == (3, 0, False)


def test_a_row_that_druid_cannot_read_is_told_in_its_words() -> None:
    refused = SampledRow(read=ROWS[1], parsed=None, error="Timestamp[null] is unparseable!")
    comparison = found((SAME[0], refused, *SAME[2:]))
    assert comparison.faults == (RowFault(2, "Timestamp[null] is unparseable!"),)
    assert comparison.rows == 3


def test_a_row_that_was_read_otherwise_is_compared_with_the_one_at_its_place() -> None:
    other = {**ROWS[1], "city": "Bergen"}
    comparison = found((SAME[0], SampledRow(read=other, parsed=other), *SAME[2:]))
    assert differing(comparison) == {"city": [(2, Kind.MADE, None, "null", "Bergen", "string")]}
    assert comparison.faults == ()


def test_a_column_that_one_side_lacks_is_found() -> None:
    without = {name: kind for name, kind in TYPES.items() if name != "n"}
    rows = tuple(replace(row, parsed={name: row.parsed[name] for name in without}) for row in SAME if row.parsed)
    comparison = found(rows, {**without, "more": "string"})
    assert [cell[1] for cell in differing(comparison)["n"]] == [Kind.LOST] * 3
    more = tuple(replace(row, parsed={**(row.parsed or {}), "more": "?"}) for row in SAME)
    assert [cell[1] for cell in differing(found(more, {**TYPES, "more": "string"}))["more"]] == [Kind.MADE] * 3


def test_what_only_druid_can_make_is_not_compared() -> None:
    rows = tuple({**row, "people": NOT_COMPARED} for row in ROWS)
    comparison = found(
        tuple(replace(row, parsed={**(row.parsed or {}), "people": "AgEHDAMIAQA="}) for row in SAME),
        {**TYPES, "people": "hllsketchbuild"},
        replace(OURS, rows=rows),
    )
    assert comparison.equal
    assert [one.compared for one in comparison.columns if one.name == "people"] == [0]


def test_all_differences_are_counted_and_the_first_are_kept() -> None:
    lines = [{"__time": number, "n": number} for number in range(10)]
    ours = Ours(lines, lines, range(1, 11), {"n": "long"}, {"n": "long"})
    theirs = [SampledRow(read=line, parsed={**line, "n": line["n"] + 1}) for line in lines]
    comparison = found(theirs, {"__time": "long", "n": "long"}, ours)
    (column,) = [one for one in comparison.columns if one.different]
    assert (column.different, column.kinds, len(column.first)) == (10, {Kind.CHANGED: 10}, CELLS_SHOWN)
