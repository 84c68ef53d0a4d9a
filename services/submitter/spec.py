"""The Druid task of a load, built from typed fields only: nothing that a caller wrote reaches it as JSON.

Pure, and the same input is the same bytes: the spec is frozen before it is posted, and its hash stands in the task's
context, so that "already exists" can be told apart from "taken by something else". Every default of Druid's that would
change what is loaded is written out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.submitter.intervals import Cut, cut
from shared import ids
from shared.druid import HASH_KEY, TASK_COLUMN, canonical_json
from shared.events import Column, LoadMode

TIME_COLUMN = "__time"
_ROWS_IN_MEMORY = 1_000_000
_ROWS_PER_PUBLISH = 20_000_000
_PROBLEMS_KEPT = 10


@dataclass(frozen=True)
class Load:
    """All that a spec is made of.

    `keys` are the canonical parts in `bucket`, gzipped JSON lines whose names end in `.gz`: Druid goes by the name.
    `used` are the intervals that a replace has to empty, `start/end`; an append has none. `most_sub_tasks` bounds the
    sub-tasks, one part each; with 1 the task does all the work itself, in one slot.
    """

    task_id: str
    attempt: int
    datasource: str
    mode: LoadMode
    bucket: str
    keys: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: int
    time_min: datetime
    time_max: datetime
    used: tuple[str, ...]
    rows_per_segment: int
    most_sub_tasks: int


@dataclass(frozen=True)
class Frozen:
    """A task as it will be posted, however often: body, the hash in its context, and the intervals that it writes."""

    druid_task_id: str
    spec: Mapping[str, Any]
    spec_hash: str
    intervals: tuple[str, ...]


def freeze(load: Load, *, alone: bool = False) -> Frozen:
    """Build the task of a load; with `alone` an append has its time chunks to itself, and the next one waits."""
    chosen = cut(
        rows=load.rows,
        time_min=load.time_min,
        time_max=load.time_max,
        used=load.used if load.mode is LoadMode.REPLACE else (),
        rows_per_segment=load.rows_per_segment,
    )
    druid_task_id = ids.druid_task_id(task_id=load.task_id, attempt=load.attempt)
    context = {
        TASK_COLUMN: load.task_id,
        "forceTimeChunkLock": True,
        # Appends share a time chunk. A replace has it alone: the barrier keeps other loads away, the lock the rest.
        "useConcurrentLocks": load.mode is LoadMode.APPEND and not alone,
    }
    task: dict[str, Any] = {
        "type": "index_parallel",
        "id": druid_task_id,
        "spec": {
            "dataSchema": _data_schema(load, chosen),
            "ioConfig": _io_config(load),
            "tuningConfig": _tuning_config(load),
        },
        "context": context,
    }
    spec_hash = hashlib.sha256(canonical_json(task)).hexdigest()
    task["context"] = {**context, HASH_KEY: spec_hash}
    return Frozen(druid_task_id, task, spec_hash, (chosen.interval,))


def intervals_of(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """The intervals that a frozen task writes."""
    return tuple(spec["spec"]["dataSchema"]["granularitySpec"]["intervals"])


def _data_schema(load: Load, chosen: Cut) -> dict[str, Any]:
    ours = {TIME_COLUMN, TASK_COLUMN}
    dimensions = [{"type": one.type, "name": one.name} for one in load.columns if one.name not in ours]
    return {
        "dataSource": load.datasource,
        "timestampSpec": {"column": TIME_COLUMN, "format": "millis"},
        "dimensionsSpec": {
            "dimensions": [*dimensions, {"type": "string", "name": TASK_COLUMN}],
            "includeAllDimensions": False,
            "useSchemaDiscovery": False,
        },
        "metricsSpec": [],
        "granularitySpec": {
            "type": "uniform",
            "segmentGranularity": chosen.granularity.value,
            "queryGranularity": "NONE",
            "rollup": False,
            "intervals": [chosen.interval],
        },
    }


def _io_config(load: Load) -> dict[str, Any]:
    replaces = load.mode is LoadMode.REPLACE
    return {
        "type": "index_parallel",
        "inputSource": {"type": "s3", "objects": [{"bucket": load.bucket, "path": key} for key in load.keys]},
        "inputFormat": {
            "type": "json",
            "assumeNewlineDelimited": True,
            "keepNullColumns": True,
            "flattenSpec": {"useFieldDiscovery": False, "fields": []},
        },
        "appendToExisting": not replaces,
        "dropExisting": replaces,
    }


def _tuning_config(load: Load) -> dict[str, Any]:
    return {
        "type": "index_parallel",
        "partitionsSpec": {
            "type": "dynamic",
            "maxRowsPerSegment": load.rows_per_segment,
            "maxTotalRows": max(_ROWS_PER_PUBLISH, load.rows_per_segment),
        },
        "forceGuaranteedRollup": False,
        "maxRowsInMemory": _ROWS_IN_MEMORY,
        # What is persisted on the way is read once and thrown away: compressing it costs a tenth of the load.
        "indexSpecForIntermediatePersists": {
            "bitmap": {"type": "roaring"},
            "dimensionCompression": "uncompressed",
            "metricCompression": "none",
            "longEncoding": "longs",
        },
        "maxNumConcurrentSubTasks": min(len(load.keys), load.most_sub_tasks),
        "maxParseExceptions": 0,
        "maxSavedParseExceptions": _PROBLEMS_KEPT,
        "logParseExceptions": True,
        "awaitSegmentAvailabilityTimeoutMillis": 0,
    }
