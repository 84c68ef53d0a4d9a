"""Which rows of a block are good, and what is wrong with the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from .block import Block, RowError
from .case import Case
from .expected import ReadBlock
from .plan import Plan
from .survey import Survey
from .timerules import time_errors
from .timestamps import Times, parse_times
from .zones import UTC

if TYPE_CHECKING:
    from .conformity import Judgement

Misfits = dict[int, list[tuple[int, RowError]]]
"""By row, the columns whose value is not of their type, and why."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The rows of a block: which are `ok`, their times, and what the others are held against."""

    ok: pl.Series
    times: Times | None
    read: ReadBlock | None
    judgement: Judgement | None


class BadRow(NamedTuple):
    """A record that is not taken. `fields` is a list where it does not have the header's shape."""

    ordinal: int
    fields: list[str] | dict[str, str]
    errors: list[RowError]


class RowJudge:
    """Judges rows by the time of a plan, and by the types and the contract of a case where those are given."""

    def __init__(self, case: Case, plan: Plan) -> None:
        self.zone = case.zone
        self._labels = case.labels
        self._time = plan.time
        self._types = case.types
        self._conformity = case.conformity
        self._unloaded = plan.unloaded

    def judge(self, block: Block, times: Times | None = None) -> Judged:
        """Which rows have a time, values of their types, and all that the contract asks for.

        `times` are those of the block, if they are read already.
        """
        ok = pl.repeat(value=True, n=block.frame.height, eager=True)
        read = judgement = None
        if self._time is not None:
            times = times or self.times_of(block.frame)
            ok = times.ms.is_not_null()
        if self._types is not None:
            read = self._types.read(block.frame)
            ok &= read.ok
            if self._conformity is not None:
                judgement = self._conformity.judge(block, read)
                ok &= judgement.ok(block.frame.height)
        return Judged(ok, times, read, judgement)

    def times_of(self, frame: pl.DataFrame) -> Times:
        """The times of rows. Only where there is a column of times."""
        if self._time is None:
            msg = "rows without a column of times have none"
            raise ValueError(msg)
        return parse_times(frame[f"c{self._time.index}"], self._time.time_format, self.zone)

    def times_in(self, survey: Survey) -> Times | None:
        """What the survey has read of the block that it took last, if that is what would be read of it here."""
        if self._time is None or self.zone != UTC:
            return None
        return survey.columns[self._time.index].times.latest(self._time.time_format)

    def bad_rows(self, block: Block, judged: Judged | None) -> list[BadRow]:
        """The block's bad records in file order: those of broken shape, and those with a fault."""
        found = [BadRow(bad.ordinal, bad.fields, [bad.error]) for bad in block.bad]
        if judged is not None and not judged.ok.all():
            frame = block.frame.filter(~judged.ok)
            misfits = self._misfits(block, judged)
            for row, cells in zip((~judged.ok).arg_true().to_list(), frame.iter_rows(), strict=True):
                errors = self._errors(block, row, judged, misfits.get(row, []))
                found.append(BadRow(block.good[row], self._fields(cells), errors))
            found.sort(key=lambda bad: bad.ordinal)
        return found

    def _fields(self, cells: Sequence[str]) -> dict[str, str]:
        """A row by its columns, without those that are not loaded: it may come back as it is, put right."""
        labelled = enumerate(zip(self._labels, cells, strict=True))
        return {label: cell for index, (label, cell) in labelled if index not in self._unloaded}

    def _misfits(self, block: Block, judged: Judged) -> Misfits:
        """What is not of its type; the time is told last, and as a time."""
        found: Misfits = {}
        if judged.read is not None and self._types is not None:
            found = self._types.errors(block.frame, judged.read)
        if self._time is None or judged.times is None:
            return found
        timeless = judged.times.ms.is_null()
        label, values = self._labels[self._time.index], block.frame[f"c{self._time.index}"].filter(timeless)
        errors = time_errors(values, label, self._time.time_format, self.zone)
        for row, error in zip(timeless.arg_true().to_list(), errors, strict=True):
            others = [one for one in found.get(row, []) if one[0] != self._time.index]
            found[row] = [*others, (self._time.index, error)]
        return found

    def _errors(
        self, block: Block, row: int, judged: Judged, misfits: Sequence[tuple[int, RowError]]
    ) -> list[RowError]:
        """What is wrong with a row: its values, then what else the contract asks for."""
        errors = [error for _, error in misfits]
        if judged.judgement is not None:
            known = {} if self._types is None else self._types.columns
            unread = frozenset(known[index].name for index, _ in misfits if index in known)
            errors += judged.judgement.errors(block, row, unread)
        return errors
