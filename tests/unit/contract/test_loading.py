"""How a datasource is loaded: every fault has its place, and what is handed on leaves nothing open."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contract import ContractError, diff, read_contract
from shared.contract.loading_columns import columns_of_file
from shared.contract.loading_fit import misfits, settled
from shared.loading import Loading
from tests.unit.contract.contracts import full

HEAD = """\
format_version: 1
datasource: sales
columns:
  - {name: at, type: timestamp, role: time}
  - {name: shop, type: text}
  - {name: open, type: boolean}
  - {name: price, type: decimal, role: metric}
  - {name: n, type: long}
  - {name: x, type: double}
  - {name: basket, type: json}
  - {name: note, type: text, role: ignore}
drift: {new_column: NEW}
loading:
"""
LINE = HEAD.count("\n") + 1


def stated(loading: str, *, new: str = "reject") -> Any:
    lines = "\n".join(f"  {line}" for line in loading.splitlines())
    return read_contract(HEAD.replace("NEW", new) + lines)


def fault(loading: str, *, new: str = "reject") -> str:
    with pytest.raises(ContractError) as raised:
        stated(loading, new=new)
    (one,) = raised.value.faults
    assert one.line is not None
    return f"{one.line - LINE + 1} {one}".split(": ", 1)[0].split(" ")[0] + " " + str(one).split(": ", 1)[1]


@pytest.mark.parametrize(
    ("loading", "expected"),
    [
        ("mode: upsert", "1 loading.mode: must be 'append' or 'replace', not 'upsert'"),
        ("rollup: 1", "1 loading.rollup: must be a valid boolean, not 1"),
        ("granularity: day", "1 loading.granularity: is no field of a contract: is it a typing error?"),
        (
            "mode: append\npartitioning:\n  type: hashed",
            "3 loading.partitioning.type: hashed needs mode: replace, because Druid appends dynamic partitions only",
        ),
        (
            "mode: replace\npartitioning:\n  type: range",
            (
                "2 loading.partitioning.columns: must be there: range needs the columns by whose values the "
                "rows are put "
                "into order"
            ),
        ),
        (
            "partitioning: {columns: [shop]}",
            "1 loading.partitioning.columns: is for hashed and range: dynamic partitions look at no column",
        ),
        (
            "mode: replace\npartitioning: {type: hashed, columns: [shop, shop]}",
            "2 loading.partitioning.columns[1]: is taken: 'shop' stands in the list before",
        ),
        (
            "mode: replace\npartitioning: {type: range, columns: [n]}",
            (
                "2 loading.partitioning.columns[0]: must be a dimension of type string, and 'n' is long: say "
                "its type in "
                "dimensions"
            ),
        ),
        (
            "mode: replace\npartitioning: {type: hashed, columns: [basket]}",
            "2 loading.partitioning.columns[0]: must be a column that is not json, and 'basket' is",
        ),
        (
            "mode: replace\nleave_out: [shop]\npartitioning: {type: hashed, columns: [shop]}",
            "3 loading.partitioning.columns[0]: must be a dimension, and 'shop' is not loaded as one",
        ),
        (
            "replace: touched",
            "0 loading.segment_granularity: must be said with replace: touched, because it is what a chunk is",
        ),
        (
            "replace: touched\nsegment_granularity: day\ntask_id_column: false",
            "3 loading.task_id_column: must be true with replace: touched: the chunks between are not counted",
        ),
        (
            "segment_granularity: month\nquery_granularity: week",
            "2 loading.query_granularity: must lie within month, the segment_granularity, and week does not",
        ),
        (
            "metrics: [{name: a, type: sum, column: n}]",
            "1 loading.metrics: are for rollup: true; without it every row is kept as it is",
        ),
        (
            "rollup: true\nmetrics: [{name: a, type: sum, column: shop}]",
            (
                "2 loading.metrics[0].column: must be long, double or decimal, because sum is of numbers, and "
                "'shop' is "
                "text"
            ),
        ),
        (
            "rollup: true\nmetrics: [{name: a, type: theta, column: basket}]",
            "2 loading.metrics[0].column: must not be json, and 'basket' is",
        ),
        (
            "rollup: true\nmetrics: [{name: a, type: max}]",
            "2 loading.metrics[0].column: must be there: a max is taken of a column",
        ),
        (
            "rollup: true\nmetrics: [{name: a, type: count, column: n}]",
            "2 loading.metrics[0].column: is not for a count, which counts rows",
        ),
        (
            "rollup: true\nmetrics: [{name: shop, type: max, column: n}]",
            (
                "2 loading.metrics[0].name: is taken: 'shop' is a column that is loaded; name the metric "
                "otherwise, or leave "
                "that out"
            ),
        ),
        (
            "rollup: true\nmetrics: [{name: price, type: count}]",
            (
                "2 loading.metrics[0].name: is taken: 'price' is a column that is loaded; name the metric "
                "otherwise, or leave "
                "that out"
            ),
        ),
        (
            "rollup: true\nmetrics: [{name: ingest_row_count, type: count}]",
            "2 loading.metrics[0].name: is a column that the loader makes itself: take another name",
        ),
        (
            "dimensions: [{name: nowhere}]",
            "1 loading.dimensions[0].name: must be a column that is loaded, and 'nowhere' is none",
        ),
        (
            "dimensions: [{name: basket, type: long}]",
            "1 loading.dimensions[0].type: must be json or string: the column 'basket' is json",
        ),
        (
            "dimensions: [{name: open, type: long}]",
            "1 loading.dimensions[0].type: must be string: the column 'open' is boolean",
        ),
        (
            "dimensions: [{name: n}, {name: n}]",
            "1 loading.dimensions[1].name: is taken: 'n' stands in the list before",
        ),
        (
            "leave_out: [n]\ndimensions: [{name: n}]",
            "2 loading.dimensions[0].name: 'n' is left out by leave_out, and a dimension here",
        ),
        ("leave_out: [at]", "1 loading.leave_out[0]: must be a column that is loaded, and 'at' is none"),
        ("transforms: [{name: a, type: lower}]", "1 loading.transforms[0].column: must be there: lower needs it"),
        (
            "transforms: [{name: a, type: trim, column: n}]",
            "1 loading.transforms[0].column: must be text, and 'n' is long",
        ),
        (
            "transforms: [{name: a, type: trim, column: shop, size: 1}]",
            "1 loading.transforms[0].size: is not for trim",
        ),
        (
            "transforms: [{name: a, type: concat, columns: [shop, basket]}]",
            "1 loading.transforms[0].columns[1]: must be a column that is not json, and 'basket' is: use json_value",
        ),
        (
            "transforms: [{name: a, type: json_value, column: shop, path: $.a}]",
            "1 loading.transforms[0].column: must be a json column, and 'shop' is text",
        ),
        (
            "transforms: [{name: a, type: json_value, column: basket, path: a.b}]",
            "1 loading.transforms[0].path: must be a path such as $.a.b[0] or $['a b'], not 'a.b'",
        ),
        (
            "transforms: [{name: a, type: bucket, column: n, size: 0}]",
            "1 loading.transforms[0].size: must be above 0 and below 1e15, not 0",
        ),
        (
            "transforms: [{name: a, type: bucket, column: shop, size: 2}]",
            "1 loading.transforms[0].column: must be a number, and 'shop' is text",
        ),
        (
            "transforms: [{name: a, type: time_floor, granularity: day, zone: Berlin}]",
            "1 loading.transforms[0].zone: must be the IANA name of a zone, such as Europe/Berlin, not 'Berlin'",
        ),
        (
            "transforms: [{name: __time, type: constant, value: 1}]",
            "1 loading.transforms[0].name: is a column that the loader makes itself: take another name",
        ),
        (
            "transforms: [{name: a, type: constant, value: 9223372036854775808}]",
            "1 loading.transforms[0].value: must be a long, between -2^63 and 2^63",
        ),
        ("transforms: [{name: a, type: sql}]", None),
    ],
)
def test_a_fault_is_told_where_it_stands(loading: str, expected: str | None) -> None:
    said = fault(loading)
    if expected is None:
        assert said.startswith("1 loading.transforms[0].type: must be 'time_floor', 'lower', 'upper', 'trim', ")
    else:
        assert said == expected


def test_a_column_of_the_file_alone_is_looked_for_in_the_file() -> None:
    """Where new columns are taken over; a column that is known and not loaded is a fault all the same."""
    loose = stated("rollup: true\nmetrics: [{name: a, type: sum, column: new}]", new="evolve")
    assert "must be a column that is loaded" in fault("leave_out: [note]", new="evolve")
    known: dict[str, Any] = {"shop": "text", "basket": "text"}
    found = list(misfits(loose.loading, columns_of_file(loose, known)))
    assert [(one.path, one.column) for one in found] == [(("metrics", 0, "column"), "new")]
    assert not list(misfits(loose.loading, columns_of_file(loose, known | {"new": "long"})))
    (wrong,) = misfits(loose.loading, columns_of_file(loose, known | {"new": "date"}))
    assert "'new' is date" in wrong.message


def test_what_is_handed_on_has_every_type_of_the_file() -> None:
    contract = full()
    loading = settled(contract.loading, contract.loaded())
    assert loading.model_dump(exclude_defaults=True) == {
        "mode": "replace",
        "replace": "touched",
        "segment_granularity": "month",
        "query_granularity": "day",
        "partitioning": {"type": "range", "columns": ("country",), "rows_per_segment": 3_000_000},
        "rollup": True,
        "metrics": (
            {"name": "sales", "type": "count"},
            {"name": "highest", "type": "max", "column": "discount", "number": "double"},
            {"name": "receipts", "type": "hll", "column": "receipt"},
            {"name": "amount", "type": "sum", "column": "amount", "number": "double"},
        ),
        "dimensions": ("country", "due"),
        "dimension_types": (
            {"name": "basket", "type": "json"},
            {"name": "step", "type": "double"},
            {"name": "source", "type": "long"},
        ),
        "left_out": ("amount", "receipt", "discount", "paid"),
        "transforms": (
            {"name": "land", "type": "lower", "columns": ("country",)},
            {"name": "step", "type": "bucket", "columns": ("discount",), "returns": "double", "size": 0.25},
            {"name": "both", "type": "concat", "columns": ("country", "due"), "separator": "/"},
            {"name": "source", "type": "constant", "returns": "long", "value": 7},
        ),
        "duplicates": "load",
    }


def test_a_contract_that_says_nothing_hands_on_the_defaults_and_json() -> None:
    contract = stated("mode: append")
    loading = settled(contract.loading, contract.loaded())
    assert loading.model_dump(exclude_defaults=True) == {"dimension_types": ({"name": "basket", "type": "json"},)}
    assert contract.loading.model_dump(exclude={"leave_out"}) == Loading().model_dump(
        exclude={"left_out", "dimension_types", "wider_type", "narrower_type"}
    )


def test_a_sum_has_the_type_that_its_column_has_in_this_file() -> None:
    contract = stated("rollup: true\nmetrics: [{name: a, type: sum, column: n}]")
    for kind, number in (("long", "long"), ("double", "double")):
        loading = settled(contract.loading, columns_of_file(contract, {"n": kind}))  # type: ignore[dict-item]  # one of both
        assert loading.metrics[0].number == number


def test_a_column_that_dimensions_name_stays_one_beside_its_metric() -> None:
    contract = stated(
        "rollup: true\nmetrics: [{name: a, type: sum, column: n}]\ndimensions: [{name: n}, {name: price}]"
    )
    loading = settled(contract.loading, contract.loaded())
    assert (loading.left_out, [one.name for one in loading.metrics]) == ((), ["a"])


def test_a_bucket_of_whole_numbers_is_whole() -> None:
    text = "transforms:\n  - {name: a, type: bucket, column: COLUMN, size: SIZE}"
    for column, size, returns in (
        ("n", "10", "long"),
        ("n", "0.5", "double"),
        ("x", "10", "double"),
        ("price", "1", "double"),
    ):
        contract = stated(text.replace("COLUMN", column).replace("SIZE", size))
        assert settled(contract.loading, contract.loaded()).transforms[0].returns == returns


def test_a_change_of_loading_is_told_field_by_field_and_breaks_nothing() -> None:
    old, new = stated("mode: append"), stated("mode: replace\nrollup: true\nmetrics: [{name: a, type: count}]")
    assert [(one.kind, one.field, one.breaks, one.sentence) for one in diff(old, new)] == [
        ("loading_changed", "loading.mode", False, "was append and is replace"),
        ("loading_changed", "loading.rollup", False, "was false and is true"),
        ("loading_changed", "loading.metrics", False, "was nothing and is name a, type count"),
    ]


def test_json_that_is_to_stay_text_is_text() -> None:
    contract = stated("dimensions: [{name: basket, type: string}]")
    assert settled(contract.loading, contract.loaded()).dimension_types == ()
