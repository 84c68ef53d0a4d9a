"""A Druid whose answers a test sets: what is known of a task, what a count says, what a post meets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.druid import AlreadyExists, Capabilities, DruidTaskStatus, RowStats, Submitted
from shared.druid_slots import DruidSlots

Rows = int | Exception


@dataclass
class ScriptedDruid:
    """`counts` are the answers to counts, one each, the last for ever; what is an exception is raised."""

    statuses: dict[str, DruidTaskStatus] = field(default_factory=dict)
    counts: list[Rows] = field(default_factory=lambda: [0])
    stats: RowStats | None = None
    why_failed: str | None = None
    percent: float | None = 100.0
    used: tuple[str, ...] = ()
    rules: tuple[Mapping[str, Any], ...] = ()
    answer: Submitted | AlreadyExists | Exception = field(default_factory=Submitted)
    posted: list[Mapping[str, Any]] = field(default_factory=list)
    refreshes: list[bool] = field(default_factory=list)
    extensions: frozenset[str] = frozenset({"druid-s3-extensions"})
    shut: list[str] = field(default_factory=list)
    has_slots: DruidSlots | Exception = field(default_factory=lambda: DruidSlots(1000))

    async def submit(self, spec: Mapping[str, Any]) -> Submitted | AlreadyExists:
        self.posted.append(spec)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def shut_down(self, druid_task_id: str) -> None:
        self.shut.append(druid_task_id)

    async def task_statuses(self, druid_task_ids: Iterable[str]) -> dict[str, DruidTaskStatus]:
        return {one: self.statuses[one] for one in druid_task_ids if one in self.statuses}

    async def slots(self) -> DruidSlots:
        if isinstance(self.has_slots, Exception):
            raise self.has_slots
        return self.has_slots

    async def report(self, druid_task_id: str) -> RowStats | None:
        del druid_task_id
        return self.stats

    async def failure(self, druid_task_id: str, datasource: str) -> str | None:
        del druid_task_id, datasource
        return self.why_failed

    async def load_status(self, datasource: str, interval: str, *, refresh: bool) -> float | None:
        del datasource, interval
        self.refreshes.append(refresh)
        return self.percent

    async def used_intervals(self, datasource: str) -> tuple[str, ...]:
        del datasource
        return self.used

    async def retention_rules(self, datasource: str) -> tuple[Mapping[str, Any], ...]:
        del datasource
        return self.rules

    async def sql(self, query: str, parameters: Sequence[str | int] = ()) -> list[dict[str, Any]]:
        del query, parameters
        rows = self.counts.pop(0) if len(self.counts) > 1 else self.counts[0]
        if isinstance(rows, Exception):
            raise rows
        return [{"rows": rows}]

    async def version(self) -> str:
        return "scripted"

    async def capabilities(self) -> Capabilities:
        return Capabilities("scripted", self.extensions)

    async def ping(self) -> None:
        pass
