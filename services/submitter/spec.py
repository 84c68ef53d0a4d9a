"""The Druid task of a load, built from typed fields only: nothing that a caller wrote reaches it as JSON.

Pure, and the same input is the same bytes: the spec is frozen before it is posted, and its hash stands in the task's
context, so that "already exists" can be told apart from "taken by something else". Every default of Druid's that would
change what is loaded is written out. Its parts are made in `dimensions`, `metrics`, `transforms`, `sources`, `tuning`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.submitter.dimensions import TIME_COLUMN, dimensions_spec
from services.submitter.intervals import Cut, cut
from services.submitter.live_types import DRIFT_KEY, as_json
from services.submitter.load import Load
from services.submitter.metrics import count_metric, metrics_spec
from services.submitter.sources import io_config, without_signatures
from services.submitter.transforms import transform_spec
from services.submitter.tuning import partitioning_of, slots, tuning_config
from shared import ids
from shared.druid import HASH_KEY, TASK_COLUMN, canonical_json
from shared.events import LoadMode, ProofBy

__all__ = ["Frozen", "Load", "Proof", "cut_of", "freeze", "intervals_of", "proof_of", "slots_of", "without_signatures"]

PROOF_KEY = "ingest_proof"


@dataclass(frozen=True)
class Frozen:
    """A task as it will be posted, however often: body, the hash in its context, and the intervals that it writes."""

    druid_task_id: str
    spec: Mapping[str, Any]
    spec_hash: str
    intervals: tuple[str, ...]


@dataclass(frozen=True)
class Proof:
    """What the rows of a load will be counted by; the meaning of each is told in `DruidSubmitted`."""

    mode: LoadMode
    by: ProofBy
    count_metric: str | None
    rows_before: int | None


def freeze(load: Load) -> Frozen:
    """Build the task of a load."""
    chosen = cut_of(load)
    druid_task_id = ids.druid_task_id(task_id=load.task_id, attempt=load.attempt)
    context = {
        TASK_COLUMN: load.task_id,
        PROOF_KEY: _proof(load),
        "forceTimeChunkLock": True,
        # Appends share a time chunk. A replace has it alone: the barrier keeps other loads away, the lock the rest.
        "useConcurrentLocks": load.mode is LoadMode.APPEND and not load.alone,
        **({DRIFT_KEY: as_json(load.drift)} if load.drift else {}),
    }
    task: dict[str, Any] = {
        "type": "index_parallel",
        "id": druid_task_id,
        "spec": {
            "dataSchema": _data_schema(load, chosen),
            "ioConfig": io_config(load),
            "tuningConfig": tuning_config(load),
        },
        "context": context,
    }
    spec_hash = hashlib.sha256(canonical_json(without_signatures(task))).hexdigest()
    task["context"] = {**context, HASH_KEY: spec_hash}
    return Frozen(druid_task_id, task, spec_hash, (chosen.interval,))


def cut_of(load: Load) -> Cut:
    """The segment granularity of a load, and the interval that it writes."""
    return cut(
        rows=load.rows,
        time_min=load.time_min,
        time_max=load.time_max,
        used=load.used if load.mode is LoadMode.REPLACE else (),
        rows_per_segment=partitioning_of(load).rows_per_segment or load.rows_per_segment,
        stated=load.loading.segment_granularity,
        query=load.loading.query_granularity,
    )


def intervals_of(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """The intervals that a frozen task writes."""
    return tuple(spec["spec"]["dataSchema"]["granularitySpec"]["intervals"])


def slots_of(spec: Mapping[str, Any]) -> int:
    """How many of Druid's slots a frozen task takes at most."""
    return slots(spec["spec"]["tuningConfig"])


def proof_of(spec: Mapping[str, Any]) -> Proof:
    """By what the rows of a frozen task are counted; it stands in its context, where it is as frozen as the rest.

    A spec of an earlier release has nothing there: its rows carry their task's id.
    """
    said = spec["context"].get(PROOF_KEY, {})
    appends = spec["spec"]["ioConfig"]["appendToExisting"]
    return Proof(
        mode=LoadMode.APPEND if appends else LoadMode.REPLACE,
        by=ProofBy(said.get("by", ProofBy.TASK_ID)),
        count_metric=said.get("count_metric"),
        rows_before=said.get("rows_before"),
    )


def _proof(load: Load) -> dict[str, Any]:
    by = ProofBy.TASK_ID if load.loading.task_id_column else ProofBy.DIFFERENCE
    return {
        "by": by.value,
        "count_metric": count_metric(load.loading),
        "rows_before": load.rows_before if by is ProofBy.DIFFERENCE else None,
    }


def _data_schema(load: Load, chosen: Cut) -> dict[str, Any]:
    loading = load.loading
    return {
        "dataSource": load.datasource,
        "timestampSpec": {"column": TIME_COLUMN, "format": "millis"},
        "dimensionsSpec": dimensions_spec(load),
        "metricsSpec": metrics_spec(loading),
        "granularitySpec": {
            "type": "uniform",
            "segmentGranularity": chosen.granularity.upper(),
            "queryGranularity": loading.query_granularity.upper(),
            "rollup": loading.rollup,
            "intervals": [chosen.interval],
        },
        "transformSpec": transform_spec(load),
    }
