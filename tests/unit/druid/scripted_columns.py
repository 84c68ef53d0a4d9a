"""The types of a datasource's columns as a test sets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.druid_columns import LiveTypes


@dataclass
class ScriptedColumns:
    """`types` are those of every datasource; `asked` has the intervals of each question; `away` is raised instead."""

    types: dict[str, frozenset[str]] = field(default_factory=dict)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    away: Exception | None = None

    def has(self, **types: str) -> None:
        self.types = {name: frozenset(told.split()) for name, told in types.items()}

    async def live(self, datasource: str, names: Sequence[str], intervals: Sequence[str]) -> LiveTypes:
        del datasource
        self.asked.append(tuple(intervals))
        if self.away is not None:
            raise self.away
        return {name: self.types[name] for name in names if name in self.types} if intervals else {}
