"""The two passes over a file: first what it is, over all rows; then the canonical parts and the rejects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl

from .block import Block, RowError
from .canonical import ColumnWriter, canonical_lines, cast_columns
from .cells import CellReading, CellSurvey, check_marks
from .file_problems import count_mismatch, no_valid_rows
from .formats.declared import column_type
from .formats.opening import Opened, open_file
from .formats.scratch import Scratch
from .header import ColumnName, name_columns
from .infer import TypeTally, is_null
from .parts import PartWriter
from .progress import Pass
from .rejects import RejectsWriter
from .report import Report
from .request import ParseRequest
from .timechoice import TimeChoice, TimeTally, check_options, choose_time, find_named, is_time_name
from .timestamps import EPOCH_MILLIS, EPOCH_SECONDS, parse_times
from .verdict import Accepted, BadFile, Code, Column, Problem, TimeColumn, Untimed, Verdict
from .written import Written

# What may stay a question while the rows are judged.
_OPEN_TIME = (Code.TIMESTAMP_MISSING, Code.TIMESTAMP_AMBIGUOUS)


@dataclass(slots=True)
class _Survey:
    """What the first pass found."""

    types: list[TypeTally]
    times: dict[int, TimeTally]
    cells: CellSurvey
    records: int = 0
    good: int = 0
    blank_lines: int = 0


def parse_file(request: ParseRequest, *, begin: Callable[[Pass], None] = lambda _: None) -> Verdict:
    """Judge one file and write its canonical files into `request.output_dir`.

    A bad file is a `Rejected`; an exception is a fault of the program or the machine. `begin` is called before each
    pass over the file.
    """
    report = Report(request)
    try:
        check_options(request.options)
        check_marks(request.options)
        with Scratch(request.output_dir) as scratch:
            return _Parse(request, open_file(request, scratch), report, begin).run()
    except BadFile as bad:
        return report.reject([bad.problem])


class _Parse:
    def __init__(self, request: ParseRequest, opened: Opened, report: Report, begin: Callable[[Pass], None]) -> None:
        self._request = request
        self._begin = begin
        self._opened = opened
        self._reader = reader = opened.reader
        self._report = report
        self._names: list[ColumnName] = name_columns(reader.header)
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

    def _run(self) -> Verdict:
        wanted = self._request.options.timestamp_column
        named = None if wanted is None else find_named(wanted, self._reader.header, [name.name for name in self._names])
        self._begin(Pass.SURVEY)
        survey = self._survey(named)
        self._report.set_survey(survey.records, survey.blank_lines)
        if not survey.records:
            return self._report.reject([Problem(code=Code.NO_ROWS, message="The file has a header and no rows.")])
        choice = self._choose(survey, named) if survey.good else None
        time_index = choice.index if isinstance(choice, TimeChoice) else None
        readings = survey.cells.conclude(survey.types)
        if survey.cells.dropped is not None:
            self._report.add_reading(trailing_delimiter="the last column has neither a name nor a value: it is dropped")
        columns = [
            self._writer(index, name.name, survey.types[index], readings.get(index))
            for index, name in enumerate(self._names)
            if choice is not None and index not in (time_index, survey.cells.dropped)
        ]
        self._begin(Pass.WRITE)
        written = self._write(choice, columns)
        return self._conclude(survey, choice, columns, written)

    def _writer(self, index: int, name: str, tally: TypeTally, reading: CellReading | None) -> ColumnWriter:
        if reading is None:
            return ColumnWriter(index, name, column_type(self._reader.types[index], tally))
        return ColumnWriter(index, name, reading.type, reading.style, reading.note)

    def _choose(self, survey: _Survey, named: int | None) -> TimeChoice | Problem:
        """The time; or, where it is not required, what stands against choosing one."""
        labels = self._labels()
        tallies = [survey.times.get(index, TimeTally(by_number=False)) for index in range(len(labels))]
        try:
            return choose_time(tallies, labels, self._request.options, named)
        except BadFile as bad:
            if self._request.require_time or bad.problem.code not in _OPEN_TIME:
                raise
            return bad.problem

    def _labels(self) -> list[str]:
        """The name under which each column is spoken of: its own where that is unmistakable."""
        header = self._reader.header
        return [
            name.source_name.strip()
            if name.reason == "reserved name" and header.count(name.source_name) == 1
            else name.name
            for name in self._names
        ]

    def _survey(self, named: int | None) -> _Survey:
        labels = self._labels()
        watched = range(len(labels)) if named is None else [named]
        declared = self._request.options.timestamp_format
        unit = declared if named is not None and declared in (EPOCH_SECONDS, EPOCH_MILLIS) else None
        survey = _Survey(
            types=[TypeTally() for _ in labels],
            times={
                index: TimeTally(by_number=named is not None or is_time_name(labels[index]), trusted_unit=unit)
                for index in watched
            },
            cells=CellSurvey(
                self._reader.header,
                self._request.options,
                delimited=self._opened.describe()["format"] == "delimited",
            ),
        )
        for block in self._reader.blocks():
            survey.records += block.records
            survey.blank_lines += block.blank_lines
            if block.frame.height:
                survey.good += block.frame.height
                _survey_types(block, survey.types)
                survey.cells.add(block.frame, survey.types, partial(_survey_numbers, block))
                for index, tally in survey.times.items():
                    tally.add(block.frame[f"c{index}"])
        return survey

    def _write(self, choice: TimeChoice | Problem | None, columns: list[ColumnWriter]) -> Written:
        written = Written()
        for block in self._reader.blocks():
            ok = None
            if isinstance(choice, TimeChoice) and block.frame.height:
                ok = self._write_good(block, choice, columns, written)
            elif isinstance(choice, Problem) and block.frame.height:
                self._put(block.frame, None, columns, written)
            self._write_bad(block, choice, ok)
        return written

    def _put(
        self, frame: pl.DataFrame, ms: pl.Series | None, columns: Sequence[ColumnWriter], written: Written
    ) -> None:
        if self._request.write_rows:
            self._parts.write(canonical_lines(frame, ms, columns, self._request.task_id))
        else:
            cast_columns(frame, columns)
        written.accepted += frame.height

    def _write_good(self, block: Block, choice: TimeChoice, columns: list[ColumnWriter], written: Written) -> pl.Series:
        """Write the rows whose time parses; say which they are."""
        times = parse_times(block.frame[f"c{choice.index}"], choice.time_format)
        written.zoneless += times.zoneless
        written.cut += times.cut
        ok = times.ms.is_not_null()
        frame, ms = block.frame, times.ms
        if not ok.all():
            frame, ms = frame.filter(ok), ms.filter(ok)
        low, high = ms.min(), ms.max()
        if isinstance(low, int) and isinstance(high, int):
            written.low_ms = low if written.low_ms is None else min(written.low_ms, low)
            written.high_ms = high if written.high_ms is None else max(written.high_ms, high)
            self._put(frame, ms, columns, written)
        return ok

    def _write_bad(self, block: Block, choice: TimeChoice | Problem | None, ok: pl.Series | None) -> None:
        """Write the block's bad records in file order: those of broken shape, and those without a time."""
        found: list[tuple[int, list[str] | dict[str, str], RowError]] = [
            (bad.ordinal, bad.fields, bad.error) for bad in block.bad
        ]
        if isinstance(choice, TimeChoice) and ok is not None and not ok.all():
            labels = self._labels()
            for row in (~ok).arg_true().to_list():
                cells = block.frame.row(row)
                error = _time_error(cells[choice.index], labels[choice.index], choice.time_format)
                found.append((block.good[row], dict(zip(labels, cells, strict=True)), error))
            found.sort(key=lambda entry: entry[0])
        for ordinal, fields, error in found:
            self._rejects.write(block.place(ordinal), fields, error)

    def _conclude(
        self, survey: _Survey, choice: TimeChoice | Problem | None, columns: list[ColumnWriter], written: Written
    ) -> Verdict:
        rejects = self._rejects.close()
        parts = self._parts.close()
        read = written.accepted + self._rejects.rows
        self._begin(Pass.RECOUNT)
        second = self._reader.count_again()
        self._report.set_file(self._opened.describe(), self._names)
        self._report.set_rows(read, written.accepted, second, self._rejects, rejects)
        in_parts = sum(part.rows for part in parts)
        lost = self._request.write_rows and in_parts != written.accepted
        if not read == second == survey.records or lost:
            self._parts.discard()
            return self._report.reject([count_mismatch(read, second, survey.records, in_parts)])
        if choice is None or not written.accepted:
            return self._report.reject([no_valid_rows(read, self._rejects.counts)])
        self._report.set_columns(columns, survey.types)
        judged: dict[str, Any] = {
            "rows_read": read,
            "rows_accepted": written.accepted,
            "rows_rejected": self._rejects.rows,
            "second_count": second,
            "parts": parts,
            "columns": [
                Column(name=column.name, type=column.type, source_name=self._reader.header[int(column.source[1:])])
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
            zone=written.zone(choice.time_format),
            note=written.note(choice.time_format),
        )
        self._report.set_time(time_column, self._labels()[choice.index], survey.times[choice.index])
        return self._report.accept(
            Accepted(**judged, time_column=time_column, time_min_ms=written.low_ms, time_max_ms=written.high_ms)
        )


def _survey_types(block: Block, types: list[TypeTally]) -> None:
    open_types = [(index, tally) for index, tally in enumerate(types) if not tally.is_text]
    sure = block.frame.select(pl.col(f"c{index}").str.contains(tally.sure_pattern) for index, tally in open_types)
    good = None if isinstance(block.good, range) else list(block.good)
    for index, tally in open_types:
        tally.add(block.frame[f"c{index}"], sure[f"c{index}"], good, block.first_record)


def _survey_numbers(block: Block, tally: TypeTally, numbers: pl.Series) -> None:
    if not tally.is_text:
        good = None if isinstance(block.good, range) else list(block.good)
        tally.add(numbers, numbers.str.contains(tally.sure_pattern), good, block.first_record)


def _time_error(value: str, column: str, time_format: str) -> RowError:
    if is_null(pl.Series([value])).any():
        return RowError(Code.TIMESTAMP_MISSING, "the time is missing", column, value)
    return RowError(Code.TIMESTAMP_INVALID, f"{value[:80]!r} cannot be read as {time_format}", column, value)
