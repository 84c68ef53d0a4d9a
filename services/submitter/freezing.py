"""A load as it would be posted now, with what has to be known of Druid's segments before it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.submitter.preparing import Preparing
from services.submitter.spec import Frozen, freeze
from services.submitter.timeline import emptied
from services.submitter.undo_plan import Replaced
from shared.druid import ETERNITY
from shared.druid_segments import Segments
from shared.events import FileValidated, LoadMode, Problem


@dataclass(frozen=True)
class Made:
    """The load; `replaced` are the segments whose place a replace takes, None for an append."""

    frozen: Frozen
    replaced: Replaced | None


class Freezing:
    """Makes loads.

    Args:
        preparing: gathers what a spec is made of.
        segments: what is in use.
    """

    def __init__(self, preparing: Preparing, segments: Segments) -> None:
        self._preparing = preparing
        self.segments = segments

    async def __call__(self, event: FileValidated, mode: LoadMode, *, most_sub_tasks: int) -> Made | Problem:
        """The load, or why this Druid cannot take it; see `Preparing`."""
        load = await self._preparing(event, mode, most_sub_tasks=most_sub_tasks)
        if isinstance(load, Problem):
            return load
        frozen = freeze(load)
        if mode is LoadMode.REPLACE:
            used = await self.segments.used(event.datasource_name, (ETERNITY,))
            return Made(frozen, Replaced.of(used, frozen.intervals))
        alone = await self._is_emptied(event.datasource_name, frozen.intervals)
        return Made(freeze(replace(load, alone=True)) if alone else frozen, None)

    async def _is_emptied(self, datasource: str, intervals: tuple[str, ...]) -> bool:
        """See `timeline.emptied`."""
        for interval in intervals:
            unused = await self.segments.unused(datasource, interval)
            if unused and emptied(await self.segments.used(datasource, (interval,)), unused):
                return True
        return False
