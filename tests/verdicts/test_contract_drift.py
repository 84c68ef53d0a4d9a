"""A file whose columns are not those of the contract: every kind of drift with every decision, dialect and limits."""

from __future__ import annotations

from typing import Any

import pytest

from services.validator.engine import ParseOptions, ParseRequest
from services.validator.engine.contract_options import options_with
from shared.contract import read_contract
from tests.verdicts.cases.stated import HEAD
from tests.verdicts.contracts import broken, contract
from tests.verdicts.judging import Judge, Outcome

DAY = "2024-01-01"


def drifts(outcome: Outcome) -> list[tuple[str, str, str]]:
    return [(one["kind"], one["column"], one["decision"]) for one in outcome.report["drift"]]


def test_every_column_that_rejects_the_file_is_named(judge: Judge) -> None:
    stated = contract("  - {name: a, type: long}\n", "drift: {new_column: reject}\n")
    outcome = judge(f"ts,a,b,c\n{DAY},1,2,x\n", contract=stated)
    assert drifts(outcome) == [("new_column", "b", "reject"), ("new_column", "c", "reject")]
    assert outcome.detail["columns"] == ["b", "c"]
    (problem,) = outcome.report["problems"]
    assert (problem["rule"], problem["frictionless"], problem["count"]) == ("extra-label", "extra-label", 0)
    assert outcome.parts == ()


def test_a_rule_about_a_missing_column_holds_as_of_nulls(judge: Judge) -> None:
    columns = "  - {name: a, type: long}\n  - {name: b, type: long}\n"
    more = "drift: {missing_column: ignore}\nrules:\n  - {name: r, expression: a is null or a < b}\n"
    assert broken(judge(f"ts,b\n{DAY},1\n", contract=contract(columns, more))) == {}


def test_keys_are_those_of_the_type_that_evolved(judge: Judge) -> None:
    stated = contract("  - {name: a, type: long, unique: true}\n", "drift: {wider_type: evolve}\n")
    outcome = judge(f"ts,a\n{DAY},1\n{DAY},1.5\n{DAY},1.5\n{DAY},3\n", contract=stated)
    assert broken(outcome) == {3: [("unique-error", "unique")]}


def test_a_type_that_cannot_evolve_says_why(judge: Judge) -> None:
    stated = contract("  - {name: a, type: long, checks: {min: 0}}\n", "drift: {wider_type: evolve}\n")
    outcome = judge(f"ts,a\n{DAY},1\n{DAY},x\n", contract=stated)
    assert "do not go with text" in outcome.report["drift"][0]["message"]


def test_a_column_of_nulls_and_one_that_is_ignored_do_not_drift(judge: Judge) -> None:
    stated = contract("  - {name: a, type: long}\n  - {name: b, type: long, role: ignore}\n")
    outcome = judge(f"ts,a,b\n{DAY},,x\n", contract=stated)
    assert drifts(outcome) == []
    assert [column.name for column in outcome.accepted.columns] == ["a"]


def test_columns_are_known_by_name_in_any_order_and_by_order_without_a_header(judge: Judge) -> None:
    columns = "  - {name: a, type: long}\n  - {name: b, type: text}\n"
    (row,) = judge(f"b,a,ts\nx,2,{DAY}\n", contract=contract(columns)).rows
    assert (row["a"], row["b"]) == (2, "x")
    headless = contract(columns, "dialect: {header: false}\n")
    (row,) = judge(f"{DAY},2,x\n", contract=headless).rows
    assert (row["a"], row["b"]) == (2, "x")
    more = judge(f"{DAY},2,x,9\n", contract=headless)
    assert drifts(more) == [("new_column", "column_4", "evolve")]


def test_a_date_whose_format_the_file_does_not_settle_is_asked_for(judge: Judge) -> None:
    outcome = judge(f"ts,d\n{DAY},01/02/2024\n", contract=contract("  - {name: d, type: date}\n"))
    assert "State its format in the contract" in outcome.message
    settled = f"ts,d\n{DAY},31/01/2024\n{DAY},31/01/2024\n"
    found = judge(settled, contract=contract("  - {name: d, type: date, unique: true}\n"))
    assert [row["d"] for row in found.rows] == ["2024-01-31"]
    assert broken(found) == {2: [("unique-error", "unique")]}


def test_the_dialect_is_the_declared_one_and_what_is_sent_wins(judge: Judge) -> None:
    dialect = 'dialect: {delimiter: ";", decimal_mark: ",", encoding: cp1252, skip_rows: 1}\n'
    stated = contract("  - {name: a, type: double}\n  - {name: b, type: text}\n", dialect)
    body = f"Sales\nts;a;b\n{DAY};1,5;M\xfcller\n".encode("cp1252")
    outcome = judge(body, contract=stated)
    assert (outcome.rows[0]["a"], outcome.rows[0]["b"]) == (1.5, "Müller")
    assert "overruled" not in outcome.report["dialect"]
    sent = judge(body.replace(b";", b"|"), delimiter="|", contract=stated)
    assert sent.rows[0]["a"] == 1.5
    assert sent.report["dialect"]["overruled"] == ["delimiter: '|' was sent, and the contract says ';'"]


@pytest.mark.parametrize(
    ("sent", "held", "overruled"),
    [
        ({}, {"delimiter": "\t", "timestamp_column": "ts", "timestamp_format": "iso", "time_zone": "Europe/Oslo"}, 0),
        ({"delimiter": "\t"}, {"delimiter": "\t"}, 0),
        ({"delimiter": ","}, {"delimiter": ","}, 1),
        ({"timestamp_column": "b"}, {"timestamp_column": "ts", "time_zone": "Europe/Oslo"}, 1),
        ({"time_zone": "UTC"}, {"timestamp_column": "ts", "time_zone": "Europe/Oslo"}, 1),
        ({"sheet": "2"}, {"sheet": "2"}, 0),
    ],
)
def test_what_is_sent_wins_but_for_the_time(sent: dict[str, Any], held: dict[str, Any], overruled: int) -> None:
    time = "columns:\n  - {name: ts, type: timestamp, role: time, format: iso, zone: Europe/Oslo}\n"
    stated = read_contract(f"{HEAD}{time}dialect: {{delimiter: tab}}\n")
    options, told = options_with(ParseOptions(**sent), stated)
    assert {name: getattr(options, name) for name in held} == held
    assert len(told) == overruled


@pytest.mark.parametrize(
    ("quote", "sent", "value"), [("'", None, '"x"'), ("", None, '"x"'), ("'", '"', "x"), ('"', None, "x")]
)
def test_the_quote_is_the_stated_one(judge: Judge, quote: str, sent: str | None, value: str) -> None:
    stated = contract("  - {name: a, type: text}\n", f"dialect: {{quote: '{quote.replace(chr(39), chr(39) * 2)}'}}\n")
    options = {} if sent is None else {"quote": sent}
    assert judge(f'ts,a\n{DAY},"x"\n', contract=stated, **options).rows[0]["a"] == value


@pytest.mark.parametrize(
    ("limits", "sent", "accepted"),
    [
        ("max_rejected_ratio: 0.01", {}, False),
        ("max_rejected_ratio: 0.5", {}, True),
        ("max_rejected_ratio: null", {"max_rejected_ratio": 0.1}, False),
        ("max_rejected_ratio: 0.01", {"max_rejected_ratio": 1}, True),
        ("max_rejected_rows: 1", {}, False),
        ("max_rejected_rows: 1", {"max_rejected_rows": 2}, True),
        ("max_rejected_rows: 2", {}, True),
    ],
)
def test_what_is_sent_wins_over_the_limits_of_the_contract(
    judge: Judge, limits: str, sent: dict[str, Any], *, accepted: bool
) -> None:
    stated = contract("  - {name: a, type: long, checks: {max: 5}}\n", f"limits: {{{limits}}}\n")
    outcome = judge(f"ts,a\n{DAY},1\n{DAY},1\n{DAY},6\n{DAY},x\n", **sent, contract=stated)
    assert (not outcome.parts) is not accepted
    if not accepted:
        assert outcome.code == "too_many_rejected"


def test_a_contract_goes_into_the_child_and_comes_out_the_same(judge: Judge) -> None:
    stated = contract(
        "  - {name: a, type: decimal, scale: 2, checks: {min: 0.10, enum: [0.10, 5]}}\n",
        "null_markers: ['-', \"NO\"]\n",
    )
    request = judge.request("").model_copy(update={"contract": stated})
    assert ParseRequest.model_validate_json(request.model_dump_json()).contract == stated
    assert ParseRequest.model_validate_json(judge.request("").model_dump_json()).contract is None
