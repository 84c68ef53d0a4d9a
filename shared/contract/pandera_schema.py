"""A contract as a Pandera schema, for whoever validates frames without this project.

    schema = pandera_schema(contract)
    schema.validate(frame, lazy=True)

The frame is typed as `frames.dtype_of` says, with the columns in any order; more of them are allowed. It fails in the
same rows as the checks of `polars_checks` and `uniqueness`. Pandera judges a DataFrame; of a LazyFrame it judges by
default only the types, and says that it is valid.
"""

from __future__ import annotations

from typing import Any

import pandera.polars as pa
import polars as pl
from pandera.api.polars.types import PolarsData

from . import frames
from .model import Column, Contract
from .pattern import whole
from .polars_checks import RowCheck, rule_check
from .uniqueness import UniqueKey, unique_keys


def pandera_schema(contract: Contract) -> pa.DataFrameSchema:
    """The schema. Columns whose role is `ignore` are not in it."""
    return pa.DataFrameSchema(
        {column.name: _column(column) for column in contract.columns if column.role != "ignore"},
        checks=[
            *(_rule(rule_check(rule, contract)) for rule in contract.rules),
            *(_key(key) for key in unique_keys(contract)),
        ],
        name=contract.datasource,
        description=contract.description,
    )


def _column(column: Column) -> pa.Column:
    return pa.Column(
        frames.dtype_of(column.type, column.scale),
        nullable=column.nullable,
        checks=_checks(column),
        description=column.description,
    )


def _checks(column: Column) -> list[pa.Check]:
    checks, found = column.checks, []
    if checks.min is not None:
        found.append(pa.Check.ge(_value(column, checks.min)))
    if checks.max is not None:
        found.append(pa.Check.le(_value(column, checks.max)))
    if checks.enum is not None:
        found.append(pa.Check.isin([_value(column, one) for one in checks.enum]))
    if checks.pattern is not None:
        found.append(_pattern(checks.pattern))
    if checks.min_length is not None or checks.max_length is not None:
        found.append(pa.Check.str_length(checks.min_length, checks.max_length))
    return found


def _pattern(pattern: str) -> pa.Check:
    # Not `str_contains`: that has Python compile the pattern first, in whose dialect it may be none.
    def passes(data: PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(pl.col(data.key).str.contains(whole(pattern)))

    return pa.Check(passes, name="pattern", error=f"match {pattern}")


def _value(column: Column, written: Any) -> Any:
    # As a decimal of the column's own scale: Polars compares decimals of different ones, too, but not in `isin`.
    return frames.series([column.value_of(written)], column.type, column.scale)[0]


def _rule(rule: RowCheck) -> pa.Check:
    def passes(data: PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(~rule.fails)

    return pa.Check(passes, name=rule.constraint, error=rule.expected)


def _key(key: UniqueKey) -> pa.Check:
    def passes(data: PolarsData) -> pl.LazyFrame:
        keys = [pl.col(name) for name in key.columns]
        return data.lazyframe.select(
            pl.struct(keys).is_first_distinct() | pl.any_horizontal(one.is_null() for one in keys)
        )

    return pa.Check(passes, name=f"unique_{'_'.join(key.columns)}", error=key.message())
