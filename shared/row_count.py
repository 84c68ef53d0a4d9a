"""The query that proves a load: how many rows Druid has of it, however its rows are told from the others.

Druid may be asked for the same count in four ways: rows that carry the task's id, or all rows of the held intervals
less those that were there before; and with rollup, where a stored row stands for many, the sum of a count metric.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from shared.druid import ETERNITY, TASK_COLUMN, Druid, DruidRefusedError, RowsCounted
from shared.events import DruidSubmitted, ProofBy

_NOT_FOUND = re.compile(r"Object '.*' not found|Column '(?P<column>.*)' not found", re.DOTALL)


@dataclass(frozen=True)
class RowCount:
    """What is counted.

    Attributes:
        datasource: any name that Druid allows.
        intervals: where the rows are; SQL cannot say "all of time", so an eternal interval is no bound.
        task_id: the value of the id column; None counts every row of the intervals.
        metric: with rollup, the count metric whose sum is the number of rows; None counts stored rows.
        before: how many of the rows were there before the load; taken off.
    """

    datasource: str
    intervals: tuple[str, ...]
    task_id: str | None = None
    metric: str | None = None
    before: int = 0


def proof_of(load: DruidSubmitted) -> RowCount:
    """What has to be counted to prove a load."""
    by_id = load.proof_by is ProofBy.TASK_ID
    return RowCount(
        datasource=load.datasource_name,
        intervals=load.intervals,
        task_id=load.task_id if by_id else None,
        metric=load.count_metric,
        before=0 if by_id else load.rows_before or 0,
    )


async def count_rows(druid: Druid, wanted: RowCount) -> RowsCounted:
    """Ask Druid how many rows there are.

    Raises:
        DruidRefusedError: the query was refused for another reason than a table, or a column of the query, that SQL
            does not know yet.
    """
    bounds = () if ETERNITY in wanted.intervals else wanted.intervals
    parameters = bounds if wanted.task_id is None else (wanted.task_id, *bounds)
    readable = _statement(wanted, [_literal(one) for one in parameters])
    try:
        rows = await druid.sql(_statement(wanted, ["?"] * len(parameters)), parameters)
    except DruidRefusedError as error:
        if _is_not_visible(str(error), wanted):
            return RowsCounted(None, readable)
        raise
    return RowsCounted(int(rows[0]["rows"]), readable)


def _is_not_visible(message: str, wanted: RowCount) -> bool:
    missing = _NOT_FOUND.search(message)
    return missing is not None and missing["column"] in {None, TASK_COLUMN, wanted.metric}


def _statement(wanted: RowCount, values: Sequence[str]) -> str:
    counted = "COUNT(*)" if wanted.metric is None else f"COALESCE(SUM({identifier(wanted.metric)}), 0)"
    less = f" - {wanted.before}" if wanted.before else ""
    named = [] if wanted.task_id is None else [f'"{TASK_COLUMN}" = {values[0]}']
    within = [f'TIME_IN_INTERVAL("__time", {value})' for value in values[len(named) :]]
    if within:
        named.append(f"({' OR '.join(within)})")
    where = f" WHERE {' AND '.join(named)}" if named else ""
    return f'SELECT {counted}{less} AS "rows" FROM {identifier(wanted.datasource)}{where}'  # noqa: S608  # every name and value is quoted


def identifier(name: str) -> str:
    """A name as it stands in a query."""
    return '"' + name.replace('"', '""') + '"'


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
