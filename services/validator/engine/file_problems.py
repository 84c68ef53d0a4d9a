"""From a problem of the file as a whole to what the report says about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import JsonValue

from .document import FileReport, FoundProblem, ReportDialect, Rows, Sample, TimeEvidence, Timestamp
from .frictionless import frictionless_name
from .verdict import BadFile, Code, Problem

if TYPE_CHECKING:
    from shared.contract import DriftFound
    from shared.contract.loading_fit import Misfit

_LISTED_COLUMNS = 20


def count_mismatch(first: int, second: int, surveyed: int, in_parts: int) -> Problem:
    """The two readers do not agree."""
    return Problem(
        code=Code.COUNT_MISMATCH,
        message=(
            f"Two independent readers disagree on the number of rows: {first:,} and {second:,}. "
            "Nothing was loaded, because we do not guess which is right."
        ),
        detail={"first_count": first, "second_count": second, "surveyed": surveyed, "rows_in_parts": in_parts},
    )


def no_valid_rows(read: int, counts: dict[str, int]) -> Problem:
    """Every row is bad; `counts` says by which codes."""
    listed = ", ".join(f"{code} {count:,}" for code, count in sorted(counts.items()))
    return Problem(code=Code.NO_VALID_ROWS, message=f"None of the {read:,} rows is valid: {listed}.")


def more_than_the_gap(accepted: int, gap: int) -> Problem:
    """A correction has more good rows than there were rejected ones: some of them are loaded already."""
    message = (
        f"The file has {accepted:,} good rows, and {gap:,} rejected rows of the file that it corrects are open. "
        "Nothing was loaded. Send corrected rows only, each once."
    )
    return Problem(code=Code.MORE_THAN_THE_GAP, message=message, detail={"rows_accepted": accepted, "gap": gap})


def drifted(drifts: Sequence[DriftFound]) -> list[Problem]:
    """The file is refused for its columns: one problem for each kind of difference."""
    problems = []
    for rule in dict.fromkeys(drift.rule for drift in drifts):
        those = [drift for drift in drifts if drift.rule == rule]
        said = "; ".join(drift.sentence for drift in those[:_LISTED_COLUMNS])
        more = f"; and {len(those) - _LISTED_COLUMNS} more" if len(those) > _LISTED_COLUMNS else ""
        names: list[JsonValue] = [drift.column for drift in those]
        message = f"{said[0].upper()}{said[1:]}{more}. Send a file with the contract's columns, or change the contract."
        problems.append(Problem(code=Code(rule), message=message, detail={"columns": names}))
    return problems


def loading_unfit(found: Sequence[Misfit]) -> BadFile:
    """The columns do not bear how the datasource is loaded."""
    from shared.contract.faults import field_name  # noqa: PLC0415  # loads the models of contracts

    said = "; ".join(f"{field_name(('loading', *one.path))} {one.message}" for one in found[:_LISTED_COLUMNS])
    more = f"; and {len(found) - _LISTED_COLUMNS} more" if len(found) > _LISTED_COLUMNS else ""
    names: list[JsonValue] = list(dict.fromkeys(one.column for one in found))
    message = (
        f"The file cannot be loaded as the contract says: {said}{more}. "
        "Send a file that has these columns, or change the contract."
    )
    return BadFile(Code.LOADING, message, columns=names)


def time_options(problem: Problem) -> tuple[TimeEvidence, ...]:
    """The columns and formats between which the sender has to choose; none when that is not the problem."""
    options = problem.detail.get("options") if problem.code == Code.TIMESTAMP_AMBIGUOUS else None
    return tuple(TimeEvidence.model_validate(option) for option in options) if isinstance(options, list) else ()


def open_time(evidence: Sequence[TimeEvidence]) -> Timestamp:
    """The time as far as what is chosen or possible agrees on it."""
    possible = [one for one in evidence if one.standing != "runner_up"]
    columns = {one.timestamp_column for one in possible}
    formats = {time_format for one in possible for time_format in one.timestamp_format}
    return Timestamp(
        column=columns.pop() if len(columns) == 1 else None,
        format=formats.pop() if len(formats) == 1 else None,
        zone=None,
        note=None,
        first=None,
        last=None,
        evidence=tuple(evidence),
    )


def found(problem: Problem) -> FoundProblem:
    """The problem as the report has it, with a sample for every answer that the sender could give."""
    options = time_options(problem)
    samples = tuple(
        Sample(
            record=None,
            line=None,
            value=option.example,
            message=problem.message,
            suggestion=f"timestamp_column={option.timestamp_column} timestamp_format={time_format}",
        )
        for option in options
        for time_format in option.timestamp_format
    )
    plain = Sample(record=None, line=None, value=None, message=problem.message, suggestion=None)
    named = {option.timestamp_column for option in options}
    return FoundProblem(
        rule=problem.code,
        frictionless=frictionless_name(problem.code),
        column=named.pop() if len(named) == 1 else None,
        count=0,
        samples=samples or (plain,),
    )


def unread(problems: Sequence[Problem]) -> FileReport:
    """The report on a file whose reading was ended before it came to one."""
    return FileReport(
        verdict="rejected",
        rows=Rows(read=None, accepted=None, rejected=None),
        format=None,
        compression=None,
        encoding=None,
        dialect=ReportDialect(),
        columns=(),
        timestamp=None,
        problems=tuple(found(problem) for problem in problems),
    )
