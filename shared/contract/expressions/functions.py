"""Operands with their types, and the functions of the language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from shared.contract import pattern
from shared.contract.column_types import read_date, read_timestamp, value_of

from .errors import ExpressionError
from .terms import Term, TermKind

MOST_DIGITS = 15
_NUMBERS = frozenset({"long", "double", "decimal"})
_TIMES = frozenset({"date", "timestamp"})
_SHOWN = {"boolean": "true or false", "long": "a whole number", "double": "a number", "text": "text", "date": "a date"}


@dataclass(frozen=True, slots=True)
class Typed:
    """A term, its place in the text, and the value that was written there when it is one."""

    term: Term
    at: int
    literal: bool | int | Decimal | str | None = None

    @property
    def is_null(self) -> bool:
        """Whether it is the word `null`, which is of every type."""
        return self.term.op == "literal" and self.term.value is None

    @property
    def is_number(self) -> bool:
        """Whether it can be counted with."""
        return self.term.kind in _NUMBERS or self.is_null

    @property
    def shown(self) -> str:
        """What it is, for a message."""
        if self.is_null:
            return "null"
        if self.term.op == "column":
            return f"the {self.term.kind} column `{str(self.term.value)[:80]}`"
        return _SHOWN.get(self.term.kind, f"a {self.term.kind}")

    def goes_with(self, other: Typed) -> bool:
        """Whether the two can be compared: numbers with numbers, times with times and with text that is one."""
        kinds = {self.term.kind, other.term.kind}
        if len(kinds) == 1 or kinds <= _NUMBERS or kinds == _TIMES:
            return True
        time, text = (self, other) if self.term.kind in _TIMES else (other, self)
        return time.term.kind in _TIMES and isinstance(text.literal, str)

    def fits_decimal(self, scale: int) -> bool:
        """Whether it is a number of the text that a decimal column keeps as it is."""
        written = self.literal
        if isinstance(written, bool) or not isinstance(written, int | Decimal):
            return False
        try:
            value_of("decimal", written, scale=scale)
        except ValueError:
            return False
        return True

    def as_kind(self, kind: TermKind, user: str, scale: int = 0) -> Term:
        """The term as one of that type; `user` is who wants it, for a message."""
        if self.is_null:
            return Term("literal", kind, scale=scale)
        if self.term.kind == kind and self.term.scale == scale:
            return self.term
        if isinstance(self.literal, str) and kind in _TIMES:
            return Term("literal", kind, value=self._time(kind))
        if kind == "decimal" and self.fits_decimal(scale):
            return Term("literal", kind, value=Decimal(self.literal or 0), scale=scale)
        if (kind == "double" and self.term.kind in _NUMBERS) or (kind, self.term.kind) == ("timestamp", "date"):
            return Term("to", kind, (self.term,))
        msg = f"{user} needs {_SHOWN.get(kind, kind)}, and this is {self.shown}"
        raise ExpressionError(msg, self.at)

    def _time(self, kind: TermKind) -> date | datetime:
        try:
            return read_date(str(self.literal)) if kind == "date" else read_timestamp(str(self.literal))
        except ValueError as error:
            msg = f"what is compared with a {kind} {error}"
            raise ExpressionError(msg, self.at) from None


_Typing = Callable[[str, list[Typed]], Term]


def call(name: str, operands: list[Typed], at: int) -> Typed:
    """The call of a function that is there; raises `ExpressionError` where it does not take these operands."""
    function = FUNCTIONS[name]
    if not function.least <= len(operands) <= function.most:
        msg = f"{function.usage} is how `{name}` is called, and here it has {len(operands)} operands"
        raise ExpressionError(msg, at)
    return Typed(function.typed(name, operands), at)


def _of_text(kind: TermKind) -> _Typing:
    def typed(name: str, operands: list[Typed]) -> Term:
        return Term(name, kind, tuple(one.as_kind("text", f"`{name}`") for one in operands))

    return typed


def _matches(name: str, operands: list[Typed]) -> Term:
    text, regular = operands
    if not isinstance(regular.literal, str):
        msg = "the pattern of `matches` must be a text in quotes"
        raise ExpressionError(msg, regular.at)
    if fault := pattern.problem_with(regular.literal):
        msg = f"the pattern {fault}"
        raise ExpressionError(msg, regular.at)
    return Term(name, "boolean", (text.as_kind("text", "`matches`"),), value=regular.literal)


def _abs(name: str, operands: list[Typed]) -> Term:
    (number,) = operands
    kind: TermKind = "long" if number.term.kind == "long" else "double"
    return Term(name, kind, (number.as_kind(kind, f"`{name}`"),))


def _round(name: str, operands: list[Typed]) -> Term:
    number, *rest = operands
    digits = rest[0].literal if rest else 0
    if isinstance(digits, bool) or not isinstance(digits, int) or not 0 <= digits <= MOST_DIGITS:
        msg = f"the number of digits must be a whole number from 0 to {MOST_DIGITS}"
        raise ExpressionError(msg, rest[0].at)
    if number.term.kind == "long":
        return number.term
    return Term(name, "double", (number.as_kind("double", f"`{name}`"),), value=digits)


def _part(name: str, operands: list[Typed]) -> Term:
    (time,) = operands
    term = time.term if time.term.kind == "timestamp" else time.as_kind("date", f"`{name}`")
    return Term(name, "long", (term,))


def _date(name: str, operands: list[Typed]) -> Term:
    (time,) = operands
    if time.term.kind == "timestamp":
        return Term(name, "date", (time.term,))
    return time.as_kind("date", f"`{name}`")


def _coalesce(name: str, operands: list[Typed]) -> Term:
    given = [one for one in operands if not one.is_null]
    if not given or any(one.term.kind == "json" for one in given):
        msg = "`coalesce` needs a value that is not null, nor json"
        raise ExpressionError(msg, operands[0].at)
    kinds = {(one.term.kind, one.term.scale) for one in given}
    (kind, scale), *others = sorted(kinds)
    if others:
        kind, scale = ("timestamp" if {one for one, _ in kinds} <= _TIMES else "double"), 0
    return Term(name, kind, tuple(one.as_kind(kind, f"`{name}`", scale) for one in operands), scale=scale)


@dataclass(frozen=True, slots=True)
class Function:
    """A function: how it is called, what it gives, how many operands it takes, and what types it."""

    usage: str
    meaning: str
    typed: _Typing
    least: int = 1
    most: int = 1


FUNCTIONS: dict[str, Function] = {
    "length": Function("length(text)", "the number of characters", _of_text("long")),
    "lower": Function("lower(text)", "the text in small letters", _of_text("text")),
    "upper": Function("upper(text)", "the text in capital letters", _of_text("text")),
    "trim": Function("trim(text)", "the text without spaces, tabs and line ends around it", _of_text("text")),
    "abs": Function("abs(number)", "the number without its sign", _abs),
    "round": Function(
        "round(number, digits)",
        "the number with so many digits behind the point, 0 if left out, half to the even one: a double, or the long "
        "that it is",
        _round,
        most=2,
    ),
    "coalesce": Function("coalesce(a, b, …)", "the first that is not null", _coalesce, most=20),
    "matches": Function(
        "matches(text, 'pattern')",
        "whether the whole text matches a regular expression, as the check `pattern` does",
        _matches,
        least=2,
        most=2,
    ),
    "starts_with": Function("starts_with(text, start)", "whether it begins so", _of_text("boolean"), least=2, most=2),
    "ends_with": Function("ends_with(text, end)", "whether it ends so", _of_text("boolean"), least=2, most=2),
    "contains": Function("contains(text, part)", "whether the part is in it", _of_text("boolean"), least=2, most=2),
    "year": Function("year(date)", "the year of a date, or of a timestamp in UTC", _part),
    "month": Function("month(date)", "the month, 1 to 12, likewise", _part),
    "day": Function("day(date)", "the day of the month, likewise", _part),
    "date": Function("date(time)", "the day of a timestamp in UTC, or of a text such as '2026-01-31'", _date),
}
