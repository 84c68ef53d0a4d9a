"""The columns of a file under the contract of its datasource: which is which, how each is read, and what drifted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from shared.contract import Contract, FileColumn
from shared.contract.column_types import ColumnType
from shared.contract.compiled import ExpectedColumn as ContractColumn
from shared.contract.widening import is_wider

from .cells import CellReading
from .header import ColumnName
from .request import ParseOptions
from .survey import Survey
from .verdict import BadFile, Code, ExpectedColumn
from .zones import UTC

_TIMES = ("date", "timestamp")
_NUMBERS = ("long", "double", "decimal")


def named_by_order(names: Sequence[ColumnName], contract: Contract) -> list[ColumnName]:
    """The names of a file without a header: those of the contract, in its order; what is more keeps its number."""
    listed = [column.name for column in contract.columns]
    return [
        ColumnName(name.source_name, listed[index], "no header: named by the contract") if index < len(listed) else name
        for index, name in enumerate(names)
    ]


def positions(names: Sequence[ColumnName], contract: Contract) -> dict[str, int]:
    """Where the file has the columns of the contract, by their names."""
    known = {column.name for column in contract.columns}
    return {name.name: index for index, name in enumerate(names) if name.name in known}


def first_reading(column: ContractColumn, source_name: str, options: ParseOptions, **known: Any) -> ExpectedColumn:
    """How a column is to be read as far as that is stated; `known` are fields that were found in the file."""
    fields: dict[str, Any] = {
        "name": column.name,
        "source_name": source_name,
        "type": column.type,
        "time_format": column.format,
        "zone": (column.zone or UTC) if column.type == "timestamp" else None,
        "scale": column.scale,
    }
    if column.type in _NUMBERS:
        fields |= {"decimal_mark": options.decimal_mark or ".", "thousands": options.thousands}
    return ExpectedColumn(**{**fields, **known})


def found_reading(
    column: ContractColumn, index: int, survey: Survey, reading: CellReading | None, options: ParseOptions
) -> dict[str, Any]:
    """What a contract leaves open and the file has told: the format of times, the style of numbers.

    Raises `BadFile` where the file does not settle whether the day or the month stands first.
    """
    if column.type in _TIMES and column.format is None:
        return {"time_format": _found_format(column, index, survey)}
    if column.type in _NUMBERS and reading is not None and reading.style is not None:
        declared = options.decimal_mark or options.thousands
        if not declared:
            return {"decimal_mark": reading.style.decimal_mark, "thousands": reading.style.thousands}
    return {}


def file_columns(
    names: Sequence[ColumnName],
    contract: Contract,
    survey: Survey,
    readings: Mapping[int, CellReading],
    misfits: Counter[int],
) -> list[FileColumn]:
    """The file's columns with the narrowest type of all their values; `misfits` are values not of the contract's."""
    found = []
    for index, name in enumerate(names):
        if index == survey.cells.dropped:
            continue
        stated = contract.column(name.name)
        inferred = _inferred(index, survey, readings)
        if stated is not None and stated.role == "time":
            kind: ColumnType | None = stated.type  # judged as the time of the rows: what cannot be read costs its row
        else:
            kind = inferred if stated is None else _type(stated.type, inferred, misfits=misfits[index])
        found.append(FileColumn(name.name, kind))
    return found


def _inferred(index: int, survey: Survey, readings: Mapping[int, CellReading]) -> ColumnType | None:
    if not survey.columns[index].times.filled:
        return None
    reading = readings.get(index)
    return survey.columns[index].logical_type if reading is None else reading.type


def _type(stated: ColumnType, inferred: ColumnType | None, *, misfits: int) -> ColumnType | None:
    if inferred is None:
        return stated if misfits else None
    if misfits:
        return stated if is_wider(stated, inferred) else inferred
    return inferred if is_wider(stated, inferred) and stated != "json" else stated


def _found_format(column: ContractColumn, index: int, survey: Survey) -> str | None:
    readings = survey.columns[index].times.readings()
    if not readings:
        return None
    formats = readings[0][0]
    if len(formats) > 1:
        message = (
            f"Column {column.name!r} can be read as {' or as '.join(formats)}, and the file does not settle which. "
            "State its format in the contract."
        )
        raise BadFile(Code.TIMESTAMP_AMBIGUOUS, message, column=column.name, formats=list(formats))
    return formats[0]
