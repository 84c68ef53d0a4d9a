"""How a load is worked on: partitions, memory, sub-tasks, tolerance for faults. Pure."""

from __future__ import annotations

from typing import Any

from services.submitter.load import Load
from shared.events import LoadMode
from shared.loading import Partitioning

_ROWS_IN_MEMORY = 1_000_000
_ROWS_PER_PUBLISH = 20_000_000
_PROBLEMS_KEPT = 10


def tuning_config(load: Load) -> dict[str, Any]:
    """`tuningConfig`: our canonical rows leave Druid nothing to refuse, so a row that it does refuse ends the task."""
    partitioning = partitioning_of(load)
    return {
        "type": "index_parallel",
        "partitionsSpec": _partitions_spec(partitioning, partitioning.rows_per_segment or load.rows_per_segment),
        "forceGuaranteedRollup": partitioning.type != "dynamic",
        "maxRowsInMemory": _ROWS_IN_MEMORY,
        # What is persisted on the way is read once and thrown away: compressing it costs a tenth of the load.
        "indexSpecForIntermediatePersists": {
            "bitmap": {"type": "roaring"},
            "dimensionCompression": "uncompressed",
            "metricCompression": "none",
            "longEncoding": "longs",
        },
        "maxNumConcurrentSubTasks": sub_tasks(load),
        "maxParseExceptions": 0,
        "maxSavedParseExceptions": _PROBLEMS_KEPT,
        "logParseExceptions": True,
        "awaitSegmentAvailabilityTimeoutMillis": 0,
    }


def partitioning_of(load: Load) -> Partitioning:
    """How the load is partitioned: Druid appends dynamic partitions only, whatever those before them are."""
    stated = load.loading.partitioning
    if load.mode is LoadMode.REPLACE or stated.type == "dynamic":
        return stated
    return Partitioning(rows_per_segment=stated.rows_per_segment)


def sub_tasks(load: Load) -> int:
    """How many sub-tasks may run at once; no more than parts."""
    return min(len(load.keys), load.most_sub_tasks)


def slots(tuning: dict[str, Any]) -> int:
    """How many of Druid's slots a load takes: its own, and one for each sub-task.

    With at most one sub-task it does the work itself, except for range partitions, which only sub-tasks can make.
    """
    most = int(tuning["maxNumConcurrentSubTasks"])
    works_itself = most <= 1 and tuning["partitionsSpec"]["type"] != "range"
    return 1 if works_itself else 1 + most


def _partitions_spec(partitioning: Partitioning, rows_per_segment: int) -> dict[str, Any]:
    match partitioning.type:
        case "hashed":
            return {
                "type": "hashed",
                "targetRowsPerSegment": rows_per_segment,
                "partitionDimensions": list(partitioning.columns),
                "partitionFunction": "murmur3_32_abs",
            }
        case "range":
            return {
                "type": "range",
                "targetRowsPerSegment": rows_per_segment,
                "partitionDimensions": list(partitioning.columns),
                "assumeGrouped": False,
            }
        case _:
            return {
                "type": "dynamic",
                "maxRowsPerSegment": rows_per_segment,
                "maxTotalRows": max(_ROWS_PER_PUBLISH, rows_per_segment),
            }
