"""How many rows stand in the interval of a load before it is posted: what proves a load whose rows carry no id."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shared.druid import ETERNITY, Druid, DruidRefusedError

_NOT_THERE = re.compile(r"Object '.*' not found|Column '.*' not found", re.DOTALL)


async def rows_within(druid: Druid, *, datasource: str, intervals: Sequence[str], count_metric: str | None) -> int:
    """The rows of the intervals, by the metric that counts them where there is one.

    A datasource, or a metric, that SQL does not know has none. It learns of a new one within a minute, long before its
    load is proven: as long as that is not so, nothing else is admitted to the interval.

    Raises:
        DruidAwayError: ask again.
        DruidRefusedError: the query was refused for another reason.
    """
    bounds = () if ETERNITY in intervals else tuple(intervals)
    counted = "COUNT(*)" if count_metric is None else f"SUM({_identifier(count_metric)})"
    within = " OR ".join('TIME_IN_INTERVAL("__time", ?)' for _ in bounds)
    where = f" WHERE {within}" if bounds else ""
    query = f'SELECT {counted} AS "rows" FROM {_identifier(datasource)}{where}'  # noqa: S608  # every name is quoted
    try:
        (row,) = await druid.sql(query, bounds)
    except DruidRefusedError as error:
        if _NOT_THERE.search(str(error)):
            return 0
        raise
    return int(row["rows"] or 0)


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
