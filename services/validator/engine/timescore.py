"""What the values of one column say about being times: each format scored over all rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl
from pydantic import JsonValue

from .infer import RecordOf, Refusal, first_refusal, is_null
from .isotext import iso_instant
from .patterns import (
    ANY_SHAPE,
    BY_NUMBER,
    COMPACT,
    COMPACT_SECOND,
    DAY_FIRST,
    EPOCHS,
    ISO,
    MONTH_FIRST,
    SHAPES,
    SHORT_YEAR_SHAPE,
    WRITTEN,
)
from .repeats import Repeats
from .timestamps import MS_PER_SECOND, Times, matches_shape, parse_plain, parse_times, whole_numbers

# Whole numbers are believed to be times only in these years; there no two units and formats overlap.
PLAUSIBLE_MS = (631_152_000_000, 4_102_444_800_000)  # 1990 to 2100
_PLAUSIBLE_DAYS_MS = (-2_208_988_800_000, 4_102_444_800_000)  # 1900 to 2100
_LEAST_EPOCH = PLAUSIBLE_MS[0] // MS_PER_SECOND
_LEAST_COMPACT = 19_000_101
_EXAMPLE_CHARS = 80


@dataclass(slots=True)
class FormatScore:
    """How well one format reads one column.

    `zoned` values named their zone. `pairs` are neighbours of which both parse, `ascending` those in order.
    `refusal` is the first value that does not parse, `first_clock` the first that names a time of day.
    """

    parsed: int = 0
    zoned: int = 0
    plausible: int = 0
    pairs: int = 0
    ascending: int = 0
    low_ms: int | None = None
    high_ms: int | None = None
    refusal: Refusal | None = None
    first_clock: Refusal | None = None
    _last_ms: int | None = None

    def add(self, times: Times) -> None:
        """Take the readings of one block."""
        ms = times.ms.drop_nulls()
        if not ms.len():
            return
        self.parsed += ms.len()
        self.zoned += ms.len() - times.zoneless
        self.plausible += int(ms.is_between(*PLAUSIBLE_MS).sum())
        if self._last_ms is not None:
            ms = pl.concat([pl.Series("ms", [self._last_ms], dtype=pl.Int64), ms])
        self.pairs += ms.len() - 1
        self.ascending += int((ms.diff() >= 0).sum())
        low, high = ms.min(), ms.max()
        if isinstance(low, int) and isinstance(high, int):
            self.low_ms = low if self.low_ms is None else min(self.low_ms, low)
            self.high_ms = high if self.high_ms is None else max(self.high_ms, high)
        self._last_ms = int(ms[-1])

    def evidence(self) -> dict[str, JsonValue]:
        """The figures for the report; shares are of what parsed, times are ISO, as if they were UTC without a zone."""
        zone = "none" if not self.zoned else "named" if self.zoned == self.parsed else "named by some"
        return {
            "zone": zone,
            "first": None if self.low_ms is None else iso_instant(self.low_ms),
            "last": None if self.high_ms is None else iso_instant(self.high_ms),
            "plausible": round(self.plausible / self.parsed, 4) if self.parsed else None,
            "ascending": round(self.ascending / self.pairs, 4) if self.pairs else None,
        }


class TimeTally:
    """Scores one column.

    `by_number` also reads whole numbers, within the plausible years. `declared` is a format that the sender named, and
    `trusted` says that this is the column meant: then it is believed for any number.
    """

    def __init__(self, *, by_number: bool, declared: str | None = None, trusted: bool = False) -> None:
        self.by_number = by_number
        self._declared = declared
        self._trusted = trusted
        self.filled = 0
        self.whole = 0
        self.short_years = 0
        self.example: str | None = None
        self.scores: dict[str, FormatScore] = {}
        self.only_day_first = 0
        self.only_month_first = 0
        self.either_order = 0
        self.ambiguous_days = 0
        self._first: Refusal | None = None
        self._latest: dict[str, Times] = {}
        self._repeats = Repeats()

    def add(self, values: pl.Series, record_of: RecordOf, *, plain_numbers: bool, filled_all: bool = False) -> None:
        """Take a block's values.

        `plain_numbers` says that none is anything but a number or null, and `filled_all` that none is null.
        """
        self._latest = {}
        every = pl.int_range(values.len(), dtype=pl.UInt32, eager=True)
        different = values if plain_numbers else self._repeats.of(values)
        if not filled_all and different is not values:
            filled_all = not is_null(different).any()
        rows = every if filled_all else (~is_null(values)).arg_true()
        if not rows.len():
            return
        whole = rows.len() == values.len()
        filled = values if whole else values.gather(rows)
        if self._first is None:
            self.example = str(filled[0])[:_EXAMPLE_CHARS]
            self._first = Refusal(self.example, record_of(int(rows[0])))
        declared = self._declared
        if declared is not None and declared not in WRITTEN and (self._trusted or declared not in BY_NUMBER):
            self._score(declared, filled, rows, record_of)
        plain = None if plain_numbers else parse_plain(filled)
        # What is a written time is no whole number.
        if plain is None and self.by_number and not (self._trusted and declared in BY_NUMBER):
            self._add_numbers(filled, rows, record_of)
        shapes = (ISO,) if plain is not None else _shapes_in(filled, different, plain_numbers=plain_numbers)
        if len(shapes) > 1:
            self.short_years += int(filled.str.contains(SHORT_YEAR_SHAPE).sum())
        read: dict[str, Times | None] = {}
        for name in WRITTEN:
            if name == ISO and plain is not None:
                self._take(name, plain, filled, rows, record_of)
                read[name] = plain
            else:
                read[name] = self._score(name, filled, rows, record_of, shaped=name in shapes)
        self._add_orders(read[DAY_FIRST], read[MONTH_FIRST])
        self.filled += filled.len()
        if whole:
            self._latest = {name: times for name, times in read.items() if times is not None}

    def latest(self, time_format: str) -> Times | None:
        """The last block's values as times of UTC, where all of them were read in that format."""
        return self._latest.get(time_format)

    def count(self, time_format: str) -> int:
        """How many values the format reads."""
        score = self.scores.get(time_format)
        return score.parsed if score else 0

    def readings(self) -> list[tuple[tuple[str, ...], int]]:
        """Each way to read the column that any value supports, with how many values it reads, the best first.

        A way of several formats is one that the file does not settle.
        """
        single = [name for name in self.scores if name not in {DAY_FIRST, MONTH_FIRST, *EPOCHS}]
        found: list[tuple[tuple[str, ...], int]] = [((name,), self.count(name)) for name in single]
        undecided = (self.only_day_first > 0) == (self.only_month_first > 0)
        order = (DAY_FIRST, MONTH_FIRST) if undecided else ((DAY_FIRST,) if self.only_day_first else (MONTH_FIRST,))
        found.append((order, self.either_order))
        units = tuple(name for name in EPOCHS if self.count(name))
        found.append((units, sum(map(self.count, units))))
        return sorted(((names, count) for names, count in found if count), key=lambda reading: -reading[1])

    def kind(self) -> tuple[Literal["date", "timestamp"], str] | None:
        """What the column holds, with the one format that reads every value; None when there is none or more."""
        formats = [
            name
            for name, score in self.scores.items()
            if name in WRITTEN and self.filled == score.parsed and score.parsed
        ]
        if len(formats) != 1:
            return None
        return ("timestamp" if self.scores[formats[0]].first_clock else "date"), formats[0]

    def _score(
        self, time_format: str, filled: pl.Series, rows: pl.Series, record_of: RecordOf, *, shaped: bool = True
    ) -> Times | None:
        score = self.scores.get(time_format)
        if not shaped or not matches_shape(filled, time_format):
            if score and score.refusal is None:
                score.refusal = Refusal(str(filled[0])[:_EXAMPLE_CHARS], record_of(int(rows[0])))
            return None
        times = parse_times(filled, time_format)
        self._take(time_format, times, filled, rows, record_of)
        return times

    def _take(self, time_format: str, times: Times, filled: pl.Series, rows: pl.Series, record_of: RecordOf) -> None:
        fits = times.ms.is_not_null()
        score = self.scores.get(time_format)
        if score is None:
            if not fits.any():
                return
            score = self.scores[time_format] = FormatScore(refusal=self._first if self.filled else None)
        score.add(times)
        if score.refusal is None:
            score.refusal = first_refusal(filled, fits, rows, record_of)
        if score.first_clock is None:
            score.first_clock = first_refusal(filled, ~(times.clocked & fits), rows, record_of)

    def _add_orders(self, day_first: Times | None, month_first: Times | None) -> None:
        if day_first is None or month_first is None:
            return
        by_day, by_month = day_first.ms.is_not_null(), month_first.ms.is_not_null()
        self.only_day_first += int((by_day & ~by_month).sum())
        self.only_month_first += int((by_month & ~by_day).sum())
        self.either_order += int((by_day | by_month).sum())
        self.ambiguous_days += int((day_first.ms != month_first.ms).sum())

    def _add_numbers(self, filled: pl.Series, rows: pl.Series, record_of: RecordOf) -> None:
        numbers = whole_numbers(filled)
        self.whole += numbers.count()
        highest = numbers.max()
        if not isinstance(highest, int):
            highest = 0
        for name in EPOCHS:
            if highest >= _LEAST_EPOCH:
                self._add_plausible(name, filled, rows, record_of, PLAUSIBLE_MS)
        for name in COMPACT:
            if (highest >= _LEAST_COMPACT or name == COMPACT_SECOND) and matches_shape(filled, name):
                self._add_plausible(name, filled, rows, record_of, _PLAUSIBLE_DAYS_MS)

    def _add_plausible(
        self, name: str, filled: pl.Series, rows: pl.Series, record_of: RecordOf, years: tuple[int, int]
    ) -> None:
        times = parse_times(filled, name)
        ms = times.ms.set(~times.ms.is_between(*years).fill_null(value=True), None)
        zoneless = 0 if name in EPOCHS or not times.zoneless else ms.count()
        self._take(name, Times(ms, zoneless, times.cut, times.clocked), filled, rows, record_of)


def _shapes_in(filled: pl.Series, different: pl.Series, *, plain_numbers: bool) -> tuple[str, ...]:
    """The written formats that some value may be in. What begins as ISO dates do is in none of the others.

    `different` holds every one of the values, and may hold null markers, which are in no format.
    """
    if plain_numbers:
        return ()
    if re.match(SHAPES[ISO], filled[0]) and filled.str.contains(SHAPES[ISO]).all():
        return (ISO,)
    return WRITTEN if different.str.contains(ANY_SHAPE).any() else ()


def why_not_time(tally: TimeTally) -> Refusal | None:
    """The value that refused the written format which reads the most; None when none reads any, or all are read."""
    written: Sequence[FormatScore] = [score for name, score in tally.scores.items() if name in WRITTEN]
    return max(written, key=lambda score: score.parsed).refusal if written else None
