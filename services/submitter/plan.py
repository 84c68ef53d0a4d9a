"""What a load would do to each time chunk, and the token that names this picture of Druid. Pure.

The token is made of five digests, one for each thing that a plan depends on: by it alone can be said what has changed.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta

from shared.druid import ETERNITY, canonical_json
from shared.events import NO_CONTRACT, FileValidated, LoadMode, Plan, PlannedChunk, Problem

MOST_CHUNKS = 1_000
_DIGITS = 12
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
_LENGTHS = {
    "MINUTE": timedelta(minutes=1),
    "FIVE_MINUTE": timedelta(minutes=5),
    "TEN_MINUTE": timedelta(minutes=10),
    "FIFTEEN_MINUTE": timedelta(minutes=15),
    "THIRTY_MINUTE": timedelta(minutes=30),
    "HOUR": timedelta(hours=1),
    "SIX_HOUR": timedelta(hours=6),
    "EIGHT_HOUR": timedelta(hours=8),
    "DAY": timedelta(days=1),
    "WEEK": timedelta(weeks=1),
}
_PERIODS = {
    "MINUTE": "PT1M",
    "FIVE_MINUTE": "PT5M",
    "TEN_MINUTE": "PT10M",
    "FIFTEEN_MINUTE": "PT15M",
    "THIRTY_MINUTE": "PT30M",
    "HOUR": "PT1H",
    "SIX_HOUR": "PT6H",
    "EIGHT_HOUR": "PT8H",
    "DAY": "P1D",
    "WEEK": "P1W",
    "MONTH": "P1M",
    "QUARTER": "P3M",
    "YEAR": "P1Y",
}
_COARSER = ("HOUR", "DAY", "MONTH", "YEAR", "ALL")
_MONDAY = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Picture:
    """What a plan depends on, each as a digest."""

    target: str
    intervals: str
    segments: str
    contract: str
    file: str

    @property
    def token(self) -> str:
        """The name of the picture."""
        return "-".join(getattr(self, field.name) for field in fields(self))


_CHANGED = {
    "target": "the datasource or the mode is another one",
    "intervals": "the load would touch other intervals",
    "segments": "other segments are in use there, so rows were loaded, removed or compacted meanwhile",
    "contract": "another version of the contract judges the file",
    "file": "the file has other bytes",
}


def picture(event: FileValidated, mode: LoadMode, *, intervals: Sequence[str], segments: Iterable[str]) -> Picture:
    """The picture of a load; `segments` are the ids of those that can be seen in its intervals."""
    return Picture(
        target=_digest([event.datasource_name, mode.value]),
        intervals=_digest(list(intervals)),
        segments=_digest(sorted(segments)),
        contract=_digest(event.contract_version or NO_CONTRACT),
        file=_digest(event.source_sha256),
    )


def changes(token: str, now: Picture) -> list[str]:
    """What is not as it was when the token was given; empty when everything is."""
    then = token.split("-")
    names = [field.name for field in fields(now)]
    if len(then) != len(names):
        return ["the token is none that a plan has given"]
    return [_CHANGED[name] for name, digest in zip(names, then, strict=True) if digest != getattr(now, name)]


def problem(reasons: Sequence[str]) -> Problem:
    """What is told of a load whose plan does not hold any more."""
    message = (
        f"The plan does not hold any more, so nothing was loaded: {'; '.join(reasons)}. Ask for a new plan "
        "(`ingest put --plan`, stop_after plan), and send the file with its token."
    )
    return Problem(code="plan_changed", message=message, detail={"changed": list(reasons)})


def unit_of(granularity: str, starts: Iterable[datetime]) -> str:
    """The length of the plan's chunks: that of the load's, or a coarser one where those would be more than 1,000."""
    known = list(starts)
    for unit in (granularity, *_COARSER[_place(granularity) :]):
        if unit == "ALL" or len({floor(start, unit) for start in known}) <= MOST_CHUNKS:
            return unit
    return "ALL"


def floor(moment: datetime, unit: str) -> datetime:
    """The beginning of the chunk that a moment lies in; `unit` is one of Druid's granularities, but not ALL."""
    moment = moment.astimezone(UTC)
    if unit in _MONTHS:
        months = (moment.year * 12 + moment.month - 1) // _MONTHS[unit] * _MONTHS[unit]
        return _of_months(months)
    return moment - (moment - _MONDAY) % _LENGTHS[unit]


def interval_of(start: datetime, unit: str) -> str:
    """The chunk that begins there, in ISO 8601."""
    months = start.year * 12 + start.month - 1
    end = _of_months(months + _MONTHS[unit]) if unit in _MONTHS else start + _LENGTHS[unit]
    return f"{_instant(start)}/{_instant(end)}"


def period_of(unit: str) -> str | None:
    """The chunk's length as Druid's SQL takes it; None for all of time."""
    return _PERIODS.get(unit)


def made(  # each is a part of the plan
    mode: LoadMode,
    *,
    unit: str,
    now: Mapping[datetime, int],
    coming: Mapping[datetime, int],
    token: str,
    made_at: datetime,
) -> Plan:
    """The plan from rows by the beginning of their time; with `unit` ALL everything is one chunk."""
    here, there = _by_chunk(now, unit), _by_chunk(coming, unit)
    replaces = mode is LoadMode.REPLACE
    wanted = sorted(here.keys() | there.keys() if replaces else there, key=lambda start: start or _MONDAY)
    chunks = tuple(
        PlannedChunk(
            interval=ETERNITY if start is None else interval_of(start, unit),
            rows_now=here[start],
            rows_coming=there[start],
            replaced=replaces,
        )
        for start in wanted
    )
    return Plan(
        token=token,
        mode=mode,
        chunks=chunks,
        rows_now=sum(chunk.rows_now for chunk in chunks),
        rows_coming=sum(chunk.rows_coming for chunk in chunks),
        rows_vanishing=sum(chunk.rows_now for chunk in chunks) if replaces else 0,
        chunks_vanishing=sum(chunk.rows_now > 0 and chunk.rows_coming == 0 for chunk in chunks) if replaces else 0,
        made_at=made_at,
    )


def _by_chunk(rows: Mapping[datetime, int], unit: str) -> Counter[datetime | None]:
    found: Counter[datetime | None] = Counter()
    for start, count in rows.items():
        found[None if unit == "ALL" else floor(start, unit)] += count
    return found


def _place(granularity: str) -> int:
    """Where the coarser ones begin."""
    if granularity in _COARSER:
        return _COARSER.index(granularity) + 1
    if granularity in _MONTHS:
        return _COARSER.index("YEAR")
    return next(i for i, unit in enumerate(_COARSER) if unit not in _LENGTHS or _LENGTHS[unit] > _LENGTHS[granularity])


def _of_months(months: int) -> datetime:
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def _digest(value: object) -> str:
    return hashlib.sha256(canonical_json(value)).hexdigest()[:_DIGITS]


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
