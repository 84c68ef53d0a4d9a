"""How the command line shows a report to a person: lines of at most 80 columns, the verdict first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.validator.engine.document import FileReport

from .head import head_lines
from .lines import HEAD, WIDTH, Line, fit, section, shown
from .next_steps import next_step_lines
from .problems import drift_lines, parted, problem_lines, question_lines
from .table import COLUMNS_SHOWN, column_lines, reasons
from .times import time_lines

__all__ = ["WIDTH", "Line", "inference_lines", "validation_lines"]


def validation_lines(
    report: FileReport, name: str, written: Mapping[str, str] | None = None, said: Mapping[str, str] | None = None
) -> list[Line]:
    """The whole report on the file called `name`: verdict, columns, problems, what to do next.

    `written` says where the `good rows` and the `bad rows` are, when they were written; `said` are the options by which
    the file was read, which the next command needs too.
    """
    written = written or {}
    faults, questions = parted(report)
    return [
        *head_lines(report, name),
        *column_lines(report),
        *time_lines(report.timestamp),
        *drift_lines(report.drift),
        *problem_lines(faults),
        *question_lines(questions),
        *_written(written),
        *next_step_lines(report, name, said or {}, questions, bad_rows_wanted="bad rows" not in written),
    ]


def inference_lines(report: FileReport) -> list[Line]:
    """The columns, why they are not of a narrower type, and what speaks for the time."""
    _, questions = parted(report)
    why = [reason for column in report.columns[:COLUMNS_SHOWN] for reason in reasons(column)]
    return [
        *column_lines(report),
        *section("Why", why),
        *time_lines(report.timestamp),
        *question_lines(questions),
    ]


def _written(written: Mapping[str, str]) -> Iterator[Line]:
    if written:
        yield from (Line(""), Line("  Written", HEAD))
    for rows, place in written.items():
        yield Line(fit(f"    {rows}: {shown(place)}"))
