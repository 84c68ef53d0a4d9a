"""The types that a datasource's columns have in Druid now, as its segments tell them.

Segments are asked, not `INFORMATION_SCHEMA.COLUMNS`: SQL learns of a new column, and forgets one whose segments were
replaced, up to a minute later, and shows one type for a column that has several.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from shared.druid_segments import Asking

LiveTypes = Mapping[str, frozenset[str]]
"""By column, the types that its segments have it in, as Druid writes them: `LONG`, `ARRAY<STRING>`, `COMPLEX<json>`."""


class Columns(Protocol):
    """What is asked of Druid about columns. Every method may raise `DruidAwayError` or `DruidRefusedError`."""

    async def live(self, datasource: str, names: Sequence[str], intervals: Sequence[str]) -> LiveTypes:
        """The types of those of the columns that the segments in the intervals have; what they lack is left out.

        A datasource that is not there has no columns. What no server has loaded is not seen.
        """


class HttpColumns:
    """Druid's columns over HTTP."""

    def __init__(self, druid: Asking) -> None:
        self._druid = druid

    async def live(self, datasource: str, names: Sequence[str], intervals: Sequence[str]) -> LiveTypes:
        """See `Columns`. One merged answer says all, unless segments differ: then each is asked about such columns."""
        if not names or not intervals:
            return {}
        merged = await self._ask(datasource, names, intervals, merge=True)
        found = _types(merged)
        differing = sorted({name for one in merged for name, told in _columns(one) if told.get("errorMessage")})
        if differing:
            found |= _types(await self._ask(datasource, differing, intervals, merge=False))
        return found

    async def _ask(
        self, datasource: str, names: Sequence[str], intervals: Sequence[str], *, merge: bool
    ) -> list[Mapping[str, Any]]:
        query = {
            "queryType": "segmentMetadata",
            "dataSource": datasource,
            "intervals": list(intervals),
            "merge": merge,
            "analysisTypes": [],
            "toInclude": {"type": "list", "columns": list(names)},
        }
        found: list[Mapping[str, Any]] = await self._druid.ask("POST", "/druid/v2", body=query)
        return found


def _types(analyses: Sequence[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for one in analyses:
        for name, told in _columns(one):
            if not told.get("errorMessage"):
                found[name] = found.get(name, frozenset()) | {str(told.get("typeSignature") or told["type"])}
    return found


def _columns(analysis: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return list((analysis.get("columns") or {}).items())
