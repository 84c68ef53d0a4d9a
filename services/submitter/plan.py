"""What a load would do to each time chunk, and the token that names this picture of Druid. Pure.

The token is made of five digests, one for each thing that a plan depends on: by it alone can be said what has changed.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime

from services.submitter import chunks
from shared.druid import ETERNITY, canonical_json
from shared.events import NO_CONTRACT, FileValidated, LoadMode, Plan, PlannedChunk, Problem
from shared.granularity import Granularity, fits_into

MOST_CHUNKS = 1_000
_DIGITS = 12
_COARSER: tuple[Granularity, ...] = ("hour", "day", "month", "year", "all")
_ALL_OF_TIME = datetime(1, 1, 1, tzinfo=UTC)
"""Stands for the one chunk of `all`."""


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


def unit_of(granularity: Granularity, starts: Iterable[datetime]) -> Granularity:
    """The length of the plan's chunks: that of the load's, or a coarser one where those would be more than 1,000.

    A coarser one has whole chunks of the load's, so that a chunk's rows are never told of two.
    """
    known = list(starts)
    coarser = (unit for unit in _COARSER if unit != granularity and fits_into(granularity, unit))
    for unit in (granularity, *coarser):
        if unit == "all" or len({chunks.floor(start, unit) for start in known}) <= MOST_CHUNKS:
            return unit
    return "all"


def made(  # each is a part of the plan
    mode: LoadMode,
    *,
    unit: Granularity,
    now: Mapping[datetime, int],
    coming: Mapping[datetime, int],
    token: str,
    made_at: datetime,
    notices: tuple[Problem, ...] = (),
) -> Plan:
    """The plan from rows by the beginning of their time; with `unit` all everything is one chunk."""
    here, there = _by_chunk(now, unit), _by_chunk(coming, unit)
    replaces = mode is LoadMode.REPLACE
    wanted = sorted(here.keys() | there.keys() if replaces else there, key=lambda start: start or _ALL_OF_TIME)
    planned = tuple(
        PlannedChunk(
            interval=ETERNITY if start is None else str(chunks.chunk_at(start, unit)),
            rows_now=here[start],
            rows_coming=there[start],
            replaced=replaces,
        )
        for start in wanted
    )
    return Plan(
        token=token,
        mode=mode,
        chunks=planned,
        rows_now=sum(chunk.rows_now for chunk in planned),
        rows_coming=sum(chunk.rows_coming for chunk in planned),
        rows_vanishing=sum(chunk.rows_now for chunk in planned) if replaces else 0,
        chunks_vanishing=sum(chunk.rows_now > 0 and chunk.rows_coming == 0 for chunk in planned) if replaces else 0,
        made_at=made_at,
        notices=notices,
    )


def _by_chunk(rows: Mapping[datetime, int], unit: Granularity) -> Counter[datetime | None]:
    found: Counter[datetime | None] = Counter()
    for start, count in rows.items():
        found[None if unit == "all" else chunks.floor(start, unit)] += count
    return found


def _digest(value: object) -> str:
    return hashlib.sha256(canonical_json(value)).hexdigest()[:_DIGITS]
