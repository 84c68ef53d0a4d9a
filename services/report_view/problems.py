"""What is wrong with the file: columns that drifted, bad rows by their cause, questions that are open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from services.validator.engine.document import Drift, FileReport, FoundProblem, Sample

from .lines import BAD, DOUBTFUL, HEAD, QUIET, WIDTH, Line, fit, grouped, shown, wrapped

_PROBLEMS_SHOWN = 20
_SAMPLES_SHOWN = 3


def parted(report: FileReport) -> tuple[list[FoundProblem], list[FoundProblem]]:
    """The faults, and the questions that cost no row."""
    if report.verdict == "rejected":
        return list(report.problems), []
    return [one for one in report.problems if one.count], [one for one in report.problems if not one.count]


def drift_lines(drifts: Sequence[Drift]) -> Iterator[Line]:
    """Where the columns are not those of the contract."""
    if not drifts:
        return
    yield from (Line(""), Line("  Columns that are not as the contract has them", HEAD))
    for drift in drifts[:_PROBLEMS_SHOWN]:
        yield from wrapped(f"{drift.decision}: {shown(drift.message)}", "    ")
    if (more := len(drifts) - _PROBLEMS_SHOWN) > 0:
        yield Line(f"    and {grouped(more)} more: -o json has them all", QUIET)


def problem_lines(problems: Sequence[FoundProblem]) -> Iterator[Line]:
    """What rejects the file or its rows, with samples."""
    if not problems:
        return
    yield from (Line(""), Line("  Problems", HEAD))
    for problem in problems[:_PROBLEMS_SHOWN]:
        column = f" ({shown(problem.constraint)})" if problem.constraint else ""
        column += f" in {shown(problem.column)}" if problem.column else ""
        if not problem.count:
            yield Line(fit(f"    {problem.rule}{column}"), BAD)
            yield from wrapped(problem.samples[0].message if problem.samples else "", "      ")
            continue
        yield Line(fit(f"    {grouped(problem.count)} x {problem.rule}{column}"), DOUBTFUL)
        for sample in problem.samples[:_SAMPLES_SHOWN]:
            value = shown(sample.value or "")
            message = shown(sample.message)
            told = message if sample.value is None or value in message else f"{message}: {value}"
            yield from _with_suggestion(f"      {_place(sample)}: {told}", sample.suggestion)
    if (more := len(problems) - _PROBLEMS_SHOWN) > 0:
        yield Line(f"    and {grouped(more)} more kinds: -o json has them all", QUIET)


def _with_suggestion(text: str, suggestion: str | None) -> Iterator[Line]:
    """The text, and what must have been meant behind it, or below where that would be cut."""
    hint = f" ({shown(suggestion)}?)" if suggestion else ""
    if cell_len(text + hint) <= WIDTH:
        yield Line(text + hint)
        return
    yield Line(fit(text))
    if hint:
        yield Line(fit(f"        {hint.strip()}"))


def _place(sample: Sample) -> str:
    where = f"record {sample.record}" if sample.line is None else f"line {sample.line}"
    return where if sample.member is None else f"{shown(sample.member)}, {where}"


def question_lines(questions: Sequence[FoundProblem]) -> Iterator[Line]:
    """What ingestion would ask."""
    for question in questions:
        yield from (Line(""), Line("  To load it, the time has to be known", HEAD))
        yield from wrapped(question.samples[0].message if question.samples else question.rule, "    ")
