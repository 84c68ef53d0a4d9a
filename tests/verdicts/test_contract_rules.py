"""Every check, rule, key and type of a contract, on rows that keep and that break it."""

from __future__ import annotations

import json

import pytest

from services.validator.engine import Code
from services.validator.engine.frictionless import NAMES
from services.validator.engine.request import Correction
from shared.contract import read_contract
from shared.contract.rule_names import MEANINGS
from tests.verdicts.cases.contract_values import CHECKS, TYPES, Check, Typed, values
from tests.verdicts.cases.stated import ALL_BAD, HEAD
from tests.verdicts.contracts import broken, contract
from tests.verdicts.judging import Judge


@pytest.mark.parametrize("case", CHECKS, ids=lambda case: case.fault)
def test_what_the_report_says_of_a_check(judge: Judge, case: Check) -> None:
    outcome = judge(values(*case.good, *case.bad), contract=contract(f"  - {{name: v, {case.column}}}\n"))
    error = outcome.rejects[0]["errors"][0]
    assert (error["column"], error["value"]) == ("v", case.bad[0])
    (problem,) = outcome.report["problems"]
    assert (problem["rule"], problem["frictionless"]) == ("constraint-error", "constraint-error")
    assert (problem["column"], problem["constraint"], problem["count"]) == ("v", case.constraint, len(case.bad))


@pytest.mark.parametrize("case", TYPES, ids=lambda case: case.fault)
def test_what_is_said_of_a_value_that_is_not_of_its_type(judge: Judge, case: Typed) -> None:
    content = values(*case.good, *case.bad)
    outcome = judge(content, contract=contract(f"  - {{name: v, {case.column}}}\n"), delimiter="|")
    for cell, row in zip(case.bad, outcome.rejects, strict=True):
        (error,) = row["errors"]
        assert (error["column"], error["value"], error["suggestion"]) == ("v", cell, case.suggestion)
        assert case.column.split(",", maxsplit=1)[0].removeprefix("type: ") in error["message"]


def test_the_nearest_member_is_suggested(judge: Judge) -> None:
    stated = contract("  - {name: v, type: text, checks: {enum: [Norway, Sweden, Denmark]}}\n")
    outcome = judge(values("norway", "Norwya", "Danmark ", "Peru"), contract=stated)
    assert [row["errors"][0]["suggestion"] for row in outcome.rejects] == ["Norway", "Norway", "Denmark", None]


def test_a_rule_across_columns(judge: Judge) -> None:
    rules = "rules:\n  - {name: less, expression: a < b, message: a must be less}\n"
    stated = contract("  - {name: a, type: long}\n  - {name: b, type: double}\n", rules)
    body = "ts,a,b\n" + "".join(f"2024-01-01,{pair}\n" for pair in ("1,1.5", "2,1.5", ",1", "x,1"))
    outcome = judge(body, contract=stated)
    assert broken(outcome) == {2: [("row-constraint", "less")], 4: [("type-error", None)]}
    assert outcome.rejects[0]["errors"][0]["message"] == "a must be less"


def test_unique_values_and_keys_are_looked_at_over_the_whole_file(judge: Judge) -> None:
    columns = "  - {name: id, type: long, unique: true}\n  - {name: shop, type: text}\n  - {name: day, type: date}\n"
    rows = ["1,a,2024-01-01", "2,a,2024-01-02", "1,b,2024-01-01", "3,a,2024-01-01", "NA,a,", ",a,", "x,b,2024-01-01"]
    body = "ts,id,shop,day\n" + "".join(f"2024-01-01,{row}\n" for row in rows)
    outcome = judge(body, contract=contract(columns, "keys:\n  - [shop, day]\n"))
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
    assert broken(judge(body, contract=stated)) == {
        2: [("field_count", None)],
        4: [("field_count", None)],
        5: [("unique-error", "unique")],
    }


def test_a_row_that_breaks_several_things_has_them_all(judge: Judge) -> None:
    stated = contract("  - {name: v, type: long, unique: true, checks: {min: 5, enum: [1, 7]}}\n")
    outcome = judge(values("7", "3", "3"), contract=stated)
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
    outcome = judge("ts,at\n2024-01-01,02.03.2024 10:00\n2024-01-01,2024-03-02 10:00\n2024-01-01,\n", contract=stated)
    time = outcome.accepted.time_column
    assert (time.source_name, time.format, time.zone) == ("at", "%d.%m.%Y %H:%M", "Europe/Oslo")
    assert [row["__time"] for row in outcome.rows] == [1709370000000]
    assert outcome.error_codes == ["timestamp_invalid", "timestamp_missing"]
    assert [one["frictionless"] for one in outcome.report["problems"]] == ["type-error", "constraint-error"]


def test_null_markers_are_the_stated_ones(judge: Judge) -> None:
    stated = contract("  - {name: v, type: long}\n", "null_markers: ['?']\n")
    outcome = judge(values("1", "?", "", "NA"), contract=stated)
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
    parent = judge("ts,v,d,more\n" + "".join(f"2024-01-01,{row}\n" for row in rows), contract=stated)
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
    stated = contract("  - {name: v, type: long, nullable: false}\n", rules)
    outcome = judge(values("1", "x", ""), contract=stated)
    assert broken(outcome) == {
        2: [("type-error", None)],
        3: [("constraint-error", "nullable"), ("row-constraint", "there")],
    }
