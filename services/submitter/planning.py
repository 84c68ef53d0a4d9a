"""The effect of a task that stops after its plan: ask Druid what is there, say what a load would do, load nothing.

It takes no turn and holds nobody up: what others do meanwhile is found when the load is confirmed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from services.submitter import chunks, live_types, plan, submissions
from services.submitter.spec import Frozen, proof_of
from services.submitter.timeline import visible, within
from shared.db.engine import Database
from shared.druid import ETERNITY, Druid, DruidRefusedError
from shared.druid_segments import Segments
from shared.events import FileValidated, LoadMode, Plan, StopAfter, TaskStatus, TaskUpdated
from shared.failpoint import failpoint
from shared.granularity import Granularity
from shared.inbox import Job
from shared.row_count import identifier

STOPPED = "stopped_after_plan"


class Planning:
    """Makes plans, and says whether one still holds.

    Args:
        database: the submitter's tables.
        druid: counts rows.
        segments: what is in use.
        clock: now, aware UTC.
    """

    def __init__(self, database: Database, druid: Druid, segments: Segments, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._druid = druid
        self._segments = segments
        self._clock = clock

    async def changes(self, event: FileValidated, mode: LoadMode, frozen: Frozen) -> list[str]:
        """What has changed since the plan that the load was confirmed by; empty without one, or when it still holds."""
        token = event.options.confirm
        return [] if token is None else plan.changes(token, await self._picture(event, mode, frozen))

    async def conclude(self, job: Job, event: FileValidated, frozen: Frozen) -> TaskUpdated:
        """The end of a task that stops here, kept in its row; `frozen` is the load as it would be posted now."""
        end = TaskUpdated(
            task_id=event.task_id,
            tenant=event.tenant,
            attempt=event.attempt,
            status=TaskStatus.COMPLETED,
            occurred_at=self._clock(),
            reason=STOPPED,
            plan=await self._plan(event, frozen),
        )
        failpoint("plan")
        async with self._database.transaction() as connection:
            return await submissions.conclude(connection, job, end)

    async def _plan(self, event: FileValidated, frozen: Frozen) -> Plan:
        """The picture is taken before the rows are counted: what comes in between is found when it is confirmed."""
        mode = event.options.mode
        token = (await self._picture(event, mode, frozen)).token
        granularity: Granularity = frozen.spec["spec"]["dataSchema"]["granularitySpec"]["segmentGranularity"].lower()
        coming = {one.start: one.rows for one in event.rows_by_time or ()}
        unit = plan.unit_of(granularity, coming)
        now = await self._rows_now(event.datasource_name, frozen, unit)
        unit = plan.unit_of(unit, [*now, *coming])
        noticed = live_types.notices(live_types.noted_in(frozen.spec))
        at = self._clock()
        return plan.made(mode, unit=unit, now=now, coming=coming, token=token, made_at=at, notices=noticed)

    async def _picture(self, event: FileValidated, mode: LoadMode, frozen: Frozen) -> plan.Picture:
        used = await self._segments.used(event.datasource_name, (ETERNITY,))
        seen = (one.id for one in within(visible(used), frozen.intervals))
        return plan.picture(event, mode, intervals=frozen.intervals, segments=seen)

    async def _rows_now(self, datasource: str, frozen: Frozen, unit: Granularity) -> dict[datetime, int]:
        """Rows by the beginning of their chunk; of a datasource that SQL does not know there are none."""
        begin = "TIMESTAMP '1970-01-01'" if unit == "all" else f"TIME_FLOOR(\"__time\", '{chunks.period(unit)}')"
        bounds = () if ETERNITY in frozen.intervals else frozen.intervals
        metric = proof_of(frozen.spec).count_metric
        counted = "COUNT(*)" if metric is None else f"SUM({identifier(metric)})"
        within = " OR ".join(['TIME_IN_INTERVAL("__time", ?)'] * len(bounds))
        where = f" WHERE {within}" if within else ""
        query = f'SELECT {begin} AS "begin", {counted} AS "rows" FROM {identifier(datasource)}{where} GROUP BY 1'  # noqa: S608  # quoted
        try:
            rows = await self._druid.sql(query, bounds)
        except DruidRefusedError as error:
            if "not found" in str(error):
                return {}
            raise
        return {datetime.fromisoformat(row["begin"]): int(row["rows"] or 0) for row in rows}


def stops(event: FileValidated) -> bool:
    """Whether the task ends with its plan."""
    return event.options.stop_after is StopAfter.PLAN
