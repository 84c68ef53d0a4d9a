"""What the figures of one file suggest: each with its evidence, and nothing where the figures do not carry it."""

from __future__ import annotations

import pytest

from shared.contract import read_contract, write_contract
from shared.contract.column_types import ColumnType
from shared.contract.from_report import InferredColumn, InferredTime, inferred_contract
from shared.contract.suggestions import Figures, suggestions


@pytest.mark.parametrize(
    ("kind", "figures", "lines"),
    [
        ("long", Figures(20, 0, 20), ["Each of the 20 rows has another value. If it is a key:", "unique: true"]),
        ("text", Figures(5_000, 0, 4_000), []),
        ("long", Figures(19, 0, 19), []),
        ("long", Figures(21, 1, 20), []),
        ("long", Figures(5_000, 0, None), []),
        ("double", Figures(20, 0, 20), []),
        (
            "text",
            Figures(33, 3, 3, values=("SE", "NO", "DK")),
            ["3 different values in 30 rows. If there is no other:", 'checks: {enum: [DK, "NO", SE]}'],
        ),
        ("text", Figures(29, 0, 3, values=("SE", "NO", "DK")), []),
        (
            "text",
            Figures(200, 0, 20, values=("a", "b: c")),
            [
                '20 different values in 200 rows, such as [a, "b: c"]. If there is no other,',
                "write all of them as the check `enum`.",
            ],
        ),
        ("text", Figures(1_000, 0, 21, values=("a", "b")), []),
        ("boolean", Figures(1_000, 0, 2, values=("true", "false")), []),
        (
            "long",
            Figures(1_000, 10, 21, -5, 1_200),
            ["990 values from -5 to 1200. If nothing else is right:", "checks: {min: -5, max: 1200}"],
        ),
        (
            "double",
            Figures(2, 0, 2, 0.5, 1e-07),
            ["2 values from 0.5 to 1e-07. If nothing else is right:", "checks: {min: 0.5, max: 1e-07}"],
        ),
    ],
)
def test_what_is_suggested(kind: ColumnType, figures: Figures, lines: list[str]) -> None:
    assert list(suggestions(kind, figures)) == lines


def test_a_suggestion_is_a_comment_until_its_sign_is_taken_away() -> None:
    columns = [
        InferredColumn("id", "long", 0, figures=Figures(30, 0, 30, 1, 30)),
        InferredColumn("land", "text", 0, figures=Figures(30, 0, 2, values=("SE", "true: \u00e5\n"))),
    ]
    contract, comments = inferred_contract("d", columns, InferredTime("at", "iso", None), file="f.csv", rows=30)
    text = write_contract(contract, comments)
    assert read_contract(text) == contract
    assert all(column.checks == type(column.checks)() and not column.unique for column in contract.columns)
    active = read_contract(text.replace("# unique:", "unique:").replace("# checks:", "checks:"))
    _, number, land = active.columns
    assert (number.unique, number.checks.min, number.checks.max) == (True, 1, 30)
    assert land.checks.enum == ("SE", "true: \u00e5\n")
