"""The report beside the parts: how the file was read, what became of every column, why rows were refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from .canonical import ColumnWriter
from .columns import ColumnSurvey, describe
from .document import (
    Conclusion,
    Drift,
    FileReport,
    FoundProblem,
    ReportColumn,
    ReportDialect,
    Rows,
    TimeEvidence,
    Timestamp,
)
from .file_problems import found, open_time
from .header import ColumnName
from .isotext import iso_instant
from .rejects import RejectsWriter
from .request import ParseRequest
from .verdict import Accepted, Problem, Rejected, RejectsFile, Untimed

if TYPE_CHECKING:
    from shared.contract import DriftFound

REPORT_NAME = "report.json"


class Report:
    """Collects what is known while the file is read, and is written with the verdict whatever that is."""

    name = REPORT_NAME

    def __init__(self, request: ParseRequest) -> None:
        self._path: Path = request.output_dir / REPORT_NAME
        self._reading: dict[str, JsonValue] = {}
        self._columns: tuple[ReportColumn, ...] = ()
        self._evidence: tuple[TimeEvidence, ...] = ()
        self._timestamp: Timestamp | None = None
        self._row_problems: tuple[FoundProblem, ...] = ()
        self._known: dict[str, int] = {}
        self._drift: tuple[Drift, ...] | None = None
        self._reject_counts: dict[str, int] = {}
        self._rejects: RejectsFile | None = None

    def set_file(self, reading: dict[str, JsonValue], names: Sequence[ColumnName]) -> None:
        """How the bytes were read, and which columns there are; their types are told by `set_columns`."""
        self._reading = {**self._reading, **reading}
        self._columns = tuple(
            ReportColumn(
                name=name.name,
                source_name=name.source_name,
                renamed=name.reason,
                type=None,
                logical_type=None,
                nulls=None,
            )
            for name in names
        )

    def add_reading(self, **facts: JsonValue) -> None:
        """How the file was read, as far as only its rows could tell."""
        self._reading |= facts

    def set_drift(self, drifts: Sequence[DriftFound]) -> None:
        """What differs from the columns of the contract."""
        self._drift = tuple(
            Drift(
                kind=drift.kind,
                column=drift.column,
                decision=drift.decision,
                rule=drift.rule,
                type=drift.type,
                message=drift.sentence,
            )
            for drift in drifts
        )

    def set_survey(self, records: int | None, blank_lines: int) -> None:
        """The figures of the first pass; without `records` when it was not read to its end."""
        if records is not None:
            self._known["rows_read"] = records
        self._reading["blank_lines"] = blank_lines

    def set_rows(
        self, read: int, accepted: int, second: int, rejects: RejectsWriter, rejects_file: RejectsFile | None
    ) -> None:
        """The figures of the second pass and of reader 2, and the samples of bad rows."""
        self._known = {
            "rows_read": read,
            "rows_accepted": accepted,
            "rows_rejected": rejects.rows,
            "second_count": second,
        }
        self._reject_counts = dict(rejects.counts)
        self._rejects = rejects_file
        self._row_problems = rejects.problems.found()

    def set_stopped(self, rejects: RejectsWriter, rejects_file: RejectsFile | None) -> None:
        """What was found before a limit ended the reading; how many rows are bad is not known."""
        self._reject_counts = dict(rejects.counts)
        self._rejects = rejects_file
        self._row_problems = rejects.problems.found()

    def set_columns(self, columns: Sequence[ColumnWriter], surveys: Sequence[ColumnSurvey]) -> None:
        """What became of every column: figures over the rows that it was given, the type over all well-formed ones."""
        described = []
        for column in columns:
            facts = describe(column, surveys[column.index])
            described.append(
                ReportColumn.model_validate({**self._columns[column.index].model_dump(exclude_unset=True), **facts})
            )
        self._columns = tuple(described)

    def set_time(self, candidates: Sequence[JsonValue]) -> None:
        """The evidence for every column and format that reads any value as a time."""
        self._evidence = tuple(TimeEvidence.model_validate(candidate) for candidate in candidates)
        self._timestamp = open_time(self._evidence) if self._evidence else None

    def accept(self, verdict: Accepted) -> Accepted:
        """Write the report of an accepted file."""
        self._timestamp = _timestamp(verdict, self._evidence)
        self._write(_conclusion(verdict), ())
        return verdict

    def leave_untimed(self, verdict: Untimed) -> Untimed:
        """Write the report of a file whose rows are good and whose time is a question."""
        self._write(_conclusion(verdict), (verdict.question,))
        return verdict

    def reject(self, problems: Sequence[Problem]) -> Rejected:
        """Write the report of a rejected file, with whatever is known about it."""
        verdict = Rejected(
            problems=tuple(problems),
            rows_read=self._known.get("rows_read"),
            rows_accepted=self._known.get("rows_accepted"),
            rows_rejected=self._known.get("rows_rejected"),
            second_count=self._known.get("second_count"),
            reject_counts=self._reject_counts,
            rejects=self._rejects,
            report=self.name,
        )
        self._write("rejected", problems)
        return verdict

    def _write(self, conclusion: Conclusion, problems: Sequence[Problem]) -> None:
        document = FileReport(
            verdict=conclusion,
            rows=Rows.model_validate({name: self._known.get(f"rows_{name}") for name in Rows.model_fields}),
            format=self._read_as("format"),
            compression=self._read_as("compression"),
            encoding=self._read_as("encoding"),
            dialect=ReportDialect.model_validate(
                {name: value for name, value in self._reading.items() if name not in FileReport.model_fields}
            ),
            columns=self._columns,
            **({} if self._drift is None else {"drift": self._drift}),
            timestamp=self._timestamp,
            problems=(*(found(problem) for problem in problems), *self._row_problems),
        )
        self._path.write_text(document.to_json(), encoding="utf-8")

    def _read_as(self, name: str) -> str | None:
        value = self._reading.get(name)
        return value if isinstance(value, str) else None


def _conclusion(verdict: Accepted | Untimed) -> Conclusion:
    return "accepted_with_rejects" if verdict.rows_rejected else "accepted"


def _timestamp(verdict: Accepted, evidence: tuple[TimeEvidence, ...]) -> Timestamp:
    time = verdict.time_column
    return Timestamp(
        column=time.source_name,
        format=time.format,
        zone=time.zone,
        note=time.note,
        first=iso_instant(verdict.time_min_ms),
        last=iso_instant(verdict.time_max_ms),
        evidence=evidence,
    )
