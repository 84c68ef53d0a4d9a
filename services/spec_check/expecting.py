"""What canonical rows should be in Druid, by how their datasource is loaded. Pure.

This is told from the typed fields, not from the spec that is made of them: a fault in making it would be seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.spec_check.cells import NOT_COMPARED, type_of
from services.spec_check.comparing import Ours, Row
from services.spec_check.transforming import transformed
from shared.druid import TASK_COLUMN
from shared.loading import COUNT_METRIC, SKETCHES, Loading, Metric


def expected(lines: Sequence[Row], records: Sequence[int], loading: Loading) -> Ours:
    """Our side of the comparison, as without rollup: every metric is that of one row.

    Args:
        lines: canonical rows.
        records: the number of each one's record.
        loading: how the datasource is loaded, settled by the columns of the rows.
    """
    stated = {one.name: str(one.type) for one in loading.dimension_types}
    made = {one.name for one in loading.transforms}
    parsed = {name for name, kind in stated.items() if kind == "json" and name not in made}
    metrics = _metrics(loading)
    rows = [_row(line, loading, parsed, metrics) for line in lines]
    # What a transform makes of null only has no value, and so no type that could differ.
    types = {**types_in(lines), **types_in(rows, only=made | {one.name for one in metrics})}
    types |= {name: "json" for name in parsed if name in types}
    asked = {**types, **{name: kind for name, kind in stated.items() if name in types}}
    return Ours(lines, rows, records, types, asked)


def types_in(rows: Iterable[Row], *, only: Iterable[str] | None = None) -> dict[str, str]:
    """The type of each column that has a value: one with a fraction among whole numbers makes all of them double."""
    wanted = None if only is None else set(only)
    found: dict[str, str] = {}
    for row in rows:
        for name, value in row.items():
            if value is None or value is NOT_COMPARED or (wanted is not None and name not in wanted):
                continue
            kind = type_of(value)
            if found.setdefault(name, kind) != kind:
                found[name] = "double" if {found[name], kind} == {"long", "double"} else "string"
    return found


def _row(line: Row, loading: Loading, parsed: set[str], metrics: Sequence[Metric]) -> dict[str, Any]:
    whole = {**line, **{one.name: transformed(one, line) for one in loading.transforms}}
    out = {*loading.left_out, *(() if loading.task_id_column else (TASK_COLUMN,))}
    kept = {name: value for name, value in whole.items() if name not in out}
    nested = {name: _parsed(kept[name]) for name in parsed if name in kept}
    return {**kept, **nested, **{one.name: _metric(one, whole) for one in metrics}}


def _parsed(text: Any) -> Any:
    return json.loads(text) if isinstance(text, str) else text


def _metrics(loading: Loading) -> list[Metric]:
    if not loading.rollup:
        return []
    counted = any(one.type == "count" for one in loading.metrics)
    return [*loading.metrics, *([] if counted else [Metric(name=COUNT_METRIC, type="count")])]


def _metric(metric: Metric, row: Mapping[str, Any]) -> Any:
    """The figure of a group that has this row alone."""
    if metric.type == "count":
        return 1
    value = row.get(metric.column or "")
    if metric.type in SKETCHES or value is NOT_COMPARED:
        return NOT_COMPARED
    if value is None:
        return None
    return int(value) if metric.number == "long" else float(value)
