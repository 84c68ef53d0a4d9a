"""The metrics of a load, as Druid's aggregators, with every default written out. Pure.

https://druid.apache.org/docs/33.0.0/querying/aggregations has each of them, the sketches are those of the extension
`druid-datasketches`.
"""

from __future__ import annotations

from typing import Any

from shared.loading import COUNT_METRIC, Loading, Metric


def metrics_spec(loading: Loading) -> list[dict[str, Any]]:
    """`metricsSpec`: none without rollup; with it always a count of rows."""
    if not loading.rollup:
        return []
    counts = [] if _counted(loading) else [Metric(name=COUNT_METRIC, type="count")]
    return [_aggregator(one) for one in (*loading.metrics, *counts)]


def count_metric(loading: Loading) -> str | None:
    """The metric whose sum is the number of rows that were loaded; None without rollup, where each row is kept."""
    return (_counted(loading) or COUNT_METRIC) if loading.rollup else None


def _counted(loading: Loading) -> str | None:
    return next((one.name for one in loading.metrics if one.type == "count"), None)


def _aggregator(metric: Metric) -> dict[str, Any]:
    named: dict[str, Any] = {"name": metric.name}
    if metric.type == "count":
        return {"type": "count", **named}
    named["fieldName"] = metric.column
    match metric.type:
        case "hll":
            more = {
                "lgK": 12,
                "tgtHllType": "HLL_4",
                "stringEncoding": "utf16le",
                "shouldFinalize": True,
                "round": False,
            }
            return {"type": "HLLSketchBuild", **named, **more}
        case "theta":
            more = {"size": 16_384, "shouldFinalize": True, "isInputThetaSketch": False}
            return {"type": "thetaSketch", **named, **more}
        case "quantiles":
            return {"type": "quantilesDoublesSketch", **named, "k": 128, "maxStreamLength": 1_000_000_000}
        case _:
            return {"type": f"{metric.number or 'double'}{metric.type.capitalize()}", **named}
