"""From what was written, and from reader 2, to the verdict."""

from __future__ import annotations

from typing import Any

from shared.record_set import RecordSet, carried

from .case import Case
from .file_problems import count_mismatch, more_than_the_gap, no_valid_rows
from .plan import Plan
from .survey import Survey
from .timechoice import TimeChoice
from .verdict import Accepted, Column, ExpectedColumn, Problem, Rejected, TimeColumn, Untimed, Verdict
from .writing import Writing

_WRITTEN_AS = ("date", "timestamp")  # types whose values are written in a format


def stop(case: Case, writing: Writing) -> Rejected:
    """Reject a file that was not read to its end: its bad rows are too many already."""
    rejects = writing.rejects.close()
    writing.parts.discard()
    case.report.set_stopped(writing.rejects, rejects)
    causes = writing.rejects.problems.causes()
    return case.report.reject([case.limits.problem_early(writing.rejects.rows, writing.figures.seen, causes)])


def conclude(case: Case, survey: Survey, writing: Writing, second: int) -> Verdict:
    """The verdict on a file of which reader 2 has counted `second` rows."""
    plan, figures, rejected = writing.plan, writing.figures, writing.rejects
    rejects = rejected.close()
    parts = writing.parts.close()
    read = figures.accepted + rejected.rows
    case.report.set_file(case.opened.describe(), case.names)
    case.report.set_rows(read, figures.accepted, second, rejected, rejects)
    in_parts = sum(part.rows for part in parts)
    lost = case.request.write_rows and not writing.refused and in_parts != figures.accepted
    if not read == second == survey.records or lost:
        writing.parts.discard()
        return case.report.reject([count_mismatch(read, second, survey.records, in_parts)])
    if plan.choice is None or not figures.accepted:
        return case.report.reject([no_valid_rows(read, rejected.counts)])
    case.report.set_columns(plan.columns, survey.columns)
    if (problem := _too_many(case, read, writing)) is not None:
        writing.parts.discard()
        return case.report.reject([problem])
    judged: dict[str, Any] = {
        "rows_read": read,
        "rows_accepted": figures.accepted,
        "rows_rejected": rejected.rows,
        "second_count": second,
        "parts": parts,
        "columns": [
            Column(
                name=column.name,
                type=column.type,
                source_name=case.reader.header[column.index],
                logical_type=column.logical_type,
                empty=column.nulls == figures.accepted or None,
            )
            for column in plan.columns
        ],
        "reject_counts": dict(rejected.counts),
        "rejects": rejects,
        "report": case.report.name,
    }
    if isinstance(plan.choice, Problem):
        return case.report.leave_untimed(Untimed(**judged, question=plan.choice))
    return case.report.accept(
        Accepted(
            **judged,
            time_column=TimeColumn(
                source_name=case.reader.header[plan.choice.index],
                format=plan.choice.time_format,
                zone=figures.zone_taken(plan.choice.time_format),
                note=figures.note(plan.choice.time_format),
            ),
            time_min_ms=figures.low_ms,
            time_max_ms=figures.high_ms,
            rows_by_time=None if figures.times is None else figures.times.told(),
            reading=_reading(case, plan, plan.choice, survey),
            rejected_records=None if rejected.records is None else carried(rejected.records),
            corrected_records=(
                str(RecordSet(writing.corrected)) if len(writing.corrected) == figures.accepted else None
            ),
        )
    )


def _too_many(case: Case, read: int, writing: Writing) -> Problem | None:
    """Too many bad rows, or more good ones than a correction may have."""
    if writing.refused:
        return case.limits.problem(writing.rejects.rows, read, writing.rejects.problems.causes())
    if case.correction is not None and writing.figures.accepted > case.correction.rows:
        return more_than_the_gap(writing.figures.accepted, case.correction.rows)
    return None


def _reading(case: Case, plan: Plan, time: TimeChoice, survey: Survey) -> tuple[ExpectedColumn, ...]:
    """How the columns were read, in the order of the file."""
    header = case.reader.header
    known = {} if case.types is None else case.types.columns
    reading = {
        column.index: ExpectedColumn(
            name=column.name,
            source_name=header[column.index],
            type=column.logical_type,
            time_format=survey.columns[column.index].time_format if column.logical_type in _WRITTEN_AS else None,
            decimal_mark=column.style.decimal_mark if column.style else ".",
            thousands=column.style.thousands if column.style else None,
        )
        if column.index not in known
        else known[column.index]
        for column in plan.columns
    }
    reading[time.index] = ExpectedColumn(
        name=case.names[time.index].name,
        source_name=header[time.index],
        type="time",
        time_format=time.time_format,
        zone=case.options.time_zone,
    )
    return tuple(reading[index] for index in sorted(reading))
