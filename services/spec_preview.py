"""The spec that a file would be loaded with, built as the submitter does, without a question to Druid. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from services.submitter.load import DEFAULTS, MOST_SUB_TASKS, ROWS_PER_SEGMENT, Load
from services.submitter.spec import freeze
from services.validator.engine import Accepted
from services.validator.loading import loading_of
from services.validator.publication import Run
from shared.contract import Contract
from shared.events import FIRST_ATTEMPT, Column, LoadMode

STAND_IN = "TASK"
"""What stands where the task's id will: in the ids of tasks, and in the keys of its parts."""
_BUCKET, _RUN = "BUCKET", "RUN"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def spec_of(verdict: Accepted, *, datasource: str, contract: Contract | None) -> Mapping[str, Any]:
    """The spec for a file that was judged, in the mode of its contract, or appended.

    Bucket, run and task have no names yet, and words stand in for them. What the submitter asks Druid for is not in
    it: the intervals that a replace of the whole empties, the rows that were there before.
    """
    run = Run(STAND_IN, _RUN, _EPOCH)
    loading = loading_of(contract, verdict.columns) or DEFAULTS
    load = Load(
        task_id=STAND_IN,
        attempt=FIRST_ATTEMPT,
        datasource=datasource,
        mode=LoadMode(loading.mode),
        bucket=_BUCKET,
        keys=tuple(run.part_key(part.name) for part in verdict.parts),
        columns=tuple(
            Column(name=one.name, type=one.type, source_name=one.source_name, logical_type=one.logical_type)
            for one in verdict.columns
        ),
        rows=verdict.rows_accepted,
        time_min=_EPOCH + timedelta(milliseconds=verdict.time_min_ms),
        time_max=_EPOCH + timedelta(milliseconds=verdict.time_max_ms),
        used=(),
        rows_per_segment=ROWS_PER_SEGMENT,
        most_sub_tasks=MOST_SUB_TASKS,
        loading=loading,
    )
    return freeze(load).spec


def left_open(spec: Mapping[str, Any]) -> str | None:
    """What Druid would have to be asked for to know the whole spec, in a sentence; None where that is nothing."""
    if spec["spec"]["ioConfig"]["dropExisting"]:
        return "the intervals will also cover what the datasource holds by then, because a replace empties it"
    if spec["context"]["ingest_proof"]["by"] == "difference":
        return "rows_before will be counted when it is sent, because its rows are proven by the difference"
    return None
