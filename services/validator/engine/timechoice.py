"""Which column becomes `__time`, and in which format: decided over all rows, from counts, never by a guess."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NoReturn

from pydantic import JsonValue

from .patterns import BY_NUMBER, DAY_FIRST, EPOCHS, FORMATS, MONTH_FIRST, OWN_FORMAT, TWO_DIGIT_YEAR, is_own, pattern_of
from .request import ParseOptions
from .timescore import FormatScore, TimeTally
from .verdict import BadFile, Code, Problem
from .zones import is_zone

CANONICAL_NAMES = ("__time", "timestamp", "time", "ts", "datetime", "event_time", "date")
CANDIDATE_SHARE = 0.9
_TIME_WORDS = {"time", "timestamp", "ts", "date", "datetime", "epoch", "at"}
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_LISTED_COLUMNS = 50

Standing = Literal["chosen", "possible", "runner_up"]


@dataclass(frozen=True, slots=True)
class TimeChoice:
    """The column's position in the file and its format."""

    index: int
    time_format: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    index: int
    name: str
    formats: tuple[str, ...]  # several when the file cannot tell which of them is meant
    parsed: int
    tally: TimeTally

    def evidence(self, standing: Standing) -> dict[str, JsonValue]:
        """What speaks for the candidate, for the report and for the sender: facts of `document.TimeEvidence`."""
        score = max((self.tally.scores.get(name, FormatScore()) for name in self.formats), key=lambda one: one.parsed)
        return {
            "timestamp_column": self.name,
            "timestamp_format": list(self.formats),
            "standing": standing,
            "parsed": self.parsed,
            "of": self.tally.filled,
            "example": self.tally.example,
            "ambiguous_days": self.tally.ambiguous_days if {DAY_FIRST, MONTH_FIRST} & set(self.formats) else 0,
            **score.evidence(),
        }


def check_options(options: ParseOptions) -> None:
    """Raise `BadFile` for a format that is neither in the list nor a pattern, and for a zone that does not exist."""
    zone, declared = options.time_zone, options.timestamp_format
    if zone is not None and not is_zone(zone):
        message = f"time_zone {zone!r} is unknown; it is a name of the IANA list, such as 'Europe/Berlin' or 'UTC'."
        raise BadFile(Code.OPTION_INVALID, message, option="time_zone")
    if declared is None or declared in FORMATS:
        return
    message = f"timestamp_format {declared!r} is unknown; it can be {', '.join(FORMATS)}, or {OWN_FORMAT}."
    if is_own(declared):
        try:
            pattern_of(declared)
        except ValueError as error:
            message = f"timestamp_format {declared!r} cannot be used: {error}."
        else:
            return
    raise BadFile(Code.OPTION_INVALID, message, option="timestamp_format", allowed=list(FORMATS))


def find_named(wanted: str, header: Sequence[str], names: Sequence[str]) -> int:
    """The position of the column that the sender named, by its header cell or by the name it was given."""
    for known in (header, names):
        if list(known).count(wanted) == 1:
            return list(known).index(wanted)
    columns: list[JsonValue] = list(names[:_LISTED_COLUMNS])
    message = f"timestamp_column {wanted!r} is not in the file; its columns are: {_listed(names)}."
    raise BadFile(Code.TIMESTAMP_MISSING, message, timestamp_column=wanted, columns=columns)


def is_time_name(name: str) -> bool:
    """Whether a column of whole numbers under this name may hold epochs."""
    return any(word.lower() in _TIME_WORDS for word in _WORD.findall(name))


def choose_time(
    tallies: Sequence[TimeTally], names: Sequence[str], options: ParseOptions, named: int | None
) -> TimeChoice:
    """The one column and format that the counts allow. Raises `BadFile` when there is none, or more than one."""
    if named is not None:
        candidate = _candidate_of(named, tallies[named], names[named], options, share=0.0)
        if candidate is None:
            _refuse_named(names[named], tallies[named], options)
        return _settled([candidate])
    candidates = [
        candidate
        for index, tally in enumerate(tallies)
        if (candidate := _candidate_of(index, tally, names[index], options, share=CANDIDATE_SHARE))
    ]
    if not candidates:
        _refuse_missing(tallies, names)
    if len(candidates) > 1:
        canonical = [candidate for candidate in candidates if candidate.name.lower() in CANONICAL_NAMES]
        candidates = canonical if len(canonical) == 1 else candidates
    return _settled(candidates)


def _candidate_of(index: int, tally: TimeTally, name: str, options: ParseOptions, *, share: float) -> _Candidate | None:
    declared = options.timestamp_format
    if declared is None:
        readings = tally.readings()
        if not readings and not share and tally.filled and tally.whole == tally.filled:
            # The sender says that these numbers are times, and in the plausible years none is.
            return _Candidate(index, name, EPOCHS, tally.whole, tally)
    elif declared in BY_NUMBER and not tally.by_number:
        readings = []
    else:
        readings = [((declared,), tally.count(declared))]
    for formats, parsed in readings[:1]:
        if parsed and parsed >= share * tally.filled:
            return _Candidate(index, name, formats, parsed, tally)
    return None


def list_candidates(
    tallies: Sequence[TimeTally], names: Sequence[str], choice: TimeChoice | Problem
) -> list[JsonValue]:
    """The evidence for the choice, or for each answer to the question; then every other reading, the best first."""
    if isinstance(choice, TimeChoice):
        index, time_format = choice.index, choice.time_format
        chosen = _Candidate(index, names[index], (time_format,), tallies[index].count(time_format), tallies[index])
        first: list[JsonValue] = [chosen.evidence("chosen")]
        taken: set[tuple[JsonValue, JsonValue]] = {(names[index], time_format)}
    else:
        options = choice.detail.get("options")
        first = options if isinstance(options, list) else []
        taken = {pair for option in first for pair in _pairs(option)}
    others = [
        _Candidate(index, names[index], formats, parsed, tally)
        for index, tally in enumerate(tallies)
        for formats, parsed in tally.readings()
        if not any((names[index], time_format) in taken for time_format in formats)
    ]
    others.sort(key=lambda one: -one.parsed)
    return [*first, *(one.evidence("runner_up") for one in others[:_LISTED_COLUMNS])]


def _pairs(option: JsonValue) -> list[tuple[JsonValue, JsonValue]]:
    if not isinstance(option, dict) or not isinstance(formats := option["timestamp_format"], list):
        return []
    return [(option["timestamp_column"], time_format) for time_format in formats]


def _settled(candidates: list[_Candidate]) -> TimeChoice:
    if len(candidates) == 1 and len(candidates[0].formats) == 1:
        return TimeChoice(candidates[0].index, candidates[0].formats[0])
    options: list[JsonValue] = [candidate.evidence("possible") for candidate in candidates]
    if len(candidates) == 1:
        only = candidates[0]
        message = (
            f"Column {only.name!r} can be read as {' or as '.join(only.formats)} (for example {only.tally.example!r}), "
            "and the file does not settle which. Send timestamp_format with the right one."
        )
    else:
        listed = ", ".join(f"{candidate.name!r} ({candidate.tally.example!r})" for candidate in candidates)
        message = f"More than one column holds times: {listed}. Send timestamp_column with the one to use."
    raise BadFile(Code.TIMESTAMP_AMBIGUOUS, message, options=options)


def _refuse_named(name: str, tally: TimeTally, options: ParseOptions) -> NoReturn:
    wanted = options.timestamp_format or "a time"
    message = f"No value of column {name!r} can be read as {wanted}; it holds for example {tally.example!r}."
    if tally.short_years:
        message += f" {TWO_DIGIT_YEAR.capitalize()}."
    raise BadFile(Code.NO_VALID_ROWS, message, timestamp_column=name, example=tally.example, formats=list(FORMATS))


def _refuse_missing(tallies: Sequence[TimeTally], names: Sequence[str]) -> NoReturn:
    pairs = list(zip(names, tallies, strict=True))
    seen = ", ".join(f"{name} ({tally.example!r})" for name, tally in pairs[:_LISTED_COLUMNS])
    message = (
        f"No column looks like a time. Columns, each with an example: {seen}. If one of them is the time, send its "
        f"name as timestamp_column, and its format as timestamp_format: {', '.join(FORMATS)}."
    )
    short = [name for name, tally in pairs if tally.short_years]
    if short:
        message += f" Column {short[0]!r} has dates, but {TWO_DIGIT_YEAR}."
    columns: list[JsonValue] = [{"column": name, "example": tally.example} for name, tally in pairs[:_LISTED_COLUMNS]]
    raise BadFile(Code.TIMESTAMP_MISSING, message, columns=columns, formats=list(FORMATS))


def _listed(names: Sequence[str]) -> str:
    more = "" if len(names) <= _LISTED_COLUMNS else f" and {len(names) - _LISTED_COLUMNS} more"
    return ", ".join(names[:_LISTED_COLUMNS]) + more
