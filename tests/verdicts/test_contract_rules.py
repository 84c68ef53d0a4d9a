"""Every check, rule, key and type of a contract, on rows that keep and that break it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.validator.engine import Code
from services.validator.engine.frictionless import NAMES
from services.validator.engine.request import Correction
from shared.contract import Contract, read_contract
from shared.contract.rule_names import MEANINGS
from tests.verdicts.judging import Judge, Outcome

HEAD = "format_version: 1\ndatasource: sales\n"
TIME = "  - {name: ts, type: timestamp, role: time}\n"
ALL_BAD = "limits: {max_rejected_ratio: null}\n"


def contract(columns: str, more: str = "") -> Contract:
    return read_contract(f"{HEAD}columns:\n{TIME}{columns}{more}{ALL_BAD if 'limits' not in more else ''}")


def judged(judge: Judge, stated: Contract, content: str | bytes, **options: Any) -> Outcome:
    return judge.outcome(judge.request(content, **options).model_copy(update={"contract": stated}))


def values(*cells: str, name: str = "v") -> str:
    return f"ts|{name}\n" + "".join(f"2024-01-01T00:00:0{number}Z|{cell}\n" for number, cell in enumerate(cells))


def broken(outcome: Outcome) -> dict[int, list[tuple[str, str | None]]]:
    """By record, the rules that it breaks, with the check."""
    return {
        row["record"]: [(error["code"], error.get("constraint")) for error in row["errors"]] for row in outcome.rejects
    }


@pytest.mark.parametrize(
    ("column", "good", "bad", "constraint"),
    [
        ("type: text, nullable: false", ["a"], ["", ""], "nullable"),
        ("type: long, nullable: false", ["1"], ["NA", ""], "nullable"),
        ("type: long, checks: {min: 3}", ["3", ""], ["2", "-9"], "min"),
        ("type: double, checks: {max: 0.5}", ["0.5", "-1e3"], ["0.51"], "max"),
        ("type: decimal, scale: 2, checks: {min: 0.10}", ["0.1", "7"], ["0.09"], "min"),
        ("type: date, checks: {max: 2024-02-01}", ["2024-02-01"], ["2024-02-02"], "max"),
        ("type: timestamp, checks: {min: 2024-02-01}", ["2024-02-01"], ["2024-01-31T23:59:59Z"], "min"),
        ("type: text, checks: {enum: [NO, SE]}", ["NO", ""], ["DK", "no"], "enum"),
        ("type: long, checks: {enum: [1, 2]}", ["1", "-"], ["3"], "enum"),
        ("type: text, checks: {pattern: '[0-9]{3}'}", ["123"], ["1234", "x123"], "pattern"),
        ("type: text, checks: {min_length: 2}", ["ab"], ["a", "ä"], "min_length"),
        ("type: text, checks: {max_length: 2}", ["äö"], ["abc"], "max_length"),
    ],
)
def test_a_check(judge: Judge, column: str, good: list[str], bad: list[str], constraint: str) -> None:
    outcome = judged(judge, contract(f"  - {{name: v, {column}}}\n"), values(*good, *bad))
    wanted = {len(good) + 1 + place: [("constraint-error", constraint)] for place in range(len(bad))}
    assert broken(outcome) == wanted
    error = outcome.rejects[0]["errors"][0]
    assert (error["column"], error["value"]) == ("v", bad[0])
    (problem,) = outcome.report["problems"]
    assert (problem["rule"], problem["frictionless"]) == ("constraint-error", "constraint-error")
    assert (problem["column"], problem["constraint"], problem["count"]) == ("v", constraint, len(bad))


@pytest.mark.parametrize(
    ("column", "good", "bad", "suggestion"),
    [
        (
            "type: long",
            {"1": 1, "-9223372036854775808": -(2**63), "NA": None},
            ["1.0", "007", "9223372036854775808"],
            None,
        ),
        ("type: long", {"1": 1}, [" 12"], "12"),
        ("type: double", {"1": 1.0, "1.5": 1.5, "1e3": 1000.0, "": None}, ["0.12345678901234567890", "x"], None),
        ("type: double", {"0.5": 0.5}, ["1,5"], "1.5"),
        ("type: decimal, scale: 2", {"1.50": "1.50", "-1": "-1", "1.500": "1.500"}, ["1.501", "1e3"], None),
        ("type: decimal", {"12345678901234567890.5": "12345678901234567890.5"}, ["0.12345678901"], None),
        ("type: boolean", {"true": "true", "FALSE": "false", "null": None}, ["yes", "1"], None),
        ("type: date", {"2024-02-29": "2024-02-29"}, ["2023-02-29", "2024-01-01T10:00:00"], None),
        ("type: date, format: '%d.%m.%Y'", {"29.02.2024": "2024-02-29"}, ["31.02.2024"], None),
        ("type: date, format: '%d.%m.%Y'", {"29.02.2024": "2024-02-29"}, ["2024-03-01"], "01.03.2024"),
        (
            "type: timestamp",
            {"2024-02-29": "2024-02-29T00:00:00Z", "2024-01-01T10:00:00.25+02:00": "2024-01-01T08:00:00.250Z"},
            ["soon"],
            None,
        ),
        (
            "type: timestamp, zone: Europe/Berlin",
            {"2024-02-29T12:00:00": "2024-02-29T11:00:00Z"},
            ["2024-03-31T02:30:00"],
            None,
        ),
        ("type: timestamp, format: epoch_s", {"1700000000": "2023-11-14T22:13:20Z"}, ["2023-11-14"], None),
        ("type: json", {'{"a":[1]}': '{"a":[1]}', "": None}, [], None),
        ("type: json", {"[1]": "[1]"}, ["{a", "NaN"], None),
        ("type: text", {"NA": "NA", "": None, " x ": " x "}, [], None),
    ],
)
def test_a_type(judge: Judge, column: str, good: dict[str, Any], bad: list[str], suggestion: str | None) -> None:
    outcome = judged(judge, contract(f"  - {{name: v, {column}}}\n"), values(*good, *bad), delimiter="|")
    assert [row["v"] for row in outcome.rows] == list(good.values())
    assert broken(outcome) == {len(good) + 1 + place: [("type-error", None)] for place in range(len(bad))}
    for cell, row in zip(bad, outcome.rejects, strict=True):
        (error,) = row["errors"]
        assert (error["column"], error["value"], error["suggestion"]) == ("v", cell, suggestion)
        assert column.split(",", maxsplit=1)[0].removeprefix("type: ") in error["message"]


def test_the_nearest_member_is_suggested(judge: Judge) -> None:
    stated = contract("  - {name: v, type: text, checks: {enum: [Norway, Sweden, Denmark]}}\n")
    outcome = judged(judge, stated, values("norway", "Norwya", "Danmark ", "Peru"))
    assert [row["errors"][0]["suggestion"] for row in outcome.rejects] == ["Norway", "Norway", "Denmark", None]


def test_a_rule_across_columns(judge: Judge) -> None:
    rules = "rules:\n  - {name: less, expression: a < b, message: a must be less}\n"
    stated = contract("  - {name: a, type: long}\n  - {name: b, type: double}\n", rules)
    body = "ts,a,b\n" + "".join(f"2024-01-01,{pair}\n" for pair in ("1,1.5", "2,1.5", ",1", "x,1"))
    outcome = judged(judge, stated, body)
    assert broken(outcome) == {2: [("row-constraint", "less")], 4: [("type-error", None)]}
    assert outcome.rejects[0]["errors"][0]["message"] == "a must be less"


def test_unique_values_and_keys_are_looked_at_over_the_whole_file(judge: Judge) -> None:
    columns = "  - {name: id, type: long, unique: true}\n  - {name: shop, type: text}\n  - {name: day, type: date}\n"
    rows = ["1,a,2024-01-01", "2,a,2024-01-02", "1,b,2024-01-01", "3,a,2024-01-01", "NA,a,", ",a,", "x,b,2024-01-01"]
    body = "ts,id,shop,day\n" + "".join(f"2024-01-01,{row}\n" for row in rows)
    outcome = judged(judge, contract(columns, "keys:\n  - [shop, day]\n"), body)
    assert broken(outcome) == {
        3: [("unique-error", "unique")],
        4: [("primary-key", "shop, day")],
        # Record 3 is rejected, and its key was there.
        7: [("type-error", None), ("primary-key", "shop, day")],
    }
    assert "record 1 has the same" in outcome.rejects[0]["errors"][0]["message"]


def test_keys_are_counted_by_records_and_not_by_good_rows(judge: Judge) -> None:
    stated = contract("  - {name: id, type: long, unique: true}\n")
    body = "ts,id\n2024-01-01,1\n2024-01-01\n2024-01-01,2\n2024-01-01,3,4\n2024-01-01,2\n2024-01-01,4\n"
    assert broken(judged(judge, stated, body)) == {
        2: [("field_count", None)],
        4: [("field_count", None)],
        5: [("unique-error", "unique")],
    }


def test_a_row_that_breaks_several_things_has_them_all(judge: Judge) -> None:
    stated = contract("  - {name: v, type: long, unique: true, checks: {min: 5, enum: [1, 7]}}\n")
    outcome = judged(judge, stated, values("7", "3", "3"))
    assert broken(outcome) == {
        2: [("constraint-error", "min"), ("constraint-error", "enum")],
        3: [("constraint-error", "min"), ("constraint-error", "enum"), ("unique-error", "unique")],
    }
    assert outcome.accepted.reject_counts == {"constraint-error": 2}
    counts = {(one["rule"], one["constraint"]): one["count"] for one in outcome.report["problems"]}
    assert counts == {("constraint-error", "min"): 2, ("constraint-error", "enum"): 2, ("unique-error", "unique"): 1}


def test_the_time_is_the_one_that_the_contract_says(judge: Judge) -> None:
    columns = "columns:\n  - {name: at, type: timestamp, role: time, format: '%d.%m.%Y %H:%M', zone: Europe/Oslo}\n"
    stated = read_contract(f"{HEAD}{columns}  - {{name: ts, type: date}}\n{ALL_BAD}")
    outcome = judged(judge, stated, "ts,at\n2024-01-01,02.03.2024 10:00\n2024-01-01,2024-03-02 10:00\n2024-01-01,\n")
    time = outcome.accepted.time_column
    assert (time.source_name, time.format, time.zone) == ("at", "%d.%m.%Y %H:%M", "Europe/Oslo")
    assert [row["__time"] for row in outcome.rows] == [1709370000000]
    assert outcome.error_codes == ["timestamp_invalid", "timestamp_missing"]
    assert [one["frictionless"] for one in outcome.report["problems"]] == ["type-error", "constraint-error"]


def test_null_markers_are_the_stated_ones(judge: Judge) -> None:
    stated = contract("  - {name: v, type: long}\n", "null_markers: ['?']\n")
    outcome = judged(judge, stated, values("1", "?", "", "NA"))
    assert [row["v"] for row in outcome.rows] == [1, None, None]
    assert broken(outcome) == {4: [("type-error", None)]}


def test_every_rule_of_a_contract_is_a_code_and_has_its_name_in_frictionless() -> None:
    assert set(MEANINGS) <= {str(code) for code in Code}
    own = {"wider-type", "narrower-type"}
    assert {str(code): name for code, name in NAMES.items() if code in MEANINGS} == {
        name: name for name in MEANINGS if name not in own
    }


def test_corrected_rows_are_held_against_the_contract_too(judge: Judge) -> None:
    columns = (
        "  - {name: v, type: long, unique: true, checks: {max: 9}}\n  - {name: d, type: date, format: '%d.%m.%Y'}\n"
    )
    stated = contract(columns, "drift: {new_column: evolve}\n")
    rows = ["1,01.02.2024,a", "12,01.02.2024,b", "x,01.02.2024,c", "3,soon,d"]
    parent = judged(judge, stated, "ts,v,d,more\n" + "".join(f"2024-01-01,{row}\n" for row in rows))
    assert sorted(broken(parent)) == [2, 3, 4]
    rejects = parent.accepted.rejects
    assert rejects is not None
    correction = Correction(columns=parent.accepted.reading, rows=3, parent_rejects=parent.folder / rejects.name)
    fixed = [("2", "01.02.2024", "b"), ("20", "01.02.2024", "c"), ("2", "03.02.2024", "d")]
    content = "".join(
        json.dumps({"record": number, "fields": dict(zip(("ts", "v", "d", "more"), ("2024-01-01", *row), strict=True))})
        + "\n"
        for number, row in enumerate(fixed, 2)
    )
    request = judge.request(content, name="rows.ndjson")
    outcome = judge.outcome(request.model_copy(update={"contract": stated, "correction": correction}))
    assert [(row["v"], row["d"], row["more"]) for row in outcome.rows] == [(2, "2024-02-01", "b")]
    assert broken(outcome) == {2: [("constraint-error", "max")], 3: [("unique-error", "unique")]}


def test_a_value_that_cannot_be_read_breaks_no_check_of_its_own(judge: Judge) -> None:
    rules = "rules:\n  - {name: there, expression: v is not null}\n"
    outcome = judged(judge, contract("  - {name: v, type: long, nullable: false}\n", rules), values("1", "x", ""))
    assert broken(outcome) == {
        2: [("type-error", None)],
        3: [("constraint-error", "nullable"), ("row-constraint", "there")],
    }
