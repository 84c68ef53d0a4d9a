"""The two passes over a file: first what it is, over all rows; then the canonical parts and the rejects."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from shared.record_set import RecordSet, carried

from .ahead import read_ahead
from .block import Block, RowError
from .canonical import ColumnWriter, canonical_lines, typed_columns
from .cells import CellReading, check_marks
from .expected import ExpectedTypes, ReadBlock, match_columns, time_of, time_options
from .file_problems import count_mismatch, drifted, more_than_the_gap, no_valid_rows
from .formats.opening import Opened, open_file
from .formats.scratch import Scratch
from .header import ColumnName, name_columns
from .parts import PartWriter
from .progress import Pass
from .reject_limits import UNLIMITED, RejectLimits
from .rejects import RejectsWriter
from .report import Report
from .request import ParseRequest
from .survey import Survey, survey_file
from .time_counts import TimeCounts
from .timechoice import TimeChoice, check_options, choose_time, find_named, list_candidates
from .timerules import time_errors
from .timestamps import Times, parse_times
from .verdict import Accepted, BadFile, Code, Column, ExpectedColumn, Problem, TimeColumn, Untimed, Verdict
from .written import Written
from .zones import UTC

if TYPE_CHECKING:
    from .conformity import Conformity, Judgement

_WRITTEN_AS = ("date", "timestamp")  # types whose values are written in a format
# What may stay a question while the rows are judged.
_OPEN_TIME = (Code.TIMESTAMP_MISSING, Code.TIMESTAMP_AMBIGUOUS)


def parse_file(request: ParseRequest, *, begin: Callable[[Pass], None] = lambda _: None) -> Verdict:
    """Judge one file and write its canonical files into `request.output_dir`.

    A bad file is a `Rejected`; an exception is a fault of the program or the machine. `begin` is called before each
    pass over the file.
    """
    report = Report(request)
    try:
        if request.contract is not None:
            from .contract_options import options_with  # noqa: PLC0415  # loads the models of contracts

            options, overruled = options_with(request.options, request.contract)
            request = request.model_copy(update={"options": options})
            if overruled:
                report.add_reading(overruled=list(overruled))
        check_options(request.options)
        check_marks(request.options)
        with Scratch(request.output_dir) as scratch:
            return _Parse(request, open_file(request, scratch), report, begin).run()
    except BadFile as bad:
        return report.reject([bad.problem])


@dataclass(frozen=True, slots=True)
class _Judged:
    """The rows of a block: which are `ok`, their times, and what the others are held against."""

    ok: pl.Series
    times: Times | None
    read: ReadBlock | None
    judgement: Judgement | None


class _Parse:
    def __init__(self, request: ParseRequest, opened: Opened, report: Report, begin: Callable[[Pass], None]) -> None:
        self._request = request
        self._options = request.options
        self._correction = request.correction
        self._begin = begin
        self._opened = opened
        self._reader = reader = opened.reader
        self._report = report
        self._names: list[ColumnName] = name_columns(reader.header)
        self._labels = _labels(reader.header, self._names)
        self._limits = RejectLimits.of(request.options, request.contract)
        self._refused = False
        self._unloaded: frozenset[int | None] = frozenset()
        self._types: ExpectedTypes | None = None
        self._corrected = array("q")
        if request.correction is not None:
            self._limits = UNLIMITED
            columns = match_columns(reader.header, self._names, request.correction.columns)
            self._types = ExpectedTypes(dict(enumerate(columns)), self._labels)
            self._options = time_options(self._types.columns, request.options)
        self._conformity = self._under_contract()
        self._zone = self._options.time_zone or UTC
        self._parts = PartWriter(request.output_dir, request.limits.part_bytes)
        self._rejects = RejectsWriter(request.output_dir, request.limits.max_problem_samples)
        report.set_file(opened.describe(), self._names)

    def run(self) -> Verdict:
        """Both passes; when the file turns out unreadable no part is left behind."""
        try:
            return self._run()
        except BadFile:
            self._parts.discard()
            raise
        finally:
            if self._conformity is not None:
                self._conformity.close()

    def _under_contract(self) -> Conformity | None:
        contract = self._request.contract
        if contract is None:
            return None
        from .conformity import Conformity  # noqa: PLC0415  # loads the models of contracts
        from .contract_columns import named_by_order  # noqa: PLC0415

        if self._reader.describe().get("header") is False and self._types is None:
            self._names = named_by_order(self._names, contract)
            self._labels = _labels(self._reader.header, self._names)
        return Conformity(contract, self._names, self._labels, self._options, self._request.output_dir)

    def _run(self) -> Verdict:
        named = self._named()
        self._begin(Pass.SURVEY)
        survey = survey_file(
            self._reader,
            self._labels,
            self._options,
            named,
            self._limits,
            self._conformity if self._correction is None else None,
        )
        self._report.set_survey(None if survey.stopped else survey.records, survey.blank_lines)
        if survey.stopped:
            return self._stop(self._write(None, [], survey.records))
        self._refused = self._limits.refuses(survey.records - survey.good, survey.records)
        if not survey.records:
            return self._report.reject([Problem(code=Code.NO_ROWS, message="The file has a header and no rows.")])
        choice = self._choose(survey, named) if survey.good else None
        time_index = choice.index if isinstance(choice, TimeChoice) else None
        readings = survey.cells.conclude([column.types for column in survey.columns])
        if survey.cells.dropped is not None:
            self._report.add_reading(trailing_delimiter="the last column has neither a name nor a value: it is dropped")
        if self._conformity is not None and survey.good:
            problems = self._settle(self._conformity, survey, readings, choice)
            if problems:
                return self._report.reject(problems)
        left_out = frozenset() if self._conformity is None else self._conformity.left_out
        self._unloaded = left_out | {survey.cells.dropped}
        columns = [
            self._writer(index, survey, readings.get(index))
            for index in range(len(self._names))
            if choice is not None and index not in {time_index, *self._unloaded}
        ]
        self._begin(Pass.WRITE)
        if isinstance(choice, Problem) and not self._may_stay_open(choice):
            return self._refuse(choice, columns, survey)
        written = self._write(choice, columns, survey.records)
        if written.stopped:
            return self._stop(written)
        return self._conclude(survey, choice, columns, written)

    def _named(self) -> int | None:
        """The position of the column that has to be the time, where that is said."""
        if self._correction is not None and self._types is not None:
            time = time_of(self._types.columns)
            return None if time is None else time.index
        wanted = self._options.timestamp_column
        names = [name.name for name in self._names]
        if self._conformity is not None and self._conformity.lacks_time(wanted):
            return None  # told with the other columns that the file lacks
        return None if wanted is None else find_named(wanted, self._reader.header, names)

    def _writer(self, index: int, survey: Survey, reading: CellReading | None) -> ColumnWriter:
        if self._types is not None and index in self._types.columns:
            return self._types.writer(index)
        name, found = self._names[index].name, survey.columns[index]
        if reading is None:
            return ColumnWriter(index, name, found.logical_type, found.time_format)
        return ColumnWriter(index, name, reading.type, style=reading.style, number_note=reading.note)

    def _may_stay_open(self, problem: Problem) -> bool:
        """Whether the rows are judged without a time: it is not required, or the file is refused for them anyway."""
        return self._refused or (not self._request.require_time and problem.code in _OPEN_TIME)

    def _settle(
        self,
        conformity: Conformity,
        survey: Survey,
        readings: dict[int, CellReading],
        choice: TimeChoice | Problem | None,
    ) -> list[Problem]:
        """Conclude what the contract says about the columns; the problems are those that refuse the file."""
        if self._types is not None:
            conformity.take(self._types.columns, self._reader.blocks)
            return []
        time = choice if isinstance(choice, TimeChoice) else None
        drifts = conformity.settle(survey, readings, time, self._reader.blocks)
        self._report.set_drift(drifts)
        self._types = conformity.types()
        return drifted([drift for drift in drifts if drift.rejects_the_file])

    def _choose(self, survey: Survey, named: int | None) -> TimeChoice | Problem:
        """The time, or what stands against choosing one; the report has the evidence either way."""
        tallies = [column.times for column in survey.columns]
        choice: TimeChoice | Problem
        try:
            known = None if self._correction is None or self._types is None else time_of(self._types.columns)
            choice = known or choose_time(tallies, self._labels, self._options, named)
        except BadFile as bad:
            choice = bad.problem
        self._report.set_time(list_candidates(tallies, self._labels, choice))
        return choice

    def _refuse(self, problem: Problem, columns: Sequence[ColumnWriter], survey: Survey) -> Verdict:
        """Reject the file for its time, and describe its columns all the same: they show what the time may be."""
        for block in read_ahead(self._reader.blocks()):
            typed_columns(block.frame, columns)
        self._report.set_columns(columns, survey.columns)
        return self._report.reject([problem])

    def _write(self, choice: TimeChoice | Problem | None, columns: list[ColumnWriter], records: int) -> Written:
        written = Written(self._zone, times=TimeCounts() if self._request.count_times else None)
        for block in read_ahead(self._reader.blocks()):
            if self._limits.ends_reading(self._rejects.rows):
                written.stopped = True
                break
            judged = None
            if choice is not None and block.frame.height:
                judged = self._judge(block, choice)
                self._write_good(block, choice, judged, columns, written)
            self._write_bad(block, choice, judged)
            written.seen += block.records
            self._refused = self._refused or self._limits.refuses(self._rejects.rows, records)
        return written

    def _put(
        self, frame: pl.DataFrame, ms: pl.Series | None, columns: Sequence[ColumnWriter], written: Written
    ) -> None:
        if self._request.write_rows and not self._refused:
            self._parts.write(canonical_lines(frame, ms, columns, self._request.task_id))
        else:
            typed_columns(frame, columns)
        written.accepted += frame.height

    def _judge(self, block: Block, choice: TimeChoice | Problem) -> _Judged:
        """Which rows have a time, values of their types, and all that the contract asks for."""
        ok = pl.repeat(value=True, n=block.frame.height, eager=True)
        times = read = judgement = None
        if isinstance(choice, TimeChoice):
            times = parse_times(block.frame[f"c{choice.index}"], choice.time_format, self._zone)
            ok = times.ms.is_not_null()
        if self._types is not None:
            read = self._types.read(block.frame)
            ok &= read.ok
            if self._conformity is not None:
                judgement = self._conformity.judge(block, read)
                ok &= judgement.ok(block.frame.height)
        return _Judged(ok, times, read, judgement)

    def _write_good(
        self,
        block: Block,
        choice: TimeChoice | Problem,
        judged: _Judged,
        columns: Sequence[ColumnWriter],
        written: Written,
    ) -> None:
        ok, times = judged.ok, judged.times
        self._corrected.extend(block.corrected(ok))
        frame = block.frame if judged.read is None else judged.read.frame
        if not ok.all():
            frame = frame.filter(ok)
        if times is None:
            self._put(frame, None, columns, written)
            return
        good, ms = times, times.ms
        if not ok.all():
            ms = ms.filter(ok)
            if isinstance(choice, TimeChoice) and ms.len() < times.ms.count():
                # Some rows have a time and another fault: what is told of times is told of the good rows.
                good = parse_times(block.frame[f"c{choice.index}"].filter(ok), choice.time_format, self._zone)
        written.zoneless += good.zoneless
        written.cut += good.cut
        low, high = ms.min(), ms.max()
        if isinstance(low, int) and isinstance(high, int):
            written.add_range(low, high)
            if written.times is not None:
                written.times.add(ms)
            self._put(frame, ms, columns, written)

    def _write_bad(self, block: Block, choice: TimeChoice | Problem | None, judged: _Judged | None) -> None:
        """Write the block's bad records in file order: those of broken shape, and those with a fault."""
        found: list[tuple[int, list[str] | dict[str, str], list[RowError]]] = [
            (bad.ordinal, bad.fields, [bad.error]) for bad in block.bad
        ]
        if judged is not None and not judged.ok.all():
            frame = block.frame.filter(~judged.ok)
            misfits = self._misfits(block, choice, judged)
            for row, cells in zip((~judged.ok).arg_true().to_list(), frame.iter_rows(), strict=True):
                errors = self._errors(block, row, judged, misfits.get(row, []))
                found.append((block.good[row], self._fields(cells), errors))
            found.sort(key=lambda entry: entry[0])
        for ordinal, fields, errors in found:
            self._rejects.write(block.place(ordinal), fields, errors)

    def _fields(self, cells: Sequence[str]) -> dict[str, str]:
        """A row by its columns, without those that are not loaded: it may come back as it is, put right."""
        labelled = enumerate(zip(self._labels, cells, strict=True))
        return {label: cell for index, (label, cell) in labelled if index not in self._unloaded}

    def _misfits(
        self, block: Block, choice: TimeChoice | Problem | None, judged: _Judged
    ) -> dict[int, list[tuple[int, RowError]]]:
        """By row, the columns whose value is not of their type, and why; the time is told last, and as a time."""
        found: dict[int, list[tuple[int, RowError]]] = {}
        if judged.read is not None and self._types is not None:
            found = self._types.errors(block.frame, judged.read)
        if not isinstance(choice, TimeChoice) or judged.times is None:
            return found
        timeless = judged.times.ms.is_null()
        label, values = self._labels[choice.index], block.frame[f"c{choice.index}"].filter(timeless)
        errors = time_errors(values, label, choice.time_format, self._zone)
        for row, error in zip(timeless.arg_true().to_list(), errors, strict=True):
            others = [one for one in found.get(row, []) if one[0] != choice.index]
            found[row] = [*others, (choice.index, error)]
        return found

    def _errors(
        self, block: Block, row: int, judged: _Judged, misfits: Sequence[tuple[int, RowError]]
    ) -> list[RowError]:
        """What is wrong with a row: its values, then what else the contract asks for."""
        errors = [error for _, error in misfits]
        if judged.judgement is not None:
            known = {} if self._types is None else self._types.columns
            unread = frozenset(known[index].name for index, _ in misfits if index in known)
            errors += judged.judgement.errors(block, row, unread)
        return errors

    def _stop(self, written: Written) -> Verdict:
        """Reject a file that was not read to its end: its bad rows are too many already."""
        rejects = self._rejects.close()
        self._parts.discard()
        self._report.set_stopped(self._rejects, rejects)
        causes = self._rejects.problems.causes()
        return self._report.reject([self._limits.problem_early(self._rejects.rows, written.seen, causes)])

    def _conclude(
        self, survey: Survey, choice: TimeChoice | Problem | None, columns: list[ColumnWriter], written: Written
    ) -> Verdict:
        rejects = self._rejects.close()
        parts = self._parts.close()
        read = written.accepted + self._rejects.rows
        self._begin(Pass.RECOUNT)
        second = self._reader.count_again()
        self._report.set_file(self._opened.describe(), self._names)
        self._report.set_rows(read, written.accepted, second, self._rejects, rejects)
        in_parts = sum(part.rows for part in parts)
        lost = self._request.write_rows and not self._refused and in_parts != written.accepted
        if not read == second == survey.records or lost:
            self._parts.discard()
            return self._report.reject([count_mismatch(read, second, survey.records, in_parts)])
        if choice is None or not written.accepted:
            return self._report.reject([no_valid_rows(read, self._rejects.counts)])
        self._report.set_columns(columns, survey.columns)
        if (problem := self._too_many(read, written)) is not None:
            self._parts.discard()
            return self._report.reject([problem])
        judged: dict[str, Any] = {
            "rows_read": read,
            "rows_accepted": written.accepted,
            "rows_rejected": self._rejects.rows,
            "second_count": second,
            "parts": parts,
            "columns": [
                Column(
                    name=column.name,
                    type=column.type,
                    source_name=self._reader.header[int(column.source[1:])],
                    logical_type=column.logical_type,
                )
                for column in columns
            ],
            "reject_counts": dict(self._rejects.counts),
            "rejects": rejects,
            "report": self._report.name,
        }
        if isinstance(choice, Problem):
            return self._report.leave_untimed(Untimed(**judged, question=choice))
        time_column = TimeColumn(
            source_name=self._reader.header[choice.index],
            format=choice.time_format,
            zone=written.zone_taken(choice.time_format),
            note=written.note(choice.time_format),
        )
        return self._report.accept(
            Accepted(
                **judged,
                time_column=time_column,
                time_min_ms=written.low_ms,
                time_max_ms=written.high_ms,
                rows_by_time=None if written.times is None else written.times.told(),
                reading=self._reading(choice, columns, survey),
                rejected_records=None if self._rejects.records is None else carried(self._rejects.records),
                corrected_records=str(RecordSet(self._corrected)) if len(self._corrected) == written.accepted else None,
            )
        )

    def _too_many(self, read: int, written: Written) -> Problem | None:
        """Too many bad rows, or more good ones than a correction may have."""
        if self._refused:
            return self._limits.problem(self._rejects.rows, read, self._rejects.problems.causes())
        if self._correction is not None and written.accepted > self._correction.rows:
            return more_than_the_gap(written.accepted, self._correction.rows)
        return None

    def _reading(
        self, choice: TimeChoice, columns: Sequence[ColumnWriter], survey: Survey
    ) -> tuple[ExpectedColumn, ...]:
        """How the columns were read, in the order of the file."""
        header = self._reader.header
        known = {} if self._types is None else self._types.columns
        reading = {
            index: ExpectedColumn(
                name=column.name,
                source_name=header[index],
                type=column.logical_type,
                time_format=survey.columns[index].time_format if column.logical_type in _WRITTEN_AS else None,
                decimal_mark=column.style.decimal_mark if column.style else ".",
                thousands=column.style.thousands if column.style else None,
            )
            if index not in known
            else known[index]
            for index, column in ((int(column.source[1:]), column) for column in columns)
        }
        reading[choice.index] = ExpectedColumn(
            name=self._names[choice.index].name,
            source_name=header[choice.index],
            type="time",
            time_format=choice.time_format,
            zone=self._options.time_zone,
        )
        return tuple(reading[index] for index in sorted(reading))


def _labels(header: Sequence[str], names: Sequence[ColumnName]) -> list[str]:
    """The name under which each column is spoken of: its own where that is unmistakable."""
    return [
        name.source_name.strip()
        if name.reason == "reserved name" and header.count(name.source_name) == 1
        else name.name
        for name in names
    ]
