"""The spec of a file that nobody has sent is the one that the submitter would make of its verdict."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from services.spec_preview import left_open, spec_of
from services.submitter.preparing import load_of
from services.submitter.settings import SubmitterOptions
from services.submitter.slots import sub_tasks_in
from services.submitter.spec import freeze
from services.validator.engine import Accepted, Column, Part
from services.validator.engine.verdict import ExpectedColumn, TimeColumn
from services.validator.loading import loading_of
from services.validator.publication import Fetched, Run, validated
from shared import ids
from shared.contract import Contract
from shared.events import FileUploaded, LoadMode, LoadOptions

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TASK = ids.idempotent_task_id(tenant="default", idempotency_key="preview")
VERDICT = Accepted(
    rows_read=10,
    rows_accepted=9,
    rows_rejected=1,
    second_count=10,
    parts=tuple(Part(name=f"part-{n}.json.gz", rows=4, bytes=1, uncompressed_bytes=2, sha256="0") for n in (1, 2)),
    columns=(
        Column(name="city", type="string", source_name="City", logical_type="text"),
        Column(name="n", type="long", source_name="n", logical_type="long"),
    ),
    report="report.json",
    time_column=TimeColumn(source_name="when", format="iso", zone="UTC", note=""),
    time_min_ms=1_767_225_600_000,
    time_max_ms=1_767_312_000_001,
    reading=(ExpectedColumn(name="__time", source_name="when", type="time"),),
)
CONTRACTS: dict[str, dict[str, Any] | None] = {
    "none": None,
    "append": {"segment_granularity": "hour", "dimensions": [{"name": "n"}]},
    "touched": {
        "mode": "replace",
        "replace": "touched",
        "segment_granularity": "day",
        "partitioning": {"type": "range", "columns": ["city"]},
    },
    "whole": {"mode": "replace"},
    "difference": {"task_id_column": False, "rollup": True, "metrics": [{"name": "rows", "type": "count"}]},
}
LEFT_OPEN = {"whole": "intervals", "difference": "rows_before"}


def contract_of(loading: dict[str, Any] | None) -> Contract | None:
    if loading is None:
        return None
    columns = [
        {"name": "when", "type": "timestamp", "role": "time"},
        {"name": "city", "type": "text"},
        {"name": "n", "type": "long"},
    ]
    said = {"format_version": 1, "datasource": "sales", "columns": columns, "loading": loading}
    return Contract.model_validate(said)


@pytest.mark.parametrize("name", list(CONTRACTS))
def test_it_is_what_the_submitter_makes(name: str) -> None:
    contract = contract_of(CONTRACTS[name])
    mode = LoadMode(contract.loading.mode) if contract else LoadMode.APPEND
    upload = FileUploaded(
        task_id=TASK,
        datasource_name="sales",
        file_uri="s3://b/k",
        accepted_at=NOW,
        options=LoadOptions(mode=mode),
    )
    run = Run(TASK, "RUN", NOW)
    loading = loading_of(contract, VERDICT.columns)
    event = validated(upload, VERDICT, run, Fetched(1, "0" * 64), bucket="BUCKET", finished_at=NOW, loading=loading)
    options = SubmitterOptions()
    by_range = event.loading is not None and event.loading.partitioning.type == "range"
    slots = options.sizes().slots(rows=9, size_bytes=1, parts=2, by_range=by_range)
    load = load_of(event, mode, rows_per_segment=options.rows_per_segment, most_sub_tasks=sub_tasks_in(slots))
    made = json.loads(json.dumps(freeze(load).spec).replace(TASK, "TASK"))
    planned = spec_of(VERDICT, datasource="sales", contract=contract)
    for spec in (made, planned):
        del spec["context"]["ingest_spec_hash"]
    assert planned == made
    words = LEFT_OPEN.get(name)
    assert left_open(planned) is None if words is None else words in (left_open(planned) or "")
