"""The first pass: what the columns are, over all rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import polars as pl

from .ahead import read_ahead
from .block import Block, DeclaredType, RecordReader
from .cells import CellSurvey
from .columns import ColumnSurvey
from .infer import TypeTally
from .reject_limits import RejectLimits
from .request import ParseOptions
from .timechoice import is_time_name
from .timescore import TimeTally


class Conformity(Protocol):
    """A contract, which the first pass is held against."""

    @property
    def times(self) -> frozenset[int]:
        """The columns of dates and times."""
        ...

    @property
    def certainly_bad(self) -> int:
        """How many well-formed rows are bad under it, whatever the rest of the file holds."""
        ...

    def watch(self, block: Block) -> None:
        """Take a block."""
        ...


@dataclass(slots=True)
class Survey:
    """What the first pass found; `good` are the well-formed records.

    `stopped` says that the bad ones became too many, and that the rest was not read; `decided` that they will be found
    too many when the values are judged.
    """

    columns: list[ColumnSurvey]
    cells: CellSurvey
    records: int = 0
    good: int = 0
    blank_lines: int = 0
    stopped: bool = False
    decided: bool = False

    def declare(self, types: Sequence[DeclaredType | None]) -> None:
        """Take what the format says of the columns, as far as that is known."""
        for column, declared in zip(self.columns, types, strict=True):
            column.declared = declared


def survey_file(
    reader: RecordReader,
    labels: Sequence[str],
    options: ParseOptions,
    named: int | None,
    limits: RejectLimits,
    conformity: Conformity | None = None,
    each: Callable[[Survey, Block], None] | None = None,
) -> Survey:
    """Read the file once. `named` is the column that the sender says is the time; any may be when it is None.

    `conformity` watches each block, and knows which columns are times. `each` is called with what was found so far and
    the block that was added last.
    """
    times: frozenset[int] = frozenset() if conformity is None else conformity.times
    cells = CellSurvey(reader.header, options, delimited=reader.describe()["format"] == "delimited")
    survey = Survey(
        cells=cells,
        columns=[
            ColumnSurvey(
                TimeTally(
                    by_number=index == named or index in times or (named is None and is_time_name(label)),
                    declared=options.timestamp_format if named in (None, index) else None,
                    trusted=index == named,
                )
            )
            for index, label in enumerate(labels)
        ],
    )
    for block in read_ahead(reader.blocks()):
        bad = survey.records - survey.good
        if limits.ends_reading(bad):
            survey.stopped = True
            break
        if conformity is not None and limits.ends_reading(bad + conformity.certainly_bad):
            survey.decided = True
            break
        survey.records += block.records
        survey.blank_lines += block.blank_lines
        if block.frame.height:
            if conformity is not None:
                conformity.watch(block)
            survey.good += block.frame.height
            _add(block, survey.columns)
            cells.add(block.frame, [column.types for column in survey.columns], partial(_add_numbers, block))
        if each is not None:
            each(survey, block)
    survey.declare(reader.types)
    return survey


def _add(block: Block, columns: Sequence[ColumnSurvey]) -> None:
    unsettled = [(index, column) for index, column in enumerate(columns) if not column.types.is_text]
    sure = block.frame.select(pl.col(f"c{index}").str.contains(one.types.sure_pattern) for index, one in unsettled)
    for index, column in enumerate(columns):
        name = f"c{index}"
        column.add(block.frame[name], sure[name] if name in sure.columns else None, block.record_of_row)


def _add_numbers(block: Block, types: TypeTally, numbers: pl.Series) -> None:
    if not types.is_text:
        types.add(numbers, numbers.str.contains(types.sure_pattern), block.record_of_row)
