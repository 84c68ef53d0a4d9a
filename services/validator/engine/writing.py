"""The rows of a file into its parts, and its bad rows into the rejects, block by block."""

from __future__ import annotations

from array import array
from dataclasses import replace

import polars as pl

from .block import Block
from .canonical import canonical_lines, typed_columns
from .case import Case
from .judging import Judged, RowJudge
from .odd_lines import OddLines
from .parts import PartWriter
from .plan import Plan
from .rejects import RejectsWriter
from .survey import Survey
from .time_counts import TimeCounts
from .timestamps import Times
from .written import Written


class Writing:
    """What has become of the rows so far, read by one plan.

    `records` is how many there are in all, None while that is not known; `refused` says that they are too many bad ones
    already: then no parts are written any more.
    """

    def __init__(
        self,
        case: Case,
        plan: Plan,
        *,
        records: int | None = None,
        refused: bool = False,
    ) -> None:
        request = case.request
        self.plan = plan
        self.refused = refused
        self.parts = PartWriter(request.output_dir, request.limits.part_bytes)
        self.rejects = RejectsWriter(request.output_dir, request.limits.max_problem_samples)
        self.figures = Written(case.zone, times=TimeCounts() if case.request.count_times else None)
        self.corrected = array("q")
        self._case = case
        self._judge = RowJudge(case, plan)
        self._records = records

    @property
    def has_judged(self) -> bool:
        """Whether a well-formed row was among the records so far."""
        return self.figures.judged > 0

    def times_in(self, survey: Survey) -> Times | None:
        """The times of the block that the survey has just taken, where it has read them as they are written."""
        return self._judge.times_in(survey)

    def take(self, block: Block, times: Times | None = None) -> bool:
        """Write a block; False, and nothing is written, when the bad rows so far end the reading.

        `times` are those of its rows, if they are read already.
        """
        if self._case.limits.ends_reading(self.rejects.rows):
            self.figures.stopped = True
            return False
        judged = None
        if self.plan.judges and block.frame.height:
            judged = self._judge.judge(block, times)
            self._write_good(block, judged)
            self.figures.judged += block.frame.height
        if isinstance(block.bad, OddLines) and (judged is None or judged.ok.all()):
            for piece in block.bad.pieces():
                self.rejects.write_piece(block, piece)
        else:
            for bad in self._judge.bad_rows(block, judged):
                self.rejects.write(block.place(bad.ordinal), bad.fields, bad.errors)
        self.figures.seen += block.records
        if self._records is not None:
            self.conclude(self._records)
        return True

    def follow(self, plan: Plan) -> None:
        """Go on by another plan. Only while no row was judged."""
        self.plan = plan
        self._judge = RowJudge(self._case, plan)

    def confirm(self, plan: Plan) -> None:
        """Take over what is said in `plan`, which reads like the one that was written by, about all rows."""
        for column, concluded in zip(self.plan.columns, plan.columns, strict=True):
            column.explain(concluded)
        self.plan = replace(plan, columns=self.plan.columns)

    def conclude(self, records: int) -> None:
        """Say how many records there are in all: whether the bad ones are too many depends on it."""
        self._records = records
        self.refused = self.refused or self._case.limits.refuses(self.rejects.rows, records)

    def discard(self) -> None:
        """Remove all that was written."""
        self.parts.discard()
        self.rejects.discard()

    def _write_good(self, block: Block, judged: Judged) -> None:
        ok, times, figures = judged.ok, judged.times, self.figures
        self.corrected.extend(block.corrected(ok))
        frame = block.frame if judged.read is None else judged.read.frame
        if not ok.all():
            frame = frame.filter(ok)
        if times is None:
            self._put(frame, None)
            return
        good, ms = times, times.ms
        if not ok.all():
            ms = ms.filter(ok)
            if ms.len() < times.ms.count():
                # Some rows have a time and another fault: what is told of times is told of the good rows.
                good = self._judge.times_of(block.frame.filter(ok))
        figures.zoneless += good.zoneless
        figures.cut += good.cut
        low, high = ms.min(), ms.max()
        if isinstance(low, int) and isinstance(high, int):
            figures.add_range(low, high)
            if figures.times is not None:
                figures.times.add(ms)
            self._put(frame, ms)

    def _put(self, frame: pl.DataFrame, ms: pl.Series | None) -> None:
        columns = self.plan.columns
        if self._case.request.write_rows and not self.refused:
            self.parts.write(canonical_lines(frame, ms, columns, self._case.request.task_id))
        else:
            typed_columns(frame, columns)
        self.figures.accepted += frame.height
