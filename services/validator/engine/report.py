"""The JSON report beside the parts: how the file was read, what became of every column, why rows were refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import JsonValue

from .canonical import ColumnWriter
from .columns import ColumnSurvey, describe
from .header import TASK_ID, TIME, ColumnName
from .rejects import RejectsWriter
from .request import ParseRequest
from .verdict import Accepted, Problem, Rejected, RejectsFile, TimeColumn

REPORT_NAME = "report.json"
_RECORDS_NOTE = "Record numbers count data records from 1; the header and blank lines have none. Lines count from 1."


class Report:
    """Collects what is known while the file is read, and is written with the verdict whatever that is."""

    name = REPORT_NAME

    def __init__(self, request: ParseRequest) -> None:
        self._path: Path = request.output_dir / REPORT_NAME
        self._body: dict[str, JsonValue] = {
            "task_id": request.task_id,
            "original_filename": request.original_filename,
            "options": request.options.model_dump(exclude_none=True),
            "notes": [_RECORDS_NOTE],
        }
        self._known: dict[str, int] = {}
        self._reject_counts: dict[str, int] = {}
        self._rejects: RejectsFile | None = None

    def set_file(self, reading: dict[str, JsonValue], names: Sequence[ColumnName]) -> None:
        """How the bytes were read, and which columns did not keep their name."""
        self._body["reading"] = reading
        self._body["renamed"] = [
            {"position": position, "source_name": name.source_name, "name": name.name, "reason": name.reason}
            for position, name in enumerate(names, start=1)
            if name.reason
        ]

    def set_survey(self, records: int, blank_lines: int) -> None:
        """The figures of the first pass."""
        self._known["rows_read"] = records
        self._body["blank_lines"] = blank_lines

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
        self._body["reject_samples"] = dict(rejects.samples)
        self._body["reject_totals"] = [
            {"rule": rule, "column": column, "count": count}
            for (rule, column), count in sorted(
                rejects.totals.items(), key=lambda entry: (entry[0][0], entry[0][1] or "")
            )
        ]

    def set_time(self, candidates: list[JsonValue], zone: str | None) -> None:
        """Every column and format that reads any value as a time, and the zone for values that name none."""
        self._body["time"] = {"candidates": candidates, "zone": zone or "UTC", "zone_declared": zone is not None}

    def set_columns(self, columns: Sequence[ColumnWriter], surveys: Sequence[ColumnSurvey], *, over: str) -> None:
        """What became of every column. Types are over all well-formed rows, figures over those that `over` names."""
        self._body["columns"] = [describe(column, surveys[int(column.source[1:])]) for column in columns]
        self._body["figures_over"] = over

    def set_time_column(self, time: TimeColumn, time_index: int) -> None:
        """Which column became the time."""
        self._body["time_column"] = {
            **time.model_dump(),
            "position": time_index + 1,
            "becomes": TIME,
            "repeated_as_a_column": False,
        }
        self._body["added_columns"] = [TIME, TASK_ID]

    def accept(self, verdict: Accepted) -> Accepted:
        """Write the report of an accepted file."""
        self._body["verdict"] = verdict.model_dump(mode="json")
        self._write()
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
        self._body["verdict"] = verdict.model_dump(mode="json")
        self._write()
        return verdict

    def _write(self) -> None:
        self._path.write_text(json.dumps(self._body, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
