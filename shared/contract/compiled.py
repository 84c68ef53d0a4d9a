"""A contract as whoever judges files uses it.

    compiled = compile_contract(contract)
    for frame, first_record in batches:                # typed as `compiled.expected` says
        bad = compiled.failures(frame)                 # a boolean column for each of `compiled.checks`
        for tally in tallies: tally.add(frame, first_record)

What needs only the row is answered for each batch; unique values and keys at the end of the file, by
`uniqueness.KeyTally`.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from . import frames, polars_checks
from .column import Column
from .column_types import ColumnType
from .dialect import Dialect
from .model import Contract, Limits
from .polars_checks import RowCheck
from .uniqueness import UniqueKey, unique_keys


@dataclass(frozen=True, slots=True)
class ExpectedColumn:
    """What a column must be read as: a value that is not of `type` is a `type-error` of its row, and null in the frame.

    `format` and `zone` are those of times, None where they are to be found, or UTC. A decimal with more than `scale`
    digits behind the point is not of its type.
    """

    name: str
    type: ColumnType
    dtype: pl.DataType
    format: str | None
    zone: str | None
    scale: int | None
    is_time: bool


@dataclass(frozen=True, slots=True)
class CompiledContract:
    """The parts of a contract, ready to use. `null_markers` is None where the reader's own list counts."""

    contract: Contract
    expected: tuple[ExpectedColumn, ...]
    dialect: Dialect
    null_markers: tuple[str, ...] | None
    limits: Limits
    checks: tuple[RowCheck, ...]
    keys: tuple[UniqueKey, ...]

    def failures(self, frame: pl.DataFrame) -> pl.DataFrame:
        """A boolean column for each of `checks`, named by its position, true in the rows that break it."""
        return polars_checks.failures(self.checks, frame)


def compile_contract(contract: Contract) -> CompiledContract:
    """Compile a contract. It cannot fail: a contract that exists is a good one."""
    return CompiledContract(
        contract=contract,
        expected=tuple(_expected(column) for column in contract.columns if column.role != "ignore"),
        dialect=contract.dialect,
        null_markers=contract.null_markers,
        limits=contract.limits,
        checks=polars_checks.row_checks(contract),
        keys=unique_keys(contract),
    )


def _expected(column: Column) -> ExpectedColumn:
    dtype = frames.dtype_of(column.type, column.scale)
    return ExpectedColumn(
        name=column.name,
        type=column.type,
        dtype=dtype,
        format=column.format,
        zone=column.zone,
        scale=dtype.scale if isinstance(dtype, pl.Decimal) else None,
        is_time=column.role == "time",
    )
