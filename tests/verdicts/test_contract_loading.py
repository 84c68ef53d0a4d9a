"""A file whose columns do not bear how its datasource is loaded, and what is handed on of one whose columns do."""

from __future__ import annotations

import pytest

from services.validator.loading import loading_of
from tests.verdicts.contracts import contract
from tests.verdicts.judging import Judge

DAY = "2024-01-01"
COLUMNS = "  - {name: shop, type: text}\n  - {name: basket, type: json}\n"
ROLLUP = "loading:\n  rollup: true\n  metrics: [{name: most, type: max, column: sold}]\n"


def test_a_file_without_the_column_of_a_metric_is_rejected_before_a_row_is_written(judge: Judge) -> None:
    outcome = judge(f"ts,shop,basket\n{DAY},a,\n", contract=contract(COLUMNS, ROLLUP))
    assert (outcome.code, outcome.detail["columns"]) == ("loading", ["sold"])
    assert list(outcome.folder.glob("part*")) == []
    (problem,) = outcome.report["problems"]
    assert problem["rule"] == "loading"
    said = problem["samples"][0]["message"]
    assert "loading.metrics[0].column must be a column that is loaded, and 'sold' is none" in said
    assert said.endswith("Send a file that has these columns, or change the contract.")


def test_a_file_with_the_column_in_another_type_is_rejected(judge: Judge) -> None:
    outcome = judge(f"ts,shop,basket,sold\n{DAY},a,,many\n", contract=contract(COLUMNS, ROLLUP))
    assert outcome.code == "loading"
    assert "'sold' is text" in outcome.report["problems"][0]["samples"][0]["message"]


@pytest.mark.parametrize(("cell", "number"), [("7", "long"), ("7.25", "double")])
def test_a_column_that_the_contract_does_not_know_has_the_type_of_the_file(
    judge: Judge, cell: str, number: str
) -> None:
    stated = contract(COLUMNS, ROLLUP)
    outcome = judge(f"ts,shop,basket,sold\n{DAY},a,,{cell}\n", contract=stated)
    loading = loading_of(stated, outcome.accepted.columns)
    assert loading is not None
    assert [(one.name, one.number) for one in loading.metrics] == [("most", number)]
    assert loading.left_out == ("sold",)
    assert [(one.name, one.type) for one in loading.dimension_types] == [("basket", "json")]


def test_a_column_that_may_be_missing_does_no_harm(judge: Judge) -> None:
    more = f"{ROLLUP.replace('sold', 'extra')}drift: {{missing_column: ignore}}\n"
    stated = contract(f"{COLUMNS}  - {{name: extra, type: double}}\n", more)
    outcome = judge(f"ts,shop,basket\n{DAY},a,\n", contract=stated)
    loading = loading_of(stated, outcome.accepted.columns)
    assert loading is not None
    assert [(one.name, one.number) for one in loading.metrics] == [("most", "double")]


def test_without_a_contract_nothing_is_handed_on(judge: Judge) -> None:
    assert loading_of(None, judge(f"ts,a\n{DAY},1\n").accepted.columns) is None
