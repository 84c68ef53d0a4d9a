"""The columns of a file as `loading_fit` looks at them."""

from __future__ import annotations

from collections.abc import Mapping

from .column_types import ColumnType
from .loading_fit import Columns
from .model import Contract


def columns_of_file(contract: Contract, found: Mapping[str, ColumnType]) -> Columns:
    """The columns that are loaded of a file, which may have some that the contract does not know, and lack others.

    What the file has counts, except for json, which is text in it. Columns that it lacks, as far as the contract allows
    that, are null in every row: what is said of them does no harm. They stand at the end, because they have no place.
    """
    known = contract.loaded()
    types: dict[str, ColumnType] = {
        name: "json" if known.types.get(name) == "json" and kind == "text" else kind for name, kind in found.items()
    }
    return Columns({**types, **_lacking(known, types)}, summed=known.summed, never=known.never, complete=True)


def _lacking(known: Columns, types: Mapping[str, ColumnType]) -> dict[str, ColumnType]:
    return {name: kind for name, kind in known.types.items() if name not in types}
