"""A file whose columns are not those of the contract: every kind of drift with every decision, dialect and limits."""

from __future__ import annotations

from typing import Any

import pytest

from services.validator.engine import ParseOptions, ParseRequest
from services.validator.engine.contract_options import options_with
from shared.contract import read_contract
from tests.verdicts.judging import Judge, Outcome
from tests.verdicts.test_contract_rules import HEAD, broken, contract, judged

DAY = "2024-01-01"


def drifts(outcome: Outcome) -> list[tuple[str, str, str]]:
    return [(one["kind"], one["column"], one["decision"]) for one in outcome.report["drift"]]


@pytest.mark.parametrize("decision", ["evolve", "ignore", "reject"])
def test_a_new_column(judge: Judge, decision: str) -> None:
    stated = contract("  - {name: a, type: long}\n", f"drift: {{new_column: {decision}}}\n")
    outcome = judged(judge, stated, f"ts,a,b,c\n{DAY},1,2,x\n")
    assert drifts(outcome) == [("new_column", "b", decision), ("new_column", "c", decision)]
    if decision == "reject":
        assert outcome.code == "extra-label"
        assert outcome.detail["columns"] == ["b", "c"]
        (problem,) = outcome.report["problems"]
        assert (problem["rule"], problem["frictionless"], problem["count"]) == ("extra-label", "extra-label", 0)
        assert outcome.parts == ()
        assert list(outcome.folder.glob("part*")) == []
        return
    (row,) = outcome.rows
    new = {"b": 2, "c": "x"} if decision == "evolve" else {}
    assert {name: row[name] for name in row if name not in {"__time", "ingest_task_id"}} == {"a": 1, **new}
    assert [column.name for column in outcome.accepted.columns] == ["a", *new]


@pytest.mark.parametrize(
    ("decision", "nullable", "rejects"),
    [("evolve", "false", False), ("ignore", "true", False), ("ignore", "false", True), ("reject", "true", True)],
)
def test_a_missing_column(judge: Judge, decision: str, nullable: str, *, rejects: bool) -> None:
    columns = f"  - {{name: a, type: long, nullable: {nullable}}}\n  - {{name: b, type: long}}\n"
    more = f"drift: {{missing_column: {decision}}}\nrules:\n  - {{name: r, expression: a is null or a < b}}\n"
    outcome = judged(judge, contract(columns, more), f"ts,b\n{DAY},1\n")
    assert drifts(outcome) == [("missing_column", "a", "reject" if rejects else decision)]
    if rejects:
        assert (outcome.code, outcome.detail["columns"]) == ("missing-label", ["a"])
    else:
        assert [column.name for column in outcome.accepted.columns] == ["b"]


@pytest.mark.parametrize("decision", ["evolve", "ignore", "reject"])
def test_a_file_without_its_time_is_never_taken(judge: Judge, decision: str) -> None:
    stated = contract("  - {name: a, type: long}\n", f"drift: {{missing_column: {decision}}}\n")
    outcome = judged(judge, stated, f"at,a\n{DAY},1\n")
    assert (outcome.code, outcome.detail["columns"]) == ("missing-label", ["ts"])


@pytest.mark.parametrize("decision", ["evolve", "ignore", "reject"])
def test_a_wider_type(judge: Judge, decision: str) -> None:
    stated = contract("  - {name: a, type: long, unique: true}\n", f"drift: {{wider_type: {decision}}}\n")
    outcome = judged(judge, stated, f"ts,a\n{DAY},1\n{DAY},1.5\n{DAY},1.5\n{DAY},3\n")
    assert drifts(outcome) == [("wider_type", "a", decision)]
    if decision == "evolve":
        assert [row["a"] for row in outcome.rows] == [1.0, 1.5, 3.0]
        assert outcome.types == {"a": "double"}
        assert broken(outcome) == {3: [("unique-error", "unique")]}
    else:
        assert [row["a"] for row in outcome.rows] == [1, 3]
        assert broken(outcome) == {2: [("type-error", None)], 3: [("type-error", None)]}


def test_a_type_does_not_evolve_away_from_its_checks(judge: Judge) -> None:
    stated = contract("  - {name: a, type: long, checks: {min: 0}}\n", "drift: {wider_type: evolve}\n")
    outcome = judged(judge, stated, f"ts,a\n{DAY},1\n{DAY},x\n")
    assert drifts(outcome) == [("wider_type", "a", "reject")]
    assert "do not go with text" in outcome.report["drift"][0]["message"]
    assert broken(outcome) == {2: [("type-error", None)]}


@pytest.mark.parametrize("decision", ["evolve", "ignore", "reject"])
def test_a_narrower_type(judge: Judge, decision: str) -> None:
    stated = contract("  - {name: a, type: double}\n", f"drift: {{narrower_type: {decision}}}\n")
    outcome = judged(judge, stated, f"ts,a\n{DAY},1\n{DAY},2\n")
    assert drifts(outcome) == [("narrower_type", "a", decision)]
    if decision == "reject":
        assert outcome.code == "narrower-type"
    else:
        assert outcome.types == {"a": "long" if decision == "evolve" else "double"}


def test_a_column_of_nulls_and_one_that_is_ignored_do_not_drift(judge: Judge) -> None:
    stated = contract("  - {name: a, type: long}\n  - {name: b, type: long, role: ignore}\n")
    outcome = judged(judge, stated, f"ts,a,b\n{DAY},,x\n")
    assert drifts(outcome) == []
    assert [column.name for column in outcome.accepted.columns] == ["a"]


def test_columns_are_known_by_name_in_any_order_and_by_order_without_a_header(judge: Judge) -> None:
    columns = "  - {name: a, type: long}\n  - {name: b, type: text}\n"
    (row,) = judged(judge, contract(columns), f"b,a,ts\nx,2,{DAY}\n").rows
    assert (row["a"], row["b"]) == (2, "x")
    headless = contract(columns, "dialect: {header: false}\n")
    (row,) = judged(judge, headless, f"{DAY},2,x\n").rows
    assert (row["a"], row["b"]) == (2, "x")
    more = judged(judge, headless, f"{DAY},2,x,9\n")
    assert drifts(more) == [("new_column", "column_4", "evolve")]


def test_a_date_whose_format_the_file_does_not_settle_is_asked_for(judge: Judge) -> None:
    outcome = judged(judge, contract("  - {name: d, type: date}\n"), f"ts,d\n{DAY},01/02/2024\n")
    assert outcome.code == "timestamp_ambiguous"
    assert "State its format in the contract" in outcome.message
    found = judged(
        judge, contract("  - {name: d, type: date, unique: true}\n"), f"ts,d\n{DAY},31/01/2024\n{DAY},31/01/2024\n"
    )
    assert [row["d"] for row in found.rows] == ["2024-01-31"]
    assert broken(found) == {2: [("unique-error", "unique")]}


def test_the_dialect_is_the_declared_one_and_what_is_sent_wins(judge: Judge) -> None:
    dialect = 'dialect: {delimiter: ";", decimal_mark: ",", encoding: cp1252, skip_rows: 1}\n'
    stated = contract("  - {name: a, type: double}\n  - {name: b, type: text}\n", dialect)
    body = f"Sales\nts;a;b\n{DAY};1,5;M\xfcller\n".encode("cp1252")
    outcome = judged(judge, stated, body)
    assert (outcome.rows[0]["a"], outcome.rows[0]["b"]) == (1.5, "Müller")
    assert "overruled" not in outcome.report["dialect"]
    sent = judged(judge, stated, body.replace(b";", b"|"), delimiter="|")
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


def test_a_quote_that_cannot_be_read_is_told(judge: Judge) -> None:
    stated = contract("  - {name: a, type: long}\n", 'dialect: {quote: "\'"}\n')
    assert judged(judge, stated, f"ts,a\n{DAY},1\n").code == "option_invalid"


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
    outcome = judged(judge, stated, f"ts,a\n{DAY},1\n{DAY},1\n{DAY},6\n{DAY},x\n", **sent)
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
