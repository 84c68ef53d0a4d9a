"""What a text says, before its types are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Name:
    """A column."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A value: true or false, a number, a text or null."""

    value: bool | int | Decimal | str | None
    at: int


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator or a function, by its name, with what it is applied to; `at` is where its name stands.

    The names are those in the text in small letters, but `neg` for a minus before a value, `=` for `==`, `<>` for `!=`.
    `in` has the value first, then the list; `between` has three operands. The opposite of `in`, `between` and
    `is null` is a `not` around them.
    """

    name: str
    operands: tuple[Node, ...]
    at: int


Node = Name | Literal | Operation
