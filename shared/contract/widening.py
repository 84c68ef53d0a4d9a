"""Which types hold every value of which others.

long < double < decimal < text        a decimal keeps the digits that a double would lose
date < timestamp < text               a date is its midnight
boolean < text, json < text           every value can be written down
"""

from __future__ import annotations

from .column_types import ColumnType

_WIDER: dict[ColumnType, frozenset[ColumnType]] = {
    "text": frozenset(),
    "json": frozenset({"text"}),
    "boolean": frozenset({"text"}),
    "decimal": frozenset({"text"}),
    "double": frozenset({"decimal", "text"}),
    "long": frozenset({"double", "decimal", "text"}),
    "timestamp": frozenset({"text"}),
    "date": frozenset({"timestamp", "text"}),
}


def is_wider(one: ColumnType, than: ColumnType) -> bool:
    """Whether a type holds every value of another, and more."""
    return one in _WIDER[than]
