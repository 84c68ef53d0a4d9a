"""How a check is shown."""

from __future__ import annotations

import json
from typing import Any

from rich.cells import cell_len

from services.spec_check.checking import Checked
from services.spec_check.comparing import Ours, SampledRow, Theirs, compare
from services.spec_check.lines import check_document, check_lines

DIGITS = "0." + "1234567890" * 6
LINES = [
    {"__time": number, "price": DIGITS, "a very long name of a column that has no room": "東京\n" * 30}
    for number in range(1, 7)
]
TYPES = {"__time": "long", "price": "string", "a very long name of a column that has no room": "string"}


def checked(theirs: list[SampledRow], types: dict[str, str] = TYPES, **more: Any) -> Checked:
    ours = Ours(LINES, LINES, range(1_001, 1_007), TYPES, TYPES)
    told: dict[str, Any] = {"numbered": "record", "rows": 12_000, "notes": (), **more}
    return Checked(datasource="sales", druid="http://druid", comparison=compare(ours, Theirs(types, theirs)), **told)


def shown(found: Checked) -> list[str]:
    lines = [line.text for line in check_lines(found, "sales.csv")]
    assert all(cell_len(line) <= 80 for line in lines)
    return lines


def test_rows_that_are_equal_take_a_line_for_each_column() -> None:
    assert shown(checked([SampledRow(line, line) for line in LINES])) == [
        "sales.csv -> sales: Druid reads 6 of 12,000 rows as we do",
        "  column                           ours     Druid     compared    differ",
        "  __time                           long     long             6         0",
        "  price                            string   string           6         0",
        "  a very long name of a column th… string   string           6         0",
    ]


def test_a_difference_is_shown_with_both_values_and_types_where_they_part() -> None:
    other = DIGITS[:50] + "9"
    lines = shown(
        checked([SampledRow(line, {**line, "price": other}) for line in LINES[:1]], {**TYPES, "price": "double"})
    )
    assert lines[:2] == [
        "sales.csv -> sales: Druid does not read the rows as we do",
        "  rows compared 1 of 12,000, cells that differ 1, rows not there 5",
    ]
    at = lines.index("  price                            string   double           1         1")
    assert lines[at + 1 : at + 3] == [
        '    record 1,001, changed:   ours  string  …7890123456789012345678901234567890"',
        '                            Druid  double  …6789012345678901234567890123456789"',
    ]
    assert lines[-5] == "  record 1,002: Druid's answer has no such row"


def test_what_would_act_on_a_terminal_is_written_out() -> None:
    name = "a very long name of a column that has no room"
    lines = shown(checked([SampledRow(line, {**line, name: "\x1b[31mred"}) for line in LINES]))
    assert not any("\x1b" in line for line in lines)


def test_more_missing_rows_than_fit_are_counted() -> None:
    assert shown(checked([]))[-1] == "  and 1 more rows: -o json has them all"


def test_the_document_has_it_all() -> None:
    rows = [SampledRow(line, {**line, "price": None}) for line in LINES[:5]]
    document = json.loads(json.dumps(check_document(checked(rows, notes=("without rollup",)))))
    assert (document["equal"], document["rows_compared"], document["cells_different"]) == (False, 5, 5)
    assert document["rows_not_compared"] == [{"number": 1_006, "why": "Druid's answer has no such row"}]
    price = document["columns"][1]
    assert (price["name"], price["kinds"], len(price["first"])) == ("price", {"lost": 5}, 3)
    assert price["first"][0] == {
        "number": 1_001,
        "kind": "lost",
        "ours": DIGITS,
        "ours_type": "string",
        "druid": None,
        "druid_type": "null",
    }
