"""The two passes over a file: first what it is, over all rows; then the canonical parts and the rejects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from .block import Block, RowError
from .canonical import ColumnWriter, canonical_lines, typed_columns
from .file_problems import count_mismatch, no_valid_rows
from .formats.opening import Opened, open_file
from .formats.scratch import Scratch
from .header import ColumnName, name_columns
from .parts import PartWriter
from .progress import Pass
from .rejects import RejectsWriter
from .report import Report
from .request import ParseRequest
from .survey import Survey, survey_file
from .timechoice import TimeChoice, check_options, choose_time, find_named, list_candidates
from .timerules import time_error
from .timestamps import parse_times
from .verdict import Accepted, BadFile, Code, Column, Problem, TimeColumn, Untimed, Verdict
from .written import Written
from .zones import UTC

# What may stay a question while the rows are judged.
_OPEN_TIME = (Code.TIMESTAMP_MISSING, Code.TIMESTAMP_AMBIGUOUS)


def parse_file(request: ParseRequest, *, begin: Callable[[Pass], None] = lambda _: None) -> Verdict:
    """Judge one file and write its canonical files into `request.output_dir`.

    A bad file is a `Rejected`; an exception is a fault of the program or the machine. `begin` is called before each
    pass over the file.
    """
    report = Report(request)
    try:
        check_options(request.options)
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
        self._zone = request.options.time_zone or UTC
        self._names: list[ColumnName] = name_columns(reader.header)
        self._labels = _labels(reader.header, self._names)
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
        options = self._request.options
        wanted = options.timestamp_column
        named = None if wanted is None else find_named(wanted, self._reader.header, [name.name for name in self._names])
        self._begin(Pass.SURVEY)
        survey = survey_file(self._reader, self._labels, options, named)
        self._report.set_survey(survey.records, survey.blank_lines)
        if not survey.records:
            return self._report.reject([Problem(code=Code.NO_ROWS, message="The file has a header and no rows.")])
        choice = self._choose(survey, named) if survey.good else None
        time_index = choice.index if isinstance(choice, TimeChoice) else None
        columns = [
            ColumnWriter(index, name.name, survey.columns[index].logical_type, survey.columns[index].time_format)
            for index, name in enumerate(self._names)
            if choice is not None and index != time_index
        ]
        self._begin(Pass.WRITE)
        if isinstance(choice, Problem) and (self._request.require_time or choice.code not in _OPEN_TIME):
            return self._refuse(choice, columns, survey)
        written = self._write(choice, columns)
        return self._conclude(survey, choice, columns, written)

    def _choose(self, survey: Survey, named: int | None) -> TimeChoice | Problem:
        """The time, or what stands against choosing one; the report has the evidence either way."""
        tallies = [column.times for column in survey.columns]
        choice: TimeChoice | Problem
        try:
            choice = choose_time(tallies, self._labels, self._request.options, named)
        except BadFile as bad:
            choice = bad.problem
        self._report.set_time(list_candidates(tallies, self._labels, choice))
        return choice

    def _refuse(self, problem: Problem, columns: Sequence[ColumnWriter], survey: Survey) -> Verdict:
        """Reject the file for its time, and describe its columns all the same: they show what the time may be."""
        for block in self._reader.blocks():
            typed_columns(block.frame, columns)
        self._report.set_columns(columns, survey.columns)
        return self._report.reject([problem])

    def _write(self, choice: TimeChoice | Problem | None, columns: list[ColumnWriter]) -> Written:
        written = Written(self._zone)
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
            typed_columns(frame, columns)
        written.accepted += frame.height

    def _write_good(self, block: Block, choice: TimeChoice, columns: list[ColumnWriter], written: Written) -> pl.Series:
        """Write the rows whose time parses; say which they are."""
        times = parse_times(block.frame[f"c{choice.index}"], choice.time_format, self._zone)
        written.zoneless += times.zoneless
        written.cut += times.cut
        ok = times.ms.is_not_null()
        frame, ms = block.frame, times.ms
        if not ok.all():
            frame, ms = frame.filter(ok), ms.filter(ok)
        low, high = ms.min(), ms.max()
        if isinstance(low, int) and isinstance(high, int):
            written.add_range(low, high)
            self._put(frame, ms, columns, written)
        return ok

    def _write_bad(self, block: Block, choice: TimeChoice | Problem | None, ok: pl.Series | None) -> None:
        """Write the block's bad records in file order: those of broken shape, and those without a time."""
        found: list[tuple[int, list[str] | dict[str, str], RowError]] = [
            (bad.ordinal, bad.fields, bad.error) for bad in block.bad
        ]
        if isinstance(choice, TimeChoice) and ok is not None and not ok.all():
            for row in (~ok).arg_true().to_list():
                cells = block.frame.row(row)
                error = time_error(cells[choice.index], self._labels[choice.index], choice.time_format, self._zone)
                found.append((block.good[row], dict(zip(self._labels, cells, strict=True)), error))
            found.sort(key=lambda entry: entry[0])
        for ordinal, fields, error in found:
            self._rejects.write(block.place(ordinal), fields, error)

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
        lost = self._request.write_rows and in_parts != written.accepted
        if not read == second == survey.records or lost:
            self._parts.discard()
            return self._report.reject([count_mismatch(read, second, survey.records, in_parts)])
        if choice is None or not written.accepted:
            return self._report.reject([no_valid_rows(read, self._rejects.counts)])
        self._report.set_columns(columns, survey.columns)
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
            Accepted(**judged, time_column=time_column, time_min_ms=written.low_ms, time_max_ms=written.high_ms)
        )


def _labels(header: Sequence[str], names: Sequence[ColumnName]) -> list[str]:
    """The name under which each column is spoken of: its own where that is unmistakable."""
    return [
        name.source_name.strip()
        if name.reason == "reserved name" and header.count(name.source_name) == 1
        else name.name
        for name in names
    ]
