"""The two passes over a file: first what it is, over all rows; then the canonical parts and the rejects."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from .block import Block, RowError
from .canonical import ColumnWriter, canonical_lines
from .formats.declared import column_type
from .formats.opening import Opened, open_file
from .formats.scratch import Scratch
from .header import ColumnName, name_columns
from .infer import TypeTally, is_null
from .parts import PartWriter
from .rejects import RejectsWriter
from .report import Report
from .request import ParseRequest
from .timechoice import TimeChoice, TimeTally, check_options, choose_time, find_named, is_time_name
from .timestamps import EPOCH_MILLIS, EPOCH_SECONDS, parse_times
from .verdict import Accepted, BadFile, Code, Column, Problem, Rejected, TimeColumn


@dataclass(slots=True)
class _Survey:
    """What the first pass found."""

    types: list[TypeTally]
    times: dict[int, TimeTally]
    records: int = 0
    good: int = 0
    blank_lines: int = 0


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
        with Scratch(request.output_dir) as scratch:
            return _Parse(request, open_file(request, scratch), report).run()
    except BadFile as bad:
        return report.reject([bad.problem])


class _Parse:
    def __init__(self, request: ParseRequest, opened: Opened, report: Report) -> None:
        self._request = request
        self._opened = opened
        self._reader = reader = opened.reader
        self._report = report
        self._names: list[ColumnName] = name_columns(reader.header)
        self._parts = PartWriter(request.output_dir, request.limits.part_bytes)
        self._rejects = RejectsWriter(request.output_dir, request.limits.max_problem_samples)
        report.set_file(opened.describe(), self._names)

    def run(self) -> Accepted | Rejected:
        """Both passes; when the file turns out unreadable no part is left behind."""
        try:
            return self._run()
        except BadFile:
            self._parts.discard()
            raise

    def _run(self) -> Accepted | Rejected:
        labels = self._labels()
        wanted = self._request.options.timestamp_column
        named = None if wanted is None else find_named(wanted, self._reader.header, [name.name for name in self._names])
        survey = self._survey(named)
        self._report.set_survey(survey.records, survey.blank_lines)
        if not survey.records:
            return self._report.reject([Problem(code=Code.NO_ROWS, message="The file has a header and no rows.")])
        choice = None
        if survey.good:
            tallies = [survey.times.get(index, TimeTally(by_number=False)) for index in range(len(labels))]
            choice = choose_time(tallies, labels, self._request.options, named)
        columns = [
            ColumnWriter(index, name.name, column_type(self._reader.types[index], survey.types[index]))
            for index, name in enumerate(self._names)
            if choice is not None and index != choice.index
        ]
        written = self._write(choice, columns)
        return self._conclude(survey, choice, columns, written)

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
        )
        for block in self._reader.blocks():
            survey.records += block.records
            survey.blank_lines += block.blank_lines
            if block.frame.height:
                survey.good += block.frame.height
                _survey_types(block, survey.types)
                for index, tally in survey.times.items():
                    tally.add(block.frame[f"c{index}"])
        return survey

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
            self._parts.write(canonical_lines(frame, ms, columns, self._request.task_id))
            written.accepted += frame.height
        return ok

    def _write_bad(self, block: Block, choice: TimeChoice | None, ok: pl.Series | None) -> None:
        """Write the block's bad records in file order: those of broken shape, and those without a time."""
        found: list[tuple[int, list[str] | dict[str, str], RowError]] = [
            (bad.ordinal, bad.fields, bad.error) for bad in block.bad
        ]
        if choice is not None and ok is not None and not ok.all():
            labels = self._labels()
            for row in (~ok).arg_true().to_list():
                cells = block.frame.row(row)
                error = _time_error(cells[choice.index], labels[choice.index], choice.time_format)
                found.append((block.good[row], dict(zip(labels, cells, strict=True)), error))
            found.sort(key=lambda entry: entry[0])
        for ordinal, fields, error in found:
            self._rejects.write(block.place(ordinal), fields, error)

    def _conclude(
        self, survey: _Survey, choice: TimeChoice | None, columns: list[ColumnWriter], written: _Written
    ) -> Accepted | Rejected:
        rejects = self._rejects.close()
        parts = self._parts.close()
        read = written.accepted + self._rejects.rows
        second = self._reader.count_again()
        self._report.set_file(self._opened.describe(), self._names)
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
            note=_time_note(choice.time_format, written),
        )
        self._report.set_columns(columns, survey.types, time_column, choice.index)
        return self._report.accept(
            Accepted(
                rows_read=read,
                rows_accepted=written.accepted,
                rows_rejected=self._rejects.rows,
                second_count=second,
                parts=parts,
                columns=tuple(
                    Column(name=column.name, type=column.type, source_name=self._reader.header[int(column.source[1:])])
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


def _survey_types(block: Block, types: list[TypeTally]) -> None:
    open_types = [(index, tally) for index, tally in enumerate(types) if not tally.is_text]
    sure = block.frame.select(pl.col(f"c{index}").str.contains(tally.sure_pattern) for index, tally in open_types)
    good = None if isinstance(block.good, range) else list(block.good)
    for index, tally in open_types:
        tally.add(block.frame[f"c{index}"], sure[f"c{index}"], good, block.first_record)


def _time_error(value: str, column: str, time_format: str) -> RowError:
    if is_null(pl.Series([value])).any():
        return RowError(Code.TIMESTAMP_MISSING, "the time is missing", column)
    return RowError(Code.TIMESTAMP_INVALID, f"{value[:80]!r} cannot be read as {time_format}", column)


def _time_note(time_format: str, written: _Written) -> str:
    if time_format in (EPOCH_SECONDS, EPOCH_MILLIS):
        return "epochs are UTC"
    notes = []
    if written.zoneless == written.accepted:
        notes.append("no value names a zone: all are taken as UTC")
    elif written.zoneless:
        notes.append(f"{written.zoneless:,} values name no zone and are taken as UTC; the others say their own")
    else:
        notes.append("every value names its zone")
    if written.cut:
        notes.append(f"{written.cut:,} values were cut to the millisecond")
    return "; ".join(notes)


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
