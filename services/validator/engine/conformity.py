"""The rows of a file against the contract of its datasource: types, checks, rules across columns, unique keys.

It sees every block twice. `watch` counts in the first pass what is not of its type, and collects the keys; what only
the whole file tells, such as the format of a date that the contract does not state, has the file read once more.
`judge` says in the pass that writes the parts which rows break what.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from shared.contract import Contract, DriftFound, FileColumn, drift_of
from shared.contract.column_types import ColumnType
from shared.contract.compiled import compile_contract
from shared.contract.evolution import evolved
from shared.contract.loading_columns import columns_of_file
from shared.contract.loading_fit import misfits
from shared.contract.polars_checks import RowCheck
from shared.contract.uniqueness import Duplicates, KeyTally, UniqueKey

from .block import Block, RowError
from .casting import read_cells, typed
from .cells import CellReading
from .contract_columns import file_columns, first_reading, found_reading, positions
from .expected import ExpectedTypes, ReadBlock
from .file_problems import loading_unfit
from .header import ColumnName
from .request import ParseOptions
from .suggest_type import suggest_member
from .survey import Survey
from .timechoice import TimeChoice
from .verdict import Code, ExpectedColumn

Blocks = Callable[[], Iterable[Block]]

_NEVER_WORDS = ("long", "double", "decimal", "boolean")
# No number in any style: without a digit, and not the letters of an exponent or a hexadecimal number either.
_WORD = r"^\s*[A-Za-z][A-Za-z _-]+$"


class Conformity:
    """One file under its contract; `folder` may hold a scratch file for each key."""

    def __init__(
        self,
        contract: Contract,
        names: Sequence[ColumnName],
        labels: Sequence[str],
        options: ParseOptions,
        folder: Path,
    ) -> None:
        self._contract = contract
        self._names = names
        self._labels = labels
        self._options = options
        self._folder = folder
        self._compiled = compile_contract(contract)
        self.positions = positions(names, contract)
        self._columns: dict[int, ExpectedColumn] = {}
        self._misfits: Counter[int] = Counter()
        self._rows_of_words = 0
        self._tallies: list[KeyTally] = []
        self._duplicates: list[Duplicates] = []
        self._left_out: set[int] = {
            index for name, index in self.positions.items() if _role(contract, name) == "ignore"
        }
        self._begin(self._readings({}))

    @property
    def times(self) -> frozenset[int]:
        """The columns of dates and times, which may be written as numbers."""
        return frozenset(index for index, column in self._columns.items() if column.type in ("date", "timestamp"))

    @property
    def left_out(self) -> frozenset[int]:
        """The columns that are not loaded."""
        return frozenset(self._left_out)

    def lacks_time(self, wanted: str | None) -> bool:
        """Whether that column is the contract's time, and not in the file."""
        return wanted is not None and wanted not in self.positions and _role(self._contract, wanted) == "time"

    def types(self) -> ExpectedTypes:
        """What judges the values; known after `settle`."""
        return ExpectedTypes(self._columns, self._labels)

    @property
    def certainly_bad(self) -> int:
        """Rows of the first pass with a word where the contract has a number or a boolean.

        They are bad whatever else the file holds, unless its columns may become wider.
        """
        return 0 if self._contract.drift.wider_type == "evolve" else self._rows_of_words

    def watch(self, block: Block) -> None:
        """Take a block of the first pass."""
        frame = block.frame
        if not frame.height:
            return
        words = pl.repeat(value=False, n=frame.height, eager=True)
        wanted = {name for tally in self._tallies for name in tally.key.columns}
        found: dict[str, pl.Series] = {}
        for index, column in self._columns.items():
            cells = read_cells(frame[f"c{index}"], column)
            if not cells.fit.all():
                self._misfits[index] += int((~cells.fit).sum())
                if column.type in _NEVER_WORDS and index not in self._left_out:
                    words |= ~cells.fit & frame[f"c{index}"].str.contains(_WORD)
            if column.name in wanted:
                found[column.name] = typed(cells.text, column)
        self._rows_of_words += int(words.sum())
        for tally in self._tallies:
            if all(name in found for name in tally.key.columns):
                rows = pl.DataFrame({name: found[name] for name in tally.key.columns})
                tally.add(_spread(rows, block), block.first_record)

    def settle(
        self, survey: Survey, readings: Mapping[int, CellReading], choice: TimeChoice | None, blocks: Blocks
    ) -> tuple[DriftFound, ...]:
        """Conclude the first pass: every drift of the columns, with its decision. Raises `BadFile`."""
        self._settle_columns(survey, readings, choice, blocks)
        columns = file_columns(self._names, self._contract, survey, readings, self._misfits)
        contract, drifts = evolved(self._contract, drift_of(self._contract, columns))
        self._evolve(contract, survey, readings, choice, blocks)
        ignored = {drift.column for drift in drifts if drift.kind == "new_column" and drift.decision == "ignore"}
        self._left_out |= {index for index, name in enumerate(self._names) if name.name in ignored}
        self._duplicates = [tally.duplicates() for tally in self._tallies]
        return drifts

    def take(self, columns: Mapping[int, ExpectedColumn], blocks: Blocks) -> None:
        """Have the columns read as those of the file that is corrected, instead of settling on them."""
        named = {column.name: index for index, column in columns.items()}
        self.positions = {name: index for name, index in named.items() if self._contract.column(name)}
        types = [FileColumn(one.name, "timestamp" if one.type == "time" else one.type) for one in columns.values()]
        drifts = [
            replace(drift, decision="evolve") for drift in drift_of(self._contract, types) if drift.kind != "new_column"
        ]
        self._contract, _ = evolved(self._contract, drifts)
        self._compiled = compile_contract(self._contract)
        found = {}
        for one in self._compiled.expected:
            if (index := self.positions.get(one.name)) is not None:
                written = columns[index].model_dump(include={"time_format", "decimal_mark", "thousands"})
                found[index] = first_reading(one, columns[index].source_name, self._options, **written)
        self._begin(found)
        if self._tallies:
            for block in blocks():
                self.watch(block)
        self._duplicates = [tally.duplicates() for tally in self._tallies]

    def check_loading(self, types: Mapping[str, ColumnType]) -> None:
        """Raise `BadFile` where the columns that are to be loaded do not bear how the contract loads them."""
        found = tuple(misfits(self._contract.loading, columns_of_file(self._contract, types)))
        if found:
            raise loading_unfit(found)

    def judge(self, block: Block, read: ReadBlock) -> Judgement:
        """Which rows of a block break the contract, beyond the types of their values."""
        frame = self._typed(read)
        failing = list(zip(self._compiled.checks, self._compiled.failures(frame), strict=True))
        later = [
            (key, found, found.among(block.first_record, block.records).gather(list(block.good)))
            for key, found in zip(self._compiled.keys, self._duplicates, strict=True)
        ]
        return Judgement(
            self, [pair for pair in failing if pair[1].any()], [broken for broken in later if broken[2].any()]
        )

    def close(self) -> None:
        """Remove what was kept on disk, wherever it ended."""
        for number in range(len(self._compiled.keys)):
            self._spill(number).unlink(missing_ok=True)

    def label(self, name: str) -> str:
        """How a column is spoken of."""
        return self._labels[self.positions[name]] if name in self.positions else name

    def members(self, name: str) -> list[str]:
        """The values that a column may have, as a contract lists them."""
        column = self._contract.column(name)
        return [] if column is None else [str(one) for one in column.checks.enum or ()]

    def cell(self, block: Block, row: int, name: str | None) -> str | None:
        """The raw value of a column in a row."""
        if name is None or name not in self.positions:
            return None
        return str(block.frame[f"c{self.positions[name]}"][row])

    def _readings(self, found: Mapping[int, Mapping[str, object]]) -> dict[int, ExpectedColumn]:
        markers = self._compiled.null_markers
        return {
            index: first_reading(
                one, self._names[index].source_name, self._options, null_markers=markers, **found.get(index, {})
            )
            for one in self._compiled.expected
            if (index := self.positions.get(one.name, -1)) >= 0
        }

    def _begin(self, columns: dict[int, ExpectedColumn]) -> None:
        self._columns = columns
        self._misfits = Counter()
        for number in range(len(self._tallies)):
            self._spill(number).unlink(missing_ok=True)
        self._tallies = [KeyTally(key, self._spill(number)) for number, key in enumerate(self._compiled.keys)]

    def _spill(self, number: int) -> Path:
        return self._folder / f"keys-{number}"

    def _settle_columns(
        self, survey: Survey, readings: Mapping[int, CellReading], choice: TimeChoice | None, blocks: Blocks
    ) -> bool:
        found: dict[int, dict[str, object]] = {}
        for one in self._compiled.expected:
            index = self.positions.get(one.name)
            if index is None:
                continue
            if choice is not None and index == choice.index and one.type in ("date", "timestamp"):
                zone = {"zone": self._options.time_zone or one.zone or "UTC"} if one.type == "timestamp" else {}
                found[index] = {"time_format": choice.time_format, **zone}
            else:
                found[index] = found_reading(one, index, survey, readings.get(index), self._options)
        columns = self._readings(found)
        if all(_reads_alike(columns[index], self._columns.get(index)) for index in columns):
            self._columns = columns
            return False
        self._begin(columns)
        for block in blocks():
            self.watch(block)
        return True

    def _evolve(
        self,
        contract: Contract,
        survey: Survey,
        readings: Mapping[int, CellReading],
        choice: TimeChoice | None,
        blocks: Blocks,
    ) -> None:
        if contract is self._contract:
            return
        self._contract, self._compiled = contract, compile_contract(contract)
        self._settle_columns(survey, readings, choice, blocks)

    def _typed(self, read: ReadBlock) -> pl.DataFrame:
        height = read.frame.height
        return pl.DataFrame(
            [
                (
                    pl.repeat(None, height, dtype=one.dtype, eager=True)
                    if (index := self.positions.get(one.name)) is None
                    else typed(read.cells[index].text, self._columns[index])
                ).alias(one.name)
                for one in self._compiled.expected
            ]
        )


class Judgement:
    """What the rows of one block break."""

    def __init__(
        self,
        conformity: Conformity,
        failing: list[tuple[RowCheck, pl.Series]],
        later: list[tuple[UniqueKey, Duplicates, pl.Series]],
    ) -> None:
        self._conformity = conformity
        self._failing = failing
        self._later = later

    def ok(self, height: int) -> pl.Series:
        """Which rows break nothing."""
        ok = pl.repeat(value=True, n=height, eager=True)
        for _, rows in self._failing:
            ok &= ~rows
        for _, _, rows in self._later:
            ok &= ~rows
        return ok

    def errors(self, block: Block, row: int, unread: frozenset[str]) -> list[RowError]:
        """What a row breaks. Checks of a column whose value is `unread` are left out: the value is at fault already."""
        found = [
            self._error(check, block, row)
            for check, rows in self._failing
            if rows[row] and unread.isdisjoint(check.columns)
        ]
        for key, duplicates, rows in self._later:
            if rows[row]:
                earlier = duplicates.earlier.get(block.record_of_row(row))
                column = key.columns[0] if len(key.columns) == 1 else None
                found.append(
                    RowError(
                        Code(key.rule),
                        key.message(earlier),
                        None if column is None else self._conformity.label(column),
                        self._conformity.cell(block, row, column),
                        constraint="unique" if key.rule == "unique-error" else ", ".join(key.columns),
                    )
                )
        return found

    def _error(self, check: RowCheck, block: Block, row: int) -> RowError:
        value = self._conformity.cell(block, row, check.column)
        column = None if check.column is None else self._conformity.label(check.column)
        suggestion = None
        if check.constraint == "enum" and check.column is not None and value is not None:
            suggestion = suggest_member(value, self._conformity.members(check.column))
        return RowError(Code(check.rule), check.message(value), column, value, suggestion, check.constraint)


def _role(contract: Contract, name: str) -> str | None:
    column = contract.column(name)
    return None if column is None else column.role


def _reads_alike(one: ExpectedColumn, other: ExpectedColumn | None) -> bool:
    """Whether two ways to read a column come to the same; a format that is not said is ISO."""
    if other is None:
        return False
    iso = {"time_format": "iso"}
    return (one if one.time_format else one.model_copy(update=iso)) == (
        other if other.time_format else other.model_copy(update=iso)
    )


def _spread(rows: pl.DataFrame, block: Block) -> pl.DataFrame:
    """The rows with those of broken shape between them, as nulls."""
    if rows.height == block.records:
        return rows
    places: list[int | None] = [None] * block.records
    for row, ordinal in enumerate(block.good):
        places[ordinal] = row
    return rows.select(pl.all().gather(pl.Series(places, dtype=pl.UInt32)))
