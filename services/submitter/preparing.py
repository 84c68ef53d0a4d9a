"""Gathers what the spec of a load needs to know of Druid: what it can do, and what the datasource holds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from services.submitter.capabilities import S3, lacking
from services.submitter.comparing import Comparing
from services.submitter.load import DEFAULTS
from services.submitter.metrics import count_metric
from services.submitter.spec import Load, cut_of
from shared.druid import Capabilities, Druid
from shared.events import FileValidated, LoadMode, Problem
from shared.row_count import RowCount, count_rows

LACKS_EXTENSION = "druid_lacks_extension"


class Signer(Protocol):
    """Gives out addresses under which an object can be read for a while; see `shared.storage.port.ObjectStore`."""

    async def presigned_get(self, key: str, *, lifetime: timedelta, bucket: str | None = None) -> str:
        """The address of an object."""


class Preparing:
    """Makes the load of a validated file that has its turn.

    Args:
        druid: who is asked.
        capabilities: what it can do.
        comparing: compares the columns with those that the datasource has.
        signer: gives out addresses of parts, for a Druid that cannot read the object store.
        lifetime: how long such an address is good; it has to outlast the time that a task waits in Druid.
        rows_per_segment: how large a segment should become where the datasource does not say it.
    """

    def __init__(
        self,
        druid: Druid,
        capabilities: Callable[[], Awaitable[Capabilities]],
        comparing: Comparing,
        signer: Signer,
        *,
        lifetime: timedelta,
        rows_per_segment: int,
    ) -> None:
        self._druid = druid
        self._capabilities = capabilities
        self._comparing = comparing
        self._signer = signer
        self._lifetime = lifetime
        self._rows_per_segment = rows_per_segment

    async def __call__(self, event: FileValidated, mode: LoadMode, *, most_sub_tasks: int) -> Load | Problem:
        """The load, or why this Druid cannot take it.

        Asked while the interval is held: what is found stands in the frozen spec.

        Raises:
            DruidAwayError: ask again.
            StorageAwayError: likewise; only where addresses have to be signed.
        """
        loading = event.loading or DEFAULTS
        capabilities = await self._capabilities()
        if missing := lacking(loading, capabilities):
            return Problem(code=LACKS_EXTENSION, message=missing)
        load = load_of(event, mode, rows_per_segment=self._rows_per_segment, most_sub_tasks=most_sub_tasks)
        if mode is LoadMode.REPLACE and loading.replace == "whole":
            load = replace(load, used=await self._druid.used_intervals(event.datasource_name))
        load = await self._comparing(load)
        if not capabilities.has(S3):
            load = replace(load, urls=await self._signed(event))
        if not loading.task_id_column:
            load = replace(load, rows_before=await self._rows_before(load))
        return load

    async def _signed(self, event: FileValidated) -> tuple[str, ...]:
        signed = [
            await self._signer.presigned_get(part.key, lifetime=self._lifetime, bucket=event.bucket)
            for part in event.parts
        ]
        return tuple(signed)

    async def _rows_before(self, load: Load) -> int:
        """A replace leaves no row of before in its interval."""
        if load.mode is LoadMode.REPLACE:
            return 0
        interval, metric = cut_of(load).interval, count_metric(load.loading)
        wanted = RowCount(datasource=load.datasource, intervals=(interval,), metric=metric)
        # SQL does not know a datasource, or a metric, that it has none of. It learns of a new one within a minute, and
        # its load is not proven before: until then nothing else is admitted to the interval.
        return (await count_rows(self._druid, wanted)).rows or 0


def load_of(event: FileValidated, mode: LoadMode, *, rows_per_segment: int, most_sub_tasks: int) -> Load:
    """The load of a validated file in the mode that its turn has, before anything was asked of Druid."""
    return Load(
        task_id=event.task_id,
        attempt=event.attempt,
        datasource=event.datasource_name,
        mode=mode,
        bucket=event.bucket,
        keys=tuple(part.key for part in event.parts),
        columns=event.columns,
        rows=event.rows_accepted,
        time_min=event.time_min,
        time_max=event.time_max,
        used=(),
        rows_per_segment=rows_per_segment,
        most_sub_tasks=most_sub_tasks,
        loading=event.loading or DEFAULTS,
    )
