"""From what a text says to what it means: every name is a column, every operation has operands of its types."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from shared.contract.column_types import DEFAULT_SCALE, ColumnType, value_of

from .errors import ExpressionError
from .functions import FUNCTIONS, Typed, call
from .parser import parse
from .syntax import Literal, Name, Node, Operation
from .terms import Term, TermKind

_ORDERED = ("=", "<>", "<", "<=", ">", ">=", "between", "in")
_NAMES_SHOWN = 8


class ColumnKind(NamedTuple):
    """The type of a column; `scale` is that of a decimal, 10 if None."""

    kind: ColumnType
    scale: int | None = None


def check(text: str, columns: Mapping[str, ColumnKind]) -> Term:
    """Read and type a rule over these columns; its value is a boolean, and it reads at least one column.

    Raises `ExpressionError` with the place of the fault for anything else.
    """
    typed = _Typing(columns).typed(parse(text))
    if typed.term.kind != "boolean" or typed.is_null:
        msg = f"a rule must be true or false, and this is {typed.shown}"
        raise ExpressionError(msg, typed.at)
    if next(typed.term.columns(), None) is None:
        msg = "the rule reads no column, so it says nothing about a row"
        raise ExpressionError(msg, 0)
    return typed.term


class _Typing:
    def __init__(self, columns: Mapping[str, ColumnKind]) -> None:
        self._columns = columns

    def typed(self, node: Node) -> Typed:
        match node:
            case Name():
                return self._column(node)
            case Literal():
                return _literal(node)
            case Operation():
                return self._operation(node)

    def _column(self, node: Name) -> Typed:
        found = self._columns.get(node.name)
        if found is None:
            known = ", ".join(f"`{name}`" for name in list(self._columns)[:_NAMES_SHOWN])
            more = ", …" if len(self._columns) > _NAMES_SHOWN else ""
            msg = f"there is no column `{node.name[:80]}`; there are {known}{more}. Text stands in single quotes"
            raise ExpressionError(msg, node.at)
        scale = (DEFAULT_SCALE if found.scale is None else found.scale) if found.kind == "decimal" else 0
        return Typed(Term("column", found.kind, value=node.name, scale=scale), node.at)

    def _operation(self, node: Operation) -> Typed:
        operands = [self.typed(operand) for operand in node.operands]
        match node.name:
            case "and" | "or" | "not":
                terms = tuple(one.as_kind("boolean", f"`{node.name}`") for one in operands)
                return Typed(Term(node.name, "boolean", terms), node.at)
            case "is null":
                return Typed(Term("is null", "boolean", (operands[0].term,)), node.at)
            case "neg" | "+" | "-" | "*" | "/" | "%":
                return _arithmetic(node.name, operands, node.at)
            case name if name in _ORDERED:
                return _comparison(name, operands, node.at)
            case name if name in FUNCTIONS:
                return call(name, operands, node.at)
        msg = f"there is no function `{node.name[:40]}`; there are {', '.join(sorted(FUNCTIONS))}"
        raise ExpressionError(msg, node.at)


def _literal(node: Literal) -> Typed:
    value = node.value
    if value is None:
        return Typed(Term("literal", "boolean"), node.at)  # the word `null`: whoever uses it gives it a type
    if isinstance(value, str):
        return Typed(Term("literal", "text", value=value), node.at, value)
    if isinstance(value, bool):
        return Typed(Term("literal", "boolean", value=value), node.at, value)
    kind: ColumnType = "double" if isinstance(value, Decimal) else "long"
    try:
        return Typed(Term("literal", kind, value=value_of(kind, value)), node.at, value)
    except ValueError as error:
        msg = f"a number {error}"
        raise ExpressionError(msg, node.at) from None


def _arithmetic(name: str, operands: list[Typed], at: int) -> Typed:
    shown = "a minus" if name == "neg" else f"`{name}`"
    for one in operands:
        if not one.is_number:
            msg = f"{shown} needs numbers, and this is {one.shown}"
            raise ExpressionError(msg, one.at)
    is_whole = all(one.term.kind == "long" or one.is_null for one in operands)
    if name == "%" and not is_whole:
        msg = "`%` needs whole numbers, of type long"
        raise ExpressionError(msg, at)
    kind: TermKind = "long" if is_whole and name != "/" else "double"
    return Typed(Term(name, kind, tuple(one.as_kind(kind, shown) for one in operands)), at)


def _comparison(name: str, operands: list[Typed], at: int) -> Typed:
    for one in operands:
        if one.is_null:
            msg = "a comparison with null is never true: write `is null` or `is not null`"
            raise ExpressionError(msg, one.at)
        if one.term.kind == "json":
            msg = f"{one.shown} can only be asked whether it is null"
            raise ExpressionError(msg, one.at)
    if name == "in":
        _check_list(operands[1:], at)
    kind, scale = _common(operands)
    if kind == "boolean" and name not in {"=", "<>"}:
        msg = f"true and false have no order: `{name}` cannot compare them"
        raise ExpressionError(msg, at)
    return Typed(Term(name, "boolean", tuple(one.as_kind(kind, f"`{name}`", scale) for one in operands)), at)


def _check_list(members: list[Typed], at: int) -> None:
    if not members:
        msg = "the list is empty"
        raise ExpressionError(msg, at)
    for one in members:
        if one.literal is None:
            msg = "a list has values only: numbers, texts, dates"
            raise ExpressionError(msg, one.at)


def _common(operands: list[Typed]) -> tuple[TermKind, int]:
    """The type in which the operands are compared, and its scale."""
    for first in operands[1:]:
        if not operands[0].goes_with(first):
            msg = f"{first.shown} cannot be compared with {operands[0].shown}"
            raise ExpressionError(msg, first.at)
    kinds = {one.term.kind for one in operands}
    if kinds <= {"long", "double", "decimal"}:
        return _common_number(operands, kinds)
    times = kinds & {"timestamp", "date"}
    if times:
        return ("timestamp" if "timestamp" in kinds else "date"), 0
    return operands[0].term.kind, 0


def _common_number(operands: list[Typed], kinds: set[TermKind]) -> tuple[TermKind, int]:
    if "decimal" in kinds:
        scales = {one.term.scale for one in operands if one.term.kind == "decimal"}
        scale = max(scales)
        if len(scales) == 1 and all(one.term.kind == "decimal" or one.fits_decimal(scale) for one in operands):
            return "decimal", scale
        return "double", 0
    return ("long" if kinds == {"long"} else "double"), 0
