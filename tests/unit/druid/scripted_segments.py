"""Druid's segments as a test sets them: a metadata store in memory, of which everything in use is loaded at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from services.submitter.timeline import overlap, visible
from shared.druid import DruidRefusedError
from shared.druid_segments import Held, Segment


@dataclass
class ScriptedSegments:
    """`rows` says of a segment whose rows it has; `late` are those that no server has loaded."""

    known: dict[str, Segment] = field(default_factory=dict)
    in_use: set[str] = field(default_factory=set)
    rows: dict[str, Held] = field(default_factory=dict)
    late: set[str] = field(default_factory=set)
    marks: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    away: Exception | None = None

    def add(self, segment: Segment, tasks: Sequence[str] = (), *, rows: int = 1, used: bool = True) -> Segment:
        self.known[segment.id] = segment
        if used:
            self.in_use.add(segment.id)
        if tasks:
            self.rows[segment.id] = Held(segment.id, rows, min(tasks), max(tasks), nulls=False)
        return segment

    async def used(self, datasource: str, intervals: Sequence[str]) -> list[Segment]:
        del datasource
        self._answer()
        found = (self.known[one] for one in sorted(self.in_use))
        return [one for one in found if any(overlap(one.interval, interval) for interval in intervals)]

    async def unused(self, datasource: str, interval: str) -> list[Segment]:
        del datasource
        left = (self.known[one] for one in sorted(set(self.known) - self.in_use))
        return [one for one in left if overlap(one.interval, interval)]

    async def held(self, datasource: str, intervals: Sequence[str]) -> list[Held]:
        seen = visible(await self.used(datasource, intervals))
        return [self.rows[one.id] for one in seen if one.id in self.rows and one.id not in self.late]

    async def mark_unused(self, datasource: str, ids: Iterable[str]) -> None:
        del datasource
        self._answer()
        self.marks.append(("unused", tuple(ids)))
        self.in_use -= set(self.marks[-1][1])

    async def mark_used(self, datasource: str, ids: Iterable[str]) -> None:
        """As Druid does it: what a newer one hides stays out of use, and nothing unknown is marked."""
        del datasource
        wanted = set(ids)
        self.marks.append(("used", tuple(sorted(wanted))))
        if wanted - set(self.known):
            msg = "Could not find segment IDs"
            raise DruidRefusedError(msg)
        shown = visible(self.known[one] for one in self.in_use | wanted)
        self.in_use |= wanted & {one.id for one in shown}

    def _answer(self) -> None:
        if self.away is not None:
            raise self.away
