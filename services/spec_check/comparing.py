"""Our rows beside those that Druid made of them: which cells differ. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.spec_check.cells import NOT_COMPARED, Kind, difference

TIME = "__time"
CELLS_SHOWN = 3
"""How many differing cells of a column are kept."""
MISSING = "Druid's answer has no such row"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Ours:
    """Our side.

    `lines` are the canonical rows as they are sent, `rows` what they should be after the spec, each with the number of
    its record in `records`. `types` are those of the values in the rows, `asked` those that Druid's columns should
    have; both lack columns that are null in all rows.
    """

    lines: Sequence[Row]
    rows: Sequence[Row]
    records: Sequence[int]
    types: Mapping[str, str]
    asked: Mapping[str, str]


@dataclass(frozen=True)
class SampledRow:
    """A row of the sampler's: what it has read, and what became of it; or `error`, why it could not."""

    read: Row | None
    parsed: Row | None
    error: str | None = None


@dataclass(frozen=True)
class Theirs:
    """Druid's side: `types` of all its columns, in their order."""

    types: Mapping[str, str]
    rows: Sequence[SampledRow]


@dataclass(frozen=True)
class Cell:
    """A cell that differs; the types are those of our value and of Druid's column."""

    record: int
    kind: Kind
    ours: Any
    ours_type: str
    druid: Any
    druid_type: str


@dataclass
class ColumnCompared:
    """A column: how many of its cells were compared, how many differ in which way, and the first of those."""

    name: str
    type: str
    druid_type: str
    compared: int = 0
    different: int = 0
    kinds: dict[Kind, int] = field(default_factory=dict)
    first: list[Cell] = field(default_factory=list)

    def take(self, cell: Cell) -> None:
        """Count a cell that differs."""
        self.different += 1
        self.kinds[cell.kind] = self.kinds.get(cell.kind, 0) + 1
        if len(self.first) < CELLS_SHOWN:
            self.first.append(cell)


@dataclass(frozen=True)
class RowFault:
    """A row that could not be compared, and why; the number is that of its record."""

    record: int
    why: str


@dataclass(frozen=True)
class Comparison:
    """What came out. `rows` were compared; those in `faults` were not, and count as different."""

    rows: int
    columns: tuple[ColumnCompared, ...]
    faults: tuple[RowFault, ...]

    @property
    def different(self) -> int:
        """How many cells differ."""
        return sum(column.different for column in self.columns)

    @property
    def equal(self) -> bool:
        """Whether Druid reads every row as we do."""
        return not self.faults and not self.different


def compare(ours: Ours, theirs: Theirs) -> Comparison:
    """Compare every cell of the rows that Druid gave back."""
    names = dict.fromkeys((TIME, *theirs.types, *(name for row in ours.rows for name in row)))
    columns = [ColumnCompared(name, ours.types.get(name, ""), theirs.types.get(name, "")) for name in names]
    rows, faults = 0, []
    for position, row in _paired(ours.lines, theirs.rows):
        record = ours.records[position]
        if row is None or row.parsed is None:
            faults.append(RowFault(record, MISSING if row is None else row.error or MISSING))
            continue
        rows += 1
        for column in columns:
            _look(column, ours.rows[position].get(column.name), row.parsed.get(column.name), ours, record)
    return Comparison(rows, tuple(columns), tuple(faults))


def _look(column: ColumnCompared, mine: Any, druids: Any, ours: Ours, record: int) -> None:
    if mine is NOT_COMPARED:
        return
    column.compared += 1
    kind = difference(mine, druids, is_time=column.name == TIME)
    if kind is None and mine is not None and ours.asked.get(column.name, column.druid_type) != column.druid_type:
        kind = Kind.TYPE
    if kind is not None:
        mine_type = "null" if mine is None else column.type
        druids_type = "null" if druids is None else column.druid_type
        column.take(Cell(record, kind, mine, mine_type, druids, druids_type))


def _paired(lines: Sequence[Row], sampled: Sequence[SampledRow]) -> Iterator[tuple[int, SampledRow | None]]:
    """Each of our rows with Druid's, which has them in their order but may lack some: they are known by what was read.

    A row that reads like none of those ahead is taken for the next.
    """
    places: dict[str, list[int]] = {}
    for position, line in enumerate(lines):
        places.setdefault(_key(line), []).append(position)
    following = 0
    for row in sampled:
        at = following
        if row.read is not None:
            at = next((place for place in places.get(_key(row.read), ()) if place >= following), following)
        yield from ((skipped, None) for skipped in range(following, min(at, len(lines))))
        if at >= len(lines):
            return
        yield at, row
        following = at + 1
    yield from ((skipped, None) for skipped in range(following, len(lines)))


def _key(row: Row) -> str:
    return json.dumps(row, sort_keys=True)
