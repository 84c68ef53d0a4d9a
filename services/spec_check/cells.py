"""Whether two values of a cell are the same, and if not, in which way. Pure.

Numbers are compared by what they are when written as short as they can be: 0.1 is the same as a decimal, a double and a
float, and 9223372036854775807 is not the double that is nearest to it.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final

NOT_COMPARED: Final = object()
"""Stands for a value that only Druid can make, such as a sketch."""
_CLOSE = Decimal("1e-6")


class Kind(StrEnum):
    """In which way Druid's value is not ours."""

    TYPE = "type"
    """The same value, of another type."""
    ROUNDED = "rounded"
    """A number that differs by less than a millionth of itself."""
    TIME = "time"
    """Another moment."""
    LOST = "lost"
    """Null, where we have a value; the empty text is one."""
    MADE = "made"
    """A value, where we have null."""
    CHANGED = "changed"
    """Another value."""


def difference(ours: Any, theirs: Any, *, is_time: bool = False) -> Kind | None:
    """How Druid's value differs from ours; None where it is the same, whatever its type.

    Args:
        ours: as it stands in the rows, and for nested values parsed; null is None.
        theirs: as Druid's answer has it.
        is_time: the values are moments, in milliseconds.
    """
    if ours is None or theirs is None:
        return None if ours is theirs else Kind.MADE if ours is None else Kind.LOST
    if _same(ours, theirs):
        return None
    if is_time:
        return Kind.TIME
    if isinstance(ours, str) and isinstance(theirs, str):
        return Kind.CHANGED
    return Kind.ROUNDED if _close(_number(ours), _number(theirs)) else Kind.CHANGED


def type_of(value: Any) -> str:
    """What a value of a canonical row is, in Druid's words; nothing for null."""
    if value is None:
        return ""
    if isinstance(value, bool | dict | list):
        return "json"
    return "long" if isinstance(value, int) else "double" if isinstance(value, float) else "string"


def _same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, dict | list | bool) or isinstance(theirs, dict | list | bool):
        return _alike(ours, theirs)
    if isinstance(ours, str) and isinstance(theirs, str):
        return ours == theirs
    number = _number(ours)
    return number is not None and number == _number(theirs)


def _alike(ours: Any, theirs: Any) -> bool:
    """Nested values: 1 and 1.0 and true are three things in them."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(_alike(value, theirs[name]) for name, value in ours.items())
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(_alike, ours, theirs))
    return type(ours) is type(theirs) and bool(ours == theirs)


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool | dict | list):
        return None
    try:
        found = Decimal(repr(value) if isinstance(value, float) else value)
    except (InvalidOperation, TypeError):
        return None
    return None if found.is_nan() else found


def _close(one: Decimal | None, other: Decimal | None) -> bool:
    if one is None or other is None or not (one.is_finite() and other.is_finite()):
        return False
    return abs(one - other) <= _CLOSE * max(abs(one), abs(other))
