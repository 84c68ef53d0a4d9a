"""What to do next, as commands to copy."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence

from rich.cells import cell_len

from services.validator.engine.document import FileReport, FoundProblem, Timestamp

from .lines import HEAD, WIDTH, Line

_ANSWERS_SHOWN = 6
_ARGUMENT_CELLS = 60
_LINE_GOES_ON_CELLS = 3  # a space before the word, a space and a backslash behind it


def next_step_lines(
    report: FileReport,
    name: str,
    said: Mapping[str, str],
    questions: Sequence[FoundProblem],
    *,
    bad_rows_wanted: bool,
) -> Iterator[Line]:
    """Commands that answer what is open: `questions` cost no row, and `said` are the options that were sent."""
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
    yield from (Line(""), Line("  What to do next", HEAD))
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
