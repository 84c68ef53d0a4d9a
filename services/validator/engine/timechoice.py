"""Which column becomes `__time`, and in which format: decided over all rows, from counts, never by a guess."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import polars as pl
from pydantic import JsonValue

from .infer import is_null
from .request import ParseOptions
from .timestamps import (
    ANY_SHAPE,
    DAY_FIRST,
    EPOCH_MILLIS,
    EPOCH_SECONDS,
    FORMATS,
    ISO,
    MONTH_FIRST,
    YEAR_FIRST,
    epoch_counts,
    matches_shape,
    parse_times,
)
from .verdict import BadFile, Code

CANONICAL_NAMES = ("__time", "timestamp", "time", "ts", "datetime", "event_time", "date")
CANDIDATE_SHARE = 0.9
_TIME_WORDS = {"time", "timestamp", "ts", "date", "datetime", "epoch", "at"}
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_LISTED_COLUMNS = 50
_EXAMPLE_CHARS = 80


@dataclass(frozen=True, slots=True)
class TimeChoice:
    """The column's position in the file and its format."""

    index: int
    time_format: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    index: int
    name: str
    formats: tuple[str, ...]  # two when the file cannot tell which of them is meant
    parsed: int
    filled: int
    example: str | None

    def evidence(self) -> dict[str, JsonValue]:
        return {
            "timestamp_column": self.name,
            "timestamp_format": list(self.formats),
            "parsed": self.parsed,
            "of": self.filled,
            "example": self.example,
        }


class TimeTally:
    """What one column's values say about being times.

    `by_number` also reads whole numbers as epochs, within the plausible years; a `trusted_unit` (an epoch format that
    the sender named together with the column) is believed for any number.
    """

    def __init__(self, *, by_number: bool, trusted_unit: str | None = None) -> None:
        self.by_number = by_number
        self._trusted_unit = trusted_unit
        self.filled = 0
        self.example: str | None = None
        self.counts = dict.fromkeys(FORMATS, 0)
        self.only_day_first = 0
        self.only_month_first = 0
        self.either_order = 0

    def add(self, values: pl.Series) -> None:
        """Take the column's values of one block."""
        filled = values.filter(~is_null(values))
        self.filled += filled.len()
        if not filled.len():
            return
        if self.example is None:
            self.example = str(filled[0])[:_EXAMPLE_CHARS]
        if self._trusted_unit:
            self.counts[self._trusted_unit] += parse_times(filled, self._trusted_unit).ms.count()
        elif self.by_number:
            seconds, millis = epoch_counts(filled)
            self.counts[EPOCH_SECONDS] += seconds
            self.counts[EPOCH_MILLIS] += millis
        if not filled.str.contains(ANY_SHAPE).any():
            return
        for time_format in (ISO, YEAR_FIRST):
            if matches_shape(filled, time_format):
                self.counts[time_format] += parse_times(filled, time_format).ms.count()
        if matches_shape(filled, DAY_FIRST):
            self._add_orders(filled)

    def _add_orders(self, values: pl.Series) -> None:
        day_first = parse_times(values, DAY_FIRST).ms.is_not_null()
        month_first = parse_times(values, MONTH_FIRST).ms.is_not_null()
        self.counts[DAY_FIRST] += int(day_first.sum())
        self.counts[MONTH_FIRST] += int(month_first.sum())
        self.only_day_first += int((day_first & ~month_first).sum())
        self.only_month_first += int((month_first & ~day_first).sum())
        self.either_order += int((day_first | month_first).sum())

    def readings(self) -> list[tuple[tuple[str, ...], int]]:
        """Each way to read the column that any value supports, with how many values it reads, the best first."""
        found: list[tuple[tuple[str, ...], int]] = [((name,), self.counts[name]) for name in (ISO, YEAR_FIRST)]
        undecided = (self.only_day_first > 0) == (self.only_month_first > 0)
        order = (DAY_FIRST, MONTH_FIRST) if undecided else ((DAY_FIRST,) if self.only_day_first else (MONTH_FIRST,))
        found.append((order, self.either_order))
        seconds, millis = self.counts[EPOCH_SECONDS], self.counts[EPOCH_MILLIS]
        units = tuple(name for name, count in ((EPOCH_SECONDS, seconds), (EPOCH_MILLIS, millis)) if count)
        found.append((units, seconds + millis))
        return sorted(((names, count) for names, count in found if count), key=lambda reading: -reading[1])


def check_options(options: ParseOptions) -> None:
    """Raise `BadFile` for a format that is not in the list."""
    if options.timestamp_format is not None and options.timestamp_format not in FORMATS:
        message = f"timestamp_format {options.timestamp_format!r} is unknown; it can be {', '.join(FORMATS)}."
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
    elif declared in (EPOCH_SECONDS, EPOCH_MILLIS) and not tally.by_number:
        readings = []
    else:
        readings = [((declared,), tally.counts[declared])]
    for formats, parsed in readings[:1]:
        if parsed and parsed >= share * tally.filled:
            return _Candidate(index, name, formats, parsed, tally.filled, tally.example)
    return None


def _settled(candidates: list[_Candidate]) -> TimeChoice:
    if len(candidates) == 1 and len(candidates[0].formats) == 1:
        return TimeChoice(candidates[0].index, candidates[0].formats[0])
    options: list[JsonValue] = [candidate.evidence() for candidate in candidates]
    if len(candidates) == 1:
        only = candidates[0]
        message = (
            f"Column {only.name!r} can be read as {' or as '.join(only.formats)} (for example {only.example!r}), and "
            "the file does not settle which. Send timestamp_format with the right one."
        )
    else:
        listed = ", ".join(f"{candidate.name!r} ({candidate.example!r})" for candidate in candidates)
        message = f"More than one column holds times: {listed}. Send timestamp_column with the one to use."
    raise BadFile(Code.TIMESTAMP_AMBIGUOUS, message, options=options)


def _refuse_named(name: str, tally: TimeTally, options: ParseOptions) -> NoReturn:
    wanted = options.timestamp_format or "a time"
    message = f"No value of column {name!r} can be read as {wanted}; it holds for example {tally.example!r}."
    raise BadFile(Code.NO_VALID_ROWS, message, timestamp_column=name, example=tally.example, formats=list(FORMATS))


def _refuse_missing(tallies: Sequence[TimeTally], names: Sequence[str]) -> NoReturn:
    pairs = list(zip(names, tallies, strict=True))
    seen = ", ".join(f"{name} ({tally.example!r})" for name, tally in pairs[:_LISTED_COLUMNS])
    message = (
        f"No column looks like a time. Columns, each with an example: {seen}. If one of them is the time, send its "
        f"name as timestamp_column, and its format as timestamp_format: {', '.join(FORMATS)}."
    )
    columns: list[JsonValue] = [{"column": name, "example": tally.example} for name, tally in pairs[:_LISTED_COLUMNS]]
    raise BadFile(Code.TIMESTAMP_MISSING, message, columns=columns, formats=list(FORMATS))


def _listed(names: Sequence[str]) -> str:
    more = "" if len(names) <= _LISTED_COLUMNS else f" and {len(names) - _LISTED_COLUMNS} more"
    return ", ".join(names[:_LISTED_COLUMNS]) + more
