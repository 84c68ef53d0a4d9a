"""Compares the columns of a load with those that its datasource has in Druid, and makes the load that was decided."""

from __future__ import annotations

from dataclasses import replace

from services.submitter.intervals import beside
from services.submitter.live_types import compare, retyped, written
from services.submitter.load import Load
from services.submitter.spec import cut_of, freeze
from shared.druid import ETERNITY
from shared.druid_columns import Columns
from shared.events import LoadMode


class Comparing:
    """Asks Druid for the types that are there.

    Args:
        columns: who tells them.
    """

    def __init__(self, columns: Columns) -> None:
        self._columns = columns

    async def __call__(self, load: Load) -> Load:
        """The load with the types that it is to write, and every difference; one may refuse it, see `live_types`.

        Raises:
            DruidAwayError: ask again.
        """
        spec = freeze(load).spec
        live = await self._columns.live(load.datasource, tuple(written(spec)), _staying(load))
        if not live:
            return load
        empty = frozenset(one.name for one in load.columns if one.empty) - {one.name for one in load.loading.transforms}
        drift = compare(spec, live, load.loading, empty=empty)
        return replace(load, loading=retyped(load.loading, drift, live, empty), drift=drift)


def _staying(load: Load) -> tuple[str, ...]:
    """Where rows of the datasource stay beside those of the load; a replace of the whole leaves none."""
    if load.mode is LoadMode.APPEND:
        return (ETERNITY,)
    return () if load.loading.replace == "whole" else beside(cut_of(load).interval)
