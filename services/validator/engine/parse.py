"""The two passes over a file: first what it is, over all rows; then the canonical parts and the rejects."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from .block import Block, RecordReader, RowError
from .canonical import ColumnWriter, canonical_lines, typed_columns
from .header import ColumnName, name_columns
from .parts import PartWriter
from .records import DelimitedReader
from .rejects import RejectsWriter
from .report import Report
from .request import ParseRequest
from .survey import Survey, survey_file
from .timechoice import TimeChoice, check_options, choose_time, find_named, list_candidates
from .timerules import time_error, time_note
from .timestamps import Times, parse_times
from .verdict import Accepted, BadFile, Code, Column, Problem, Rejected, TimeColumn
from .zones import UTC


@dataclass(slots=True)
class _Written:
    """What the second pass wrote."""

    accepted: int = 0
    low_ms: int | None = None
    high_ms: int | None = None
    zoneless: int = 0
    cut: int = 0


def parse_file(request: ParseRequest) -> Accepted | Rejected:
    """Judge one file and write its canonical files into `request.output_dir`.

    A bad file is a `Rejected`; an exception is a fault of the program or the machine.
    """
    report = Report(request)
    try:
        check_options(request.options)
        return _Parse(request, DelimitedReader(request), report).run()
    except BadFile as bad:
        return report.reject([bad.problem])


class _Parse:
    def __init__(self, request: ParseRequest, reader: RecordReader, report: Report) -> None:
        self._request = request
        self._reader = reader
        self._report = report
        self._names: list[ColumnName] = name_columns(reader.header)
        self._parts = PartWriter(request.output_dir, request.limits.part_bytes)
        self._rejects = RejectsWriter(request.output_dir, request.limits.max_problem_samples)
        report.set_file(reader.describe(), self._names)

    def run(self) -> Accepted | Rejected:
        """Both passes; when the file turns out unreadable no part is left behind."""
        try:
            return self._run()
        except BadFile:
            self._parts.discard()
            raise

    def _run(self) -> Accepted | Rejected:
        wanted = self._request.options.timestamp_column
        named = None if wanted is None else find_named(wanted, self._reader.header, [name.name for name in self._names])
        survey = survey_file(self._reader, self._labels(), self._request.options, named)
        self._report.set_survey(survey.records, survey.blank_lines)
        if not survey.records:
            return self._report.reject([Problem(code=Code.NO_ROWS, message="The file has a header and no rows.")])
        choice, problem = self._choose(survey, named)
        columns = [
            ColumnWriter(index, name.name, survey.columns[index].logical_type, survey.columns[index].time_format)
            for index, name in enumerate(self._names)
            if choice is None or index != choice.index
        ]
        if problem is not None:
            for block in self._reader.blocks():
                typed_columns(block.frame, columns)
            self._report.set_columns(columns, survey.columns, over="well-formed rows")
            return self._report.reject([problem])
        written = self._write(choice, columns)
        return self._conclude(survey, choice, columns, written)

    def _choose(self, survey: Survey, named: int | None) -> tuple[TimeChoice | None, Problem | None]:
        """The time column, or why there is none; neither when no row is well-formed."""
        if not survey.good:
            return None, None
        options, labels = self._request.options, self._labels()
        tallies = [column.times for column in survey.columns]
        try:
            choice, problem = choose_time(tallies, labels, options, named), None
        except BadFile as bad:
            choice, problem = None, bad.problem
        self._report.set_time(list_candidates(tallies, labels, choice), options.time_zone)
        return choice, problem

    def _labels(self) -> list[str]:
        """The name under which each column is spoken of: its own where that is unmistakable."""
        header = self._reader.header
        return [
            name.source_name.strip()
            if name.reason == "reserved name" and header.count(name.source_name) == 1
            else name.name
            for name in self._names
        ]

    def _write(self, choice: TimeChoice | None, columns: list[ColumnWriter]) -> _Written:
        written = _Written()
        for block in self._reader.blocks():
            ok = None
            if choice is not None and block.frame.height:
                ok = self._write_good(block, choice, columns, written)
            self._write_bad(block, choice, ok)
        return written

    def _write_good(
        self, block: Block, choice: TimeChoice, columns: list[ColumnWriter], written: _Written
    ) -> pl.Series:
        """Write the rows whose time parses; say which they are."""
        times = self._times(block, choice)
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
            self._parts.write(canonical_lines(frame, ms, columns, self._request.task_id))
            written.accepted += frame.height
        return ok

    def _times(self, block: Block, choice: TimeChoice) -> Times:
        zone = self._request.options.time_zone or UTC
        return parse_times(block.frame[f"c{choice.index}"], choice.time_format, zone)

    def _write_bad(self, block: Block, choice: TimeChoice | None, ok: pl.Series | None) -> None:
        """Write the block's bad records in file order: those of broken shape, and those without a time."""
        found: list[tuple[int, list[str] | dict[str, str], RowError]] = [
            (bad.ordinal, bad.fields, bad.error) for bad in block.bad
        ]
        if choice is not None and ok is not None and not ok.all():
            labels = self._labels()
            zone = self._request.options.time_zone or UTC
            for row in (~ok).arg_true().to_list():
                cells = block.frame.row(row)
                error = time_error(cells[choice.index], labels[choice.index], choice.time_format, zone)
                found.append((block.good[row], dict(zip(labels, cells, strict=True)), error))
            found.sort(key=lambda entry: entry[0])
        for ordinal, fields, error in found:
            self._rejects.write(block.place(ordinal), fields, error)

    def _conclude(
        self, survey: Survey, choice: TimeChoice | None, columns: list[ColumnWriter], written: _Written
    ) -> Accepted | Rejected:
        rejects = self._rejects.close()
        parts = self._parts.close()
        read = written.accepted + self._rejects.rows
        second = self._reader.count_again()
        self._report.set_rows(read, written.accepted, second, self._rejects, rejects)
        in_parts = sum(part.rows for part in parts)
        if not read == second == survey.records or in_parts != written.accepted:
            self._parts.discard()
            return self._report.reject([_count_mismatch(read, second, survey.records, in_parts)])
        if choice is None or written.low_ms is None or written.high_ms is None:
            message = f"None of the {read:,} rows is valid: {_listed(self._rejects.counts)}."
            return self._report.reject([Problem(code=Code.NO_VALID_ROWS, message=message)])
        time_column = TimeColumn(
            source_name=self._reader.header[choice.index],
            format=choice.time_format,
            note=time_note(
                choice.time_format,
                accepted=written.accepted,
                zoneless=written.zoneless,
                cut=written.cut,
                zone=self._request.options.time_zone,
            ),
        )
        self._report.set_columns(columns, survey.columns, over="accepted rows")
        self._report.set_time_column(time_column, choice.index)
        return self._report.accept(
            Accepted(
                rows_read=read,
                rows_accepted=written.accepted,
                rows_rejected=self._rejects.rows,
                second_count=second,
                parts=parts,
                columns=tuple(
                    Column(
                        name=column.name,
                        type=column.type,
                        source_name=self._reader.header[int(column.source[1:])],
                        logical_type=column.logical_type,
                    )
                    for column in columns
                ),
                time_column=time_column,
                time_min_ms=written.low_ms,
                time_max_ms=written.high_ms,
                reject_counts=dict(self._rejects.counts),
                rejects=rejects,
                report=self._report.name,
            )
        )


def _count_mismatch(read: int, second: int, surveyed: int, in_parts: int) -> Problem:
    return Problem(
        code=Code.COUNT_MISMATCH,
        message=(
            f"Two independent readers disagree on the number of rows: {read:,} and {second:,}. "
            "Nothing was loaded, because we do not guess which is right."
        ),
        detail={"first_count": read, "second_count": second, "surveyed": surveyed, "rows_in_parts": in_parts},
    )


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{code} {count:,}" for code, count in sorted(counts.items()))
