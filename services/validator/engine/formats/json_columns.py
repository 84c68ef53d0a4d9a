"""The columns of JSON records: every key of the file in the order in which they were first seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from services.validator.engine.block import DeclaredType, RowError
from services.validator.engine.header import check_width
from services.validator.engine.verdict import BadFile, Code

from .json_flat import FlatLines
from .json_records import DECODER, Cell, keys_of, not_unicode, record_of, too_deep

Record = dict[str, Cell]


class KeyCollector:
    """Takes the records of a first reading; `header` and `types` are the columns by what was seen so far.

    `bad` counts the records that are none.
    """

    def __init__(self, max_columns: int) -> None:
        self.bad = 0
        self._max_columns = max_columns
        self._types: dict[str, DeclaredType | None] = {}
        self._good = 0

    def add(self, record: Record | RowError, keys: Sequence[str]) -> None:
        """Take a record with all its keys; a bad one adds none."""
        if isinstance(record, RowError):
            self.bad += 1
            return
        self._good += 1
        for key in keys:
            if key not in self._types:
                self._types[key] = None
                check_width(len(self._types), max_columns=self._max_columns)
            cell = record.get(key)
            if cell is not None and cell.declares and self._types[key] != "text":
                self._types[key] = cell.declares

    def add_flat(self, flat: FlatLines, others: Mapping[int, tuple[Record | RowError, Sequence[str]]]) -> None:
        """Take records that were read together, and the others between them by their positions."""
        self._good += len(flat.positions) - len(flat.fresh)
        fresh: dict[int, tuple[Record | RowError, Sequence[str]]] = {n: ({}, keys) for n, keys in flat.fresh}
        for position in sorted({*fresh, *others}):
            self.add(*(fresh[position] if position in fresh else others[position]))
        for key in flat.texts:
            self._types[key] = self._types[key] or "quoted"

    def columns(self) -> tuple[list[str], list[DeclaredType | None]]:
        """Names and declared types. Raises `BadFile` when there are records and none has a key."""
        if self._good and not self._types:
            raise BadFile(Code.HEADER_INVALID, "No record has a key, so there is no column.")
        return list(self._types), list(self._types.values())


def read_value(value: object, *, escaped: bool) -> tuple[Record | RowError, Sequence[str]]:
    """A decoded value as a record, with its keys. `escaped` says that its text has a Unicode escape."""
    record, keys = record_of(value), keys_of(value)
    if escaped and isinstance(record, dict):
        for key in keys:
            if not_unicode(key) or (key in record and not_unicode(record[key].text)):
                return RowError(Code.NOT_JSON, "an escape is half of a surrogate pair, which is no character"), ()
    return record, keys


def read_text(text: str) -> tuple[Record | RowError, Sequence[str]]:
    """One JSON text as a record, with its keys."""
    try:
        value = DECODER.decode(text)
    except RecursionError:
        return too_deep(), ()
    except ValueError as error:
        return RowError(Code.NOT_JSON, f"it is no JSON: {error}"[:200]), ()
    return read_value(value, escaped="\\u" in text)


def frame_of_flat(flat: FlatLines, header: Sequence[str]) -> pl.DataFrame:
    """Records that were read together as text columns."""
    missing = pl.repeat("", len(flat.positions), dtype=pl.String, eager=True)
    return pl.DataFrame([flat.cells.get(name, missing).alias(f"c{index}") for index, name in enumerate(header)])


def frame_of(records: Sequence[Record], header: Sequence[str]) -> pl.DataFrame:
    """Records as text columns; a key that is missing or null is the empty text."""
    empty = Cell("", None)
    return pl.DataFrame(
        [
            pl.Series(f"c{index}", [record.get(name, empty).text for record in records], pl.String)
            for index, name in enumerate(header)
        ]
    )
