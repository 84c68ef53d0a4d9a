"""A contract as checks of the rows of a typed frame, each a Polars expression that needs nothing but the row.

The frame has the columns of the contract in the types of `frames.dtype_of`, null where a value was null or not of its
type: the reader tells `type-error` itself. What needs other rows, unique values and keys, is in `uniqueness`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import polars as pl

from . import frames, pattern
from .column_types import Scalar
from .expressions import check
from .expressions.polars_compiler import compiled
from .model import Column, Contract, Rule
from .rule_names import RuleName

_SHOWN_CHARS = 80
_MEMBERS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class RowCheck:
    """One thing that can be wrong with a row.

    `fails` is true in the rows that break it and never null. `columns` are those it looks at; `column` is None where it
    is about the row as a whole. `expected` is a sentence that says what must be, without its full stop.
    """

    rule: RuleName
    constraint: str
    column: str | None
    columns: tuple[str, ...]
    fails: pl.Expr
    expected: str

    def message(self, value: Any) -> str:
        """What the report says of a row; `value` is that of the column, and not looked at where there is none."""
        if self.column is None or self.constraint == "nullable":
            return self.expected
        return f"{self.expected}, and is {_shown(value)}"


def row_checks(contract: Contract) -> tuple[RowCheck, ...]:
    """Every check of a row: those of the columns in their order, then the rules."""
    columns = [one for column in contract.columns if column.role != "ignore" for one in column_checks(column)]
    return (*columns, *(rule_check(rule, contract) for rule in contract.rules))


def column_checks(column: Column) -> tuple[RowCheck, ...]:
    """The checks of one column: that it is not null, then those that are stated."""
    found = (
        [] if column.nullable else [_column_check(column, "nullable", pl.col(column.name).is_null(), "have a value")]
    )
    found += [
        _column_check(column, name, ~_PASSES[name](column, written), _expected(name, written))
        for name, written in column.checks.stated().items()
    ]
    return tuple(found)


def rule_check(rule: Rule, contract: Contract) -> RowCheck:
    """The check of a rule across columns."""
    term = check(rule.expression, contract.kinds())
    return RowCheck(
        "row-constraint",
        rule.name,
        None,
        tuple(dict.fromkeys(term.columns())),
        _definitely(~compiled(term)),
        rule.message or f"the rule {rule.name} must hold: {rule.expression}",
    )


def failures(checks: Collection[RowCheck], frame: pl.DataFrame) -> pl.DataFrame:
    """A boolean column for each check, named by its position, true in the rows that break it."""
    return frame.select(one.fails.alias(str(position)) for position, one in enumerate(checks))


def _column_check(column: Column, constraint: str, fails: pl.Expr, expected: str) -> RowCheck:
    said = f"`{column.name}` must {expected}"
    return RowCheck("constraint-error", constraint, column.name, (column.name,), _definitely(fails), said)


def _definitely(fails: pl.Expr) -> pl.Expr:
    """Null is no fault: a null passes every check but that on nulls, and an undecided rule rejects nothing."""
    return fails.fill_null(value=False)


def _bound(column: Column, written: Scalar) -> pl.Expr:
    return frames.literal(column.value_of(written), column.type, column.scale)


def _is_listed(column: Column, written: tuple[Scalar, ...]) -> pl.Expr:
    values = frames.series([column.value_of(one) for one in written], column.type, column.scale)
    return pl.col(column.name).is_in(pl.lit(values).implode())


_PASSES: dict[str, Callable[[Column, Any], pl.Expr]] = {
    "min": lambda column, written: pl.col(column.name) >= _bound(column, written),
    "max": lambda column, written: pl.col(column.name) <= _bound(column, written),
    "enum": _is_listed,
    "pattern": lambda column, written: pl.col(column.name).str.contains(pattern.whole(written)),
    "min_length": lambda column, written: pl.col(column.name).str.len_chars() >= written,
    "max_length": lambda column, written: pl.col(column.name).str.len_chars() <= written,
}


def _expected(name: str, written: Any) -> str:
    if name == "enum":
        more = f" or {len(written) - _MEMBERS_SHOWN} others" if len(written) > _MEMBERS_SHOWN else ""
        return f"be one of {', '.join(_shown(one) for one in written[:_MEMBERS_SHOWN])}{more}"
    return {
        "min": f"be at least {_shown(written)}",
        "max": f"be at most {_shown(written)}",
        "pattern": f"match {written}",
        "min_length": f"have at least {written} characters",
        "max_length": f"have at most {written} characters",
    }[name]


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"
