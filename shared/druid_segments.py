"""Druid's segments: which are in use, whose rows they hold, and marking them as used or unused.

What is in use is read from the metadata store itself; whose rows a segment holds, from the servers that have it loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from shared.druid import ETERNITY, TASK_COLUMN

_MOST_AT_ONCE = 1_000
_TOMBSTONE = "tombstone"


@dataclass(frozen=True)
class Segment:
    """A segment as the metadata store has it.

    `partition` numbers the segments of its interval and version; the first `core` of them can only be queried together.
    A tombstone holds no row and hides older ones.
    """

    id: str
    interval: str
    version: str
    partition: int = 0
    core: int = 0
    tombstone: bool = False


@dataclass(frozen=True)
class Held:
    """A segment that can be queried: its stored rows, and the first and last task id in them, in the order of text."""

    id: str
    rows: int
    first: str | None
    last: str | None
    nulls: bool

    def is_all_of(self, task_id: str) -> bool:
        """Whether each of its rows carries the task's id."""
        return self.first == self.last == task_id and not self.nulls


class Segments(Protocol):
    """What is asked of Druid about segments. Every method may raise `DruidAwayError` or `DruidRefusedError`."""

    async def used(self, datasource: str, intervals: Sequence[str]) -> list[Segment]:
        """All segments in use that overlap the intervals, those that newer ones hide and tombstones among them."""

    async def unused(self, datasource: str, interval: str) -> list[Segment]:
        """All segments of an interval that are not in use, as long as they are not deleted."""

    async def held(self, datasource: str, intervals: Sequence[str]) -> list[Held]:
        """What can be queried of the intervals, segment by segment."""

    async def mark_unused(self, datasource: str, ids: Iterable[str]) -> None:
        """Take segments out of use; those that are so, or are not there, stay so."""

    async def mark_used(self, datasource: str, ids: Iterable[str]) -> None:
        """Put segments into use again. One that a newer one hides stays as it is; one that is deleted is refused."""


class Asking(Protocol):
    """Who answers; see `shared.druid.HttpDruid.ask`."""

    async def ask(self, method: str, path: str, *, body: object = None, params: Mapping[str, str] | None = None) -> Any:
        """The JSON of an answer."""


class HttpSegments:
    """Druid's segments over HTTP."""

    def __init__(self, druid: Asking) -> None:
        self._druid = druid

    async def used(self, datasource: str, intervals: Sequence[str]) -> list[Segment]:
        """See `Segments`. It is the coordinator's one list that is not up to a minute old."""
        path = f"/druid/coordinator/v1/metadata/datasources/{_quoted(datasource)}/segments"
        found = await self._druid.ask("POST", path, body=list(intervals), params={"full": ""})
        return [_segment(one) for one in found]

    async def unused(self, datasource: str, interval: str) -> list[Segment]:
        """See `Segments`. All of time is no interval that this call takes: it is said by saying none."""
        path = f"/druid/coordinator/v1/metadata/datasources/{_quoted(datasource)}/unusedSegments"
        bounds = None if interval == ETERNITY else {"interval": interval}
        found = await self._druid.ask("GET", path, params=bounds)
        return [_segment(one["dataSegment"]) for one in found]

    async def held(self, datasource: str, intervals: Sequence[str]) -> list[Held]:
        """See `Segments`."""
        query = {
            "queryType": "segmentMetadata",
            "dataSource": datasource,
            "intervals": list(intervals),
            "merge": False,
            "analysisTypes": ["minmax"],
            "toInclude": {"type": "list", "columns": [TASK_COLUMN]},
            "context": {"useCache": False, "populateCache": False},
        }
        return [_held(one) for one in await self._druid.ask("POST", "/druid/v2", body=query)]

    async def mark_unused(self, datasource: str, ids: Iterable[str]) -> None:
        """See `Segments`."""
        await self._mark(datasource, "markUnused", ids)

    async def mark_used(self, datasource: str, ids: Iterable[str]) -> None:
        """See `Segments`."""
        await self._mark(datasource, "markUsed", ids)

    async def _mark(self, datasource: str, how: str, ids: Iterable[str]) -> None:
        all_ids = sorted(ids)
        for first in range(0, len(all_ids), _MOST_AT_ONCE):
            body = {"segmentIds": all_ids[first : first + _MOST_AT_ONCE]}
            await self._druid.ask("POST", f"/druid/indexer/v1/datasources/{_quoted(datasource)}/{how}", body=body)


def _segment(body: Mapping[str, Any]) -> Segment:
    shard = body.get("shardSpec") or {}
    return Segment(
        id=str(body["identifier"]),
        interval=str(body["interval"]),
        version=str(body["version"]),
        partition=int(shard.get("partitionNum") or 0),
        core=int(shard.get("partitions") or shard.get("numCorePartitions") or 0),
        tombstone=shard.get("type") == _TOMBSTONE,
    )


def _held(body: Mapping[str, Any]) -> Held:
    column = (body.get("columns") or {}).get(TASK_COLUMN) or {}
    return Held(
        id=str(body["id"]),
        rows=int(body["numRows"]),
        first=column.get("minValue"),
        last=column.get("maxValue"),
        nulls=bool(column.get("hasNulls", True)),
    )


def _quoted(name: str) -> str:
    return quote(name, safe="")
