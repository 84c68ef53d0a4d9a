"""Puts together a contract from what another language says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from shared.contract.column_types import ColumnType
from shared.contract.faults import ContractError, Fault, field_name
from shared.contract.model import Column, Contract

from .losses import Losses

ANY_TEXT = "(?s:.*)"
# What has no meaning for parentheses: an escaped character, and a class such as [^)(] that has no other in it.
_NO_PARENTHESES = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\[\]\\])*\]", re.DOTALL)


def refusal(message: str, field: str = "") -> ContractError:
    """The error for a text that cannot be imported at all."""
    return ContractError((Fault(field, message),))


class Builder:
    """Collects the parts of a contract, and notes what the contract cannot say."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.losses = Losses()
        self._columns: dict[str, Column] = {}
        self._parts: dict[str, Any] = {}

    def column(self, name: object, kind: ColumnType, checks: Mapping[str, Any], **facts: Any) -> None:
        """Add a column. What of its facts and checks the model refuses is noted, the column stays.

        `checks` maps the name of a check to its value and the word that the other language has for it.
        """
        place = f"columns.{name}"
        try:
            column = Column.model_validate({"name": name, "type": kind})
        except ValidationError as error:
            self.losses.add(place, f"is left out: {said(error)}")
            return
        if column.name in self._columns:
            self.losses.add(place, "is left out: another column has its name")
            return
        for fact, value in facts.items():
            column = self._changed(column, {fact: value}, f"{place}.{fact}")
        for check, (value, word) in checks.items():
            stated = column.checks.model_dump(exclude_none=True)
            column = self._changed(column, {"checks": {**stated, check: value}}, f"{place}.{word}")
        self._columns[column.name] = column

    def _changed(self, column: Column, change: Mapping[str, Any], field: str) -> Column:
        try:
            return Column.model_validate({**column.model_dump(), **change})
        except ValidationError as error:
            self.losses.add(field, f"is left out: {said(error)}")
            return column

    def set(self, **parts: Any) -> None:
        """State other parts of the contract; None is not stated."""
        self._parts |= {name: value for name, value in parts.items() if value is not None}

    def key(self, names: Iterable[object], field: str) -> None:
        """Add a key, if its columns are there."""
        key = [names] if isinstance(names, str) else list(names)
        if missing := [name for name in key if name not in self._columns]:
            self.losses.add(field, f"is left out: there is no column {missing[0]!r}")
            return
        if len(key) == 1:
            column = self._columns[str(key[0])]
            self._columns[column.name] = self._changed(column, {"unique": True}, field)
        elif key:
            self._parts.setdefault("keys", []).append(key)

    def needed(self, names: Iterable[str]) -> None:
        """These columns are never null."""
        for name in names:
            if name in self._columns:
                self._columns[name] = self._changed(self._columns[name], {"nullable": False}, f"columns.{name}")

    def note_rest(self, given: Mapping[str, Any], known: Iterable[str], place: str = "") -> None:
        """Note each thing that is said and not known."""
        for name in given:
            if name not in known:
                self.losses.add(f"{place}.{name}" if place else str(name), "a contract has nothing for it")

    def contract(self, datasource: str) -> Contract:
        """The contract; raises `ContractError` when there is nothing to make one of."""
        if not self._columns:
            msg = f"the {self.language} says no column that a contract can have"
            raise refusal(msg)
        try:
            return Contract.model_validate(
                {"format_version": 1, "datasource": datasource, "columns": list(self._columns.values()), **self._parts}
            )
        except ValidationError as error:
            faults = [Fault(field_name(one["loc"]), _message(one)) for one in error.errors()]
            raise ContractError(tuple(faults)) from None


def said(error: ValidationError) -> str:
    """What a model said, in half a sentence."""
    return _message(error.errors()[0])


def _message(details: Any) -> str:
    ours = details.get("ctx", {}).get("message")
    return str(ours or details["msg"])


def mapping(value: Any, field: str) -> dict[str, Any]:
    """The value, which must be a mapping."""
    if not isinstance(value, dict):
        msg = "must be a mapping of names to values"
        raise refusal(msg, field)
    return value


def number(value: Any) -> Any:
    """A number that may be written as text, as a number; anything else as it is."""
    if isinstance(value, str):
        try:
            return Decimal(value)
        except ArithmeticError:
            return value
    return value


def anywhere(pattern: str) -> str:
    """A pattern that is looked for in the text, as one for the whole text; `^` and `$` at its ends are understood."""
    begins, ends = pattern.startswith("^"), pattern.endswith("$") and not pattern.endswith("\\$")
    inner = pattern[begins : len(pattern) - ends]
    if "|" in inner and (begins or ends) and unwrapped(inner) == inner:
        # `^a|b$` is not `^(a|b)$`: the marks belong to one side each.
        return f"{ANY_TEXT}(?:{pattern}){ANY_TEXT}"
    if begins and ends:
        return unwrapped(inner)
    return f"{'' if begins else ANY_TEXT}(?:{inner}){'' if ends else ANY_TEXT}"


def unwrapped(pattern: str) -> str:
    """`p` of `(?:p)`, where these parentheses belong together."""
    if not (pattern.startswith("(?:") and pattern.endswith(")")):
        return pattern
    inner, depth = pattern[3:-1], 0
    for one in _NO_PARENTHESES.sub("", inner):
        depth += (one == "(") - (one == ")")
        if depth < 0:
            return pattern
    return pattern if depth or "[" in _NO_PARENTHESES.sub("", inner) else inner
