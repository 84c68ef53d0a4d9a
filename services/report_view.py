"""How the command line shows a report to a person: lines of at most 80 columns, the verdict first."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, chop_cells, set_cell_size

from services.validator.engine.document import (
    Drift,
    FileReport,
    FoundProblem,
    ReportColumn,
    ReportDialect,
    Sample,
    TimeEvidence,
    Timestamp,
)

WIDTH = 80
_COLUMNS_SHOWN = 50
_PROBLEMS_SHOWN = 20
_SAMPLES_SHOWN = 3
_ANSWERS_SHOWN = 6
_EVIDENCE_SHOWN = 10
_LEAST_VALUE_CELLS = 6
# The most that the cells of the table take: column, type, nulls, distinct. Least and greatest value share the rest.
_TABLE_CELLS = (20, 9, 11, 12)
_FIGURES = (2, 3)
_GAP = "  "  # between cells; figures stand at their right, so that a space before them is enough
_ARGUMENT_CELLS = 60
_LINE_GOES_ON_CELLS = 3  # a space before the word, a space and a backslash behind it
_GOOD, _DOUBTFUL, _BAD, _HEAD, _QUIET = "green", "yellow", "red", "bold", "dim"
_VERDICTS = {
    "accepted": ("ACCEPTED", _GOOD),
    "accepted_with_rejects": ("ACCEPTED WITH REJECTS", _DOUBTFUL),
    "rejected": ("REJECTED", _BAD),
}


Row = tuple[str, str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of plain text, and the style it has on a terminal."""

    text: str
    style: str = ""


def validation_lines(
    report: FileReport, name: str, written: Mapping[str, str] | None = None, said: Mapping[str, str] | None = None
) -> list[Line]:
    """The whole report on the file called `name`: verdict, columns, problems, what to do next.

    `written` says where the `good rows` and the `bad rows` are, when they were written; `said` are the options by which
    the file was read, which the next command needs too.
    """
    written = written or {}
    faults, questions = _parted(report)
    return [
        *_head(report, name),
        *_columns(report),
        *_time(report.timestamp),
        *_drift(report.drift),
        *_problems(faults),
        *_questions(questions),
        *_written(written),
        *_next_steps(report, name, said or {}, questions, bad_rows_wanted="bad rows" not in written),
    ]


def inference_lines(report: FileReport) -> list[Line]:
    """The columns, why they are not of a narrower type, and what speaks for the time."""
    _, questions = _parted(report)
    reasons = [reason for column in report.columns[:_COLUMNS_SHOWN] for reason in _reasons(column)]
    return [
        *_columns(report),
        *_section("Why", reasons),
        *_time(report.timestamp),
        *_questions(questions),
    ]


def _parted(report: FileReport) -> tuple[list[FoundProblem], list[FoundProblem]]:
    """The faults, and the questions that cost no row."""
    if report.verdict == "rejected":
        return list(report.problems), []
    return [one for one in report.problems if one.count], [one for one in report.problems if not one.count]


def _head(report: FileReport, name: str) -> Iterator[Line]:
    word, style = _VERDICTS[report.verdict]
    yield Line(_fit(f"{word}  {_shown(name)}"), style)
    rows = report.rows
    if rows.read is not None:
        figures = f"  {_number(rows.read)} rows read"
        if rows.accepted is not None and rows.rejected is not None:
            figures += f", {_number(rows.accepted)} good, {_number(rows.rejected)} bad"
        yield Line(figures)
    how = [report.compression, report.format, report.encoding]
    if report.dialect.delimiter:
        how.append(f"delimiter {report.dialect.delimiter!r}")
    if report.dialect.sheet is not None:
        how.append(f"sheet {_shown(report.dialect.sheet)}")
    if report.dialect.archive:
        how.append(f"{_number(len(report.dialect.members))} members of a {report.dialect.archive}")
    if said := ", ".join(part for part in how if part):
        yield Line(_fit(f"  {said}"), _QUIET)
    yield from _left_out(report.dialect)
    yield from _renamed(report.columns)


def _renamed(columns: Sequence[ReportColumn]) -> Iterator[Line]:
    """The columns whose header cell is not their name."""
    renamed = [f"{_shown(one.source_name) or '(blank)'} -> {_shown(one.name)}" for one in columns if one.renamed]
    if renamed:
        yield Line(_fit(f"  renamed: {', '.join(renamed)}"), _DOUBTFUL)


def _left_out(dialect: ReportDialect) -> Iterator[Line]:
    """What somebody may not expect: which part of the file was not read, and that it is not what its name says."""
    if dialect.header is False:
        yield Line("  no header: the columns are numbered", _DOUBTFUL)
    told = (
        ("before the header not read", dialect.skip_rows, dialect.skip_rows_evidence),
        ("of comments not read", dialect.comment_lines, f"they begin with {dialect.comment}"),
    )
    for what, count, why in told:
        if count:
            lines = "1 line" if count == 1 else f"{_number(count)} lines"
            yield from (Line(line.text, _DOUBTFUL) for line in _wrapped(f"{lines} {what}: {_shown(why or '')}", "  "))
    for said in dialect.overruled:
        yield from (Line(line.text, _DOUBTFUL) for line in _wrapped(_shown(said), "  "))
    if dialect.trailing_delimiter:
        yield from (Line(line.text, _DOUBTFUL) for line in _wrapped(dialect.trailing_delimiter, "  "))
    for what, names in (("sheets", dialect.other_sheets), ("members", dialect.skipped_members)):
        if names:
            yield Line(_fit(f"  {what} not read: {_shown(', '.join(names))}"), _DOUBTFUL)
    if dialect.disagreement:
        yield from (Line(line.text, _DOUBTFUL) for line in _wrapped(dialect.disagreement, "  "))


def _columns(report: FileReport) -> Iterator[Line]:
    rows = [_time_row(report.timestamp)] if report.timestamp and report.timestamp.zone else []
    rows += [_column_row(column) for column in report.columns[:_COLUMNS_SHOWN]]
    if not rows:
        return
    rows.insert(0, ("column", "type", "nulls", "distinct", "min", "max"))
    widths = [min(most, max(cell_len(row[cell]) for row in rows)) for cell, most in enumerate(_TABLE_CELLS)]
    gaps = [_GAP if cell not in _FIGURES else " " for cell in range(len(rows[0]))]
    widths += _value_widths(rows, WIDTH - sum(widths) - sum(map(len, gaps)))
    yield Line("")
    for number, row in enumerate(rows):
        cells = [gaps[cell] + _padded(row[cell], width, right=cell in _FIGURES) for cell, width in enumerate(widths)]
        yield Line(_fit("".join(cells)).rstrip(), "" if number else _HEAD)
    if (more := len(report.columns) - _COLUMNS_SHOWN) > 0:
        yield Line(f"  and {_number(more)} more columns: -o json has them all", _QUIET)


def _value_widths(rows: Sequence[Row], room: int) -> list[int]:
    """The widths of the least and the greatest values: what they need, or else half of the room each."""
    low, high = (max(cell_len(row[cell]) for row in rows) for cell in (4, 5))
    half = room // 2
    low = low if low <= half else max(half, room - high)
    return [low, max(_LEAST_VALUE_CELLS, min(high, room - low))]


def _time_row(time: Timestamp) -> Row:
    return _shown(time.column or ""), "time", "0", "", time.first or "", time.last or ""


def _column_row(column: ReportColumn) -> Row:
    distinct = "" if column.distinct is None else _number(column.distinct)
    return (
        _shown(column.name),
        column.logical_type or "",
        "" if column.nulls is None else _number(column.nulls),
        distinct if column.distinct_exact or not distinct else f"~{distinct}",
        "" if column.min is None else _shown(str(column.min)),
        "" if column.max is None else _shown(str(column.max)),
    )


def _reasons(column: ReportColumn) -> Iterator[str]:
    """Why the column is of no narrower type."""
    if why := column.why_not:
        hint = f" ({_shown(why.suggestion)}?)" if why.suggestion else ""
        yield f"{_shown(column.name)} is no {why.type}: {_shown(why.value)} in record {_number(why.record)}{hint}"
    if column.number_evidence:
        yield f"{_shown(column.name)}: {_shown(column.number_evidence)}"
    if column.note:
        yield f"{_shown(column.name)}: {_shown(column.note)}"


def _time(time: Timestamp | None) -> Iterator[Line]:
    """What speaks for the time, and for the other columns and formats that it might be."""
    if time is None:
        return
    yield from (Line(""), Line("  Time", _HEAD))
    for one in time.evidence[:_EVIDENCE_SHOWN]:
        yield Line(_fit(f"    {_told(one)}"), "" if one.standing == "chosen" else _QUIET)
        if one.standing == "chosen" and time.note:
            yield from _wrapped(time.note, "      ")
    if (more := len(time.evidence) - _EVIDENCE_SHOWN) > 0:
        yield Line(f"    and {_number(more)} more: -o json has them all", _QUIET)


def _told(one: TimeEvidence) -> str:
    standing = {"chosen": "", "possible": "perhaps ", "runner_up": "not "}[one.standing]
    values = f"{_number(one.parsed)} of {_number(one.of)} values"
    unclear = f", {_number(one.ambiguous_days)} with day or month first" if one.ambiguous_days else ""
    formats = " or ".join(map(_shown, one.timestamp_format))
    example = f", for example {_shown(one.example or '')}" if one.standing != "runner_up" else ""
    return f"{standing}{_shown(one.timestamp_column)} as {formats}: {values}{unclear}{example}"


def _drift(drifts: Sequence[Drift]) -> Iterator[Line]:
    """Where the columns are not those of the contract."""
    if not drifts:
        return
    yield from (Line(""), Line("  Columns that are not as the contract has them", _HEAD))
    for drift in drifts[:_PROBLEMS_SHOWN]:
        yield from _wrapped(f"{drift.decision}: {_shown(drift.message)}", "    ")
    if (more := len(drifts) - _PROBLEMS_SHOWN) > 0:
        yield Line(f"    and {_number(more)} more: -o json has them all", _QUIET)


def _problems(problems: Sequence[FoundProblem]) -> Iterator[Line]:
    if not problems:
        return
    yield from (Line(""), Line("  Problems", _HEAD))
    for problem in problems[:_PROBLEMS_SHOWN]:
        column = f" ({_shown(problem.constraint)})" if problem.constraint else ""
        column += f" in {_shown(problem.column)}" if problem.column else ""
        if not problem.count:
            yield Line(_fit(f"    {problem.rule}{column}"), _BAD)
            yield from _wrapped(problem.samples[0].message if problem.samples else "", "      ")
            continue
        yield Line(_fit(f"    {_number(problem.count)} x {problem.rule}{column}"), _DOUBTFUL)
        for sample in problem.samples[:_SAMPLES_SHOWN]:
            value = _shown(sample.value or "")
            message = _shown(sample.message)
            told = message if sample.value is None or value in message else f"{message}: {value}"
            yield from _with_suggestion(f"      {_place(sample)}: {told}", sample.suggestion)
    if (more := len(problems) - _PROBLEMS_SHOWN) > 0:
        yield Line(f"    and {_number(more)} more kinds: -o json has them all", _QUIET)


def _with_suggestion(text: str, suggestion: str | None) -> Iterator[Line]:
    """The text, and what must have been meant behind it, or below where that would be cut."""
    hint = f" ({_shown(suggestion)}?)" if suggestion else ""
    if cell_len(text + hint) <= WIDTH:
        yield Line(text + hint)
        return
    yield Line(_fit(text))
    if hint:
        yield Line(_fit(f"        {hint.strip()}"))


def _place(sample: Sample) -> str:
    where = f"record {sample.record}" if sample.line is None else f"line {sample.line}"
    return where if sample.member is None else f"{_shown(sample.member)}, {where}"


def _questions(questions: Sequence[FoundProblem]) -> Iterator[Line]:
    for question in questions:
        yield from (Line(""), Line("  To load it, the time has to be known", _HEAD))
        yield from _wrapped(question.samples[0].message if question.samples else question.rule, "    ")


def _written(written: Mapping[str, str]) -> Iterator[Line]:
    if written:
        yield from (Line(""), Line("  Written", _HEAD))
    for rows, place in written.items():
        yield Line(_fit(f"    {rows}: {_shown(place)}"))


def _next_steps(
    report: FileReport,
    name: str,
    said: Mapping[str, str],
    questions: Sequence[FoundProblem],
    *,
    bad_rows_wanted: bool,
) -> Iterator[Line]:
    file = _argument(name, "FILE")
    answers = _answers(report.timestamp)
    steps: list[tuple[str, ...]]
    if report.verdict == "rejected":
        steps = [("ingest validate", file, *_said(said, answer), *answer) for answer in answers]
        steps = steps or [("correct the file, and validate it again",)]
    else:
        asked = answers or [("--timestamp-column COLUMN",)] if questions else [()]
        # The service has the contract of the datasource.
        sent = {option: value for option, value in said.items() if option != "contract"}
        steps = [("ingest put", file, "-d NAME", *_said(sent, answer), *answer) for answer in asked]
    if report.rows.rejected and bad_rows_wanted:
        steps.append(("ingest validate", file, *_said(said), "--rejects-out FILE"))
    yield from (Line(""), Line("  What to do next", _HEAD))
    for step in steps:
        yield from _command(step)


def _said(said: Mapping[str, str], answer: Sequence[str] = ()) -> list[str]:
    """The options that were sent, as arguments, less those that the answer has."""
    options = {f"--{name.replace('_', '-')}": value for name, value in said.items()}
    answered = {argument.split(" ", 1)[0] for argument in answer}
    return [
        f"{option} {_argument(value, option.rsplit('-', 1)[-1].upper())}"
        for option, value in options.items()
        if option not in answered
    ]


def _answers(time: Timestamp | None) -> list[tuple[str, ...]]:
    """The options between which the sender has to choose, as arguments."""
    if time is None or (time.column and time.format):
        return []
    found: list[tuple[str, ...]] = [
        (f"--timestamp-column {_argument(one.timestamp_column, 'COLUMN')}", f"--timestamp-format {time_format}")
        for one in time.evidence
        if one.standing == "possible"
        for time_format in one.timestamp_format
    ]
    return found[:_ANSWERS_SHOWN]


def _command(words: Sequence[str]) -> Iterator[Line]:
    """A command to copy, cut between options where it is too long for a line."""
    line = f"    {words[0]}"
    for word in words[1:]:
        if cell_len(line) + cell_len(word) + _LINE_GOES_ON_CELLS > WIDTH:
            yield Line(f"{line} \\")
            line = "       "
        line += f" {word}"
    yield Line(line)


def _argument(text: str, stand_in: str) -> str:
    """The text as a word of a command to copy; the stand-in where it is too long for a line, or cannot be typed."""
    word = shlex.quote(text)
    return word if word.isprintable() and cell_len(word) <= _ARGUMENT_CELLS else stand_in


def _section(title: str, lines: Iterable[str]) -> Iterator[Line]:
    found = list(lines)
    if found:
        yield from (Line(""), Line(f"  {title}", _HEAD))
        yield from (Line(_fit(f"    {line}")) for line in found)


def _wrapped(text: str, indent: str) -> Iterator[Line]:
    for line in textwrap.wrap(_shown(text), WIDTH - len(indent), break_on_hyphens=False):
        for piece in chop_cells(line, WIDTH - len(indent)):
            yield Line(f"{indent}{piece}")


def _shown(text: str) -> str:
    """The text without anything that would act on a terminal."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _fit(text: str) -> str:
    return text if cell_len(text) <= WIDTH else set_cell_size(text, WIDTH - 1).rstrip() + "…"


def _padded(text: str, width: int, *, right: bool) -> str:
    if cell_len(text) > width:
        return set_cell_size(text, width - 1) + "…"
    return " " * (width - cell_len(text)) + text if right else set_cell_size(text, width)


def _number(number: int) -> str:
    return f"{number:,}"
