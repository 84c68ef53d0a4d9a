"""A term as a Polars expression.

Null in, null out, as in SQL, and `and` and `or` know what is certain in spite of a null. Where a result is no number of
its type it is null, too: a quotient by zero, a long beyond 64 bits, a double that is infinite.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import polars as pl

from shared.contract import frames, pattern

from .terms import Term

Operator = Callable[..., pl.Expr]

_COMPARISONS: dict[str, Operator] = {
    "=": lambda left, right: left == right,
    "<>": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "between": lambda value, low, high: (value >= low) & (value <= high),
}
_ARITHMETIC: dict[str, Operator] = {
    "neg": lambda value: 0 - value,  # Polars negates no 128-bit integer
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "%": lambda left, right: left % right,
    "abs": lambda value: value.abs(),
}
_FUNCTIONS: dict[str, Operator] = {
    "not": lambda value: ~value,
    "is null": lambda value: value.is_null(),
    "length": lambda text: text.str.len_chars().cast(pl.Int64),
    "lower": lambda text: text.str.to_lowercase(),
    "upper": lambda text: text.str.to_uppercase(),
    "trim": lambda text: text.str.strip_chars(" \t\r\n"),
    "starts_with": lambda text, start: text.str.starts_with(start),
    "ends_with": lambda text, end: text.str.ends_with(end),
    "contains": lambda text, part: text.str.contains(part, literal=True),
    "coalesce": pl.coalesce,
    "year": lambda time: time.dt.year().cast(pl.Int64),
    "month": lambda time: time.dt.month().cast(pl.Int64),
    "day": lambda time: time.dt.day().cast(pl.Int64),
    "date": lambda time: time.dt.date(),
}


def compiled(term: Term) -> pl.Expr:  # noqa: C901, PLR0911  # a table of cases
    """The expression, over a frame whose columns have the types of `frames.dtype_of`."""
    match term.op:
        case "column":
            return pl.col(str(term.value))
        case "literal":
            return frames.literal(term.value, term.kind, term.scale)
    operands = [compiled(operand) for operand in term.operands]
    match term.op:
        case "to":
            return operands[0].cast(frames.dtype_of(term.kind))
        case "and":
            return reduce(lambda left, right: left & right, operands)
        case "or":
            return reduce(lambda left, right: left | right, operands)
        case "in":
            first, *members = term.operands
            listed = frames.series([member.value for member in members], first.kind, first.scale)
            return operands[0].is_in(pl.lit(listed).implode())
        case "matches":
            return operands[0].str.contains(pattern.whole(str(term.value)))
        case "round":
            return _finite(operands[0].round(int(str(term.value)), mode="half_to_even"))
        case op if op in _COMPARISONS:
            return _COMPARISONS[op](*operands)
        case op if op in _ARITHMETIC:
            return _arithmetic(term, operands)
    return _FUNCTIONS[term.op](*operands)


def _arithmetic(term: Term, operands: list[pl.Expr]) -> pl.Expr:
    if term.op in {"/", "%"}:
        operands[1] = pl.when(operands[1] != 0).then(operands[1])
    if term.kind == "double":
        return _finite(_ARITHMETIC[term.op](*operands))
    # 128 bits hold the sum, the difference and the product of any two longs; what does not fit in 64 becomes null.
    wide = _ARITHMETIC[term.op](*(operand.cast(pl.Int128) for operand in operands))
    return wide.cast(pl.Int64, strict=False)


def _finite(value: pl.Expr) -> pl.Expr:
    return pl.when(value.is_finite()).then(value)
