"""Any event that a service may publish."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import strategies as st

from shared import events, ids
from shared.loading import DimensionTyped, Loading, Metric, Partitioning, Transform

task_ids = st.integers(min_value=0, max_value=2**128 - 1).map(lambda number: ids.task_id_of(UUID(int=number)))
words = st.text(max_size=40)
times = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # Hypothesis takes naive bounds
rows = st.integers(min_value=0, max_value=2**63 - 1)
maybe_words = st.none() | words
versions = st.none() | st.integers(1, 2**31 - 1)
common = {"task_id": task_ids, "tenant": st.text(min_size=1, max_size=64), "attempt": st.integers(1, 1_000_000)}

options = st.builds(
    events.LoadOptions,
    mode=st.sampled_from(events.LoadMode),
    timestamp_column=maybe_words,
    timestamp_format=maybe_words,
    time_zone=maybe_words,
    delimiter=st.none() | st.characters(codec="utf-8"),
    header=st.none() | st.booleans(),
    skip_rows=st.none() | st.integers(0, 1_000),
    comment=st.none() | st.sampled_from(["#", "//"]),
    decimal_mark=st.none() | st.sampled_from([".", ","]),
    max_rejected_rows=st.none() | rows,
    max_rejected_ratio=st.none() | st.floats(0, 1),
    stop_after=st.none() | st.sampled_from(events.StopAfter),
    confirm=maybe_words,
    force=st.none() | st.booleans(),
)
correction = st.builds(
    events.Correction,
    parent_task_id=task_ids,
    rows=rows,
    completed=st.lists(task_ids, max_size=3).map(tuple),
    waived=maybe_words,
)
uploaded = st.builds(
    events.FileUploaded,
    **common,
    datasource_name=words,
    file_uri=words,
    accepted_at=times,
    original_filename=maybe_words,
    user_id=maybe_words,
    file_size=st.none() | rows,
    sha256=maybe_words,
    etag=maybe_words,
    options=options,
    contract_version=st.none() | st.integers(0, 2**31 - 1),
    correction=st.none() | correction,
)
part = st.builds(events.Part, key=words, rows=rows, bytes=rows, sha256=words)
column = st.builds(
    events.Column,
    name=words,
    type=st.sampled_from(["long", "double", "string"]),
    source_name=words,
    logical_type=maybe_words,
    empty=st.none() | st.booleans(),
)
names = st.lists(words, max_size=2).map(tuple)
loading = st.builds(
    Loading,
    mode=st.sampled_from(["append", "replace"]),
    replace=st.sampled_from(["whole", "touched"]),
    segment_granularity=st.none() | st.sampled_from(["day", "month", "all"]),
    query_granularity=st.sampled_from(["none", "fifteen_minute"]),
    partitioning=st.builds(
        Partitioning, type=st.sampled_from(["dynamic", "hashed", "range"]), columns=names, rows_per_segment=st.just(5)
    ),
    rollup=st.booleans(),
    metrics=st.lists(
        st.builds(
            Metric,
            name=words,
            type=st.sampled_from(["count", "sum", "hll"]),
            column=maybe_words,
            number=st.none() | st.sampled_from(["long", "double"]),
        ),
        max_size=2,
    ).map(tuple),
    dimensions=names,
    dimension_types=st.lists(
        st.builds(DimensionTyped, name=words, type=st.sampled_from(["json", "float", "string"])), max_size=2
    ).map(tuple),
    left_out=names,
    transforms=st.lists(
        st.builds(
            Transform,
            name=words,
            type=st.sampled_from(["lower", "constant", "bucket", "json_value", "time_floor"]),
            columns=names,
            returns=st.sampled_from(["string", "long", "double"]),
            granularity=st.none() | st.just("day"),
            zone=maybe_words,
            separator=maybe_words,
            size=st.none() | st.floats(0.001, 1e15),
            value=st.none() | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(-1e300, 1e300) | words,
            path=maybe_words,
        ),
        max_size=2,
    ).map(tuple),
    task_id_column=st.booleans(),
    duplicates=st.sampled_from(["reject", "load"]),
    wider_type=st.sampled_from(["evolve", "ignore", "reject"]),
    narrower_type=st.sampled_from(["evolve", "ignore", "reject"]),
)
validated = st.builds(
    events.FileValidated,
    **common,
    datasource_name=words,
    accepted_at=times,
    options=options,
    run_id=words,
    bucket=words,
    parts=st.lists(part, min_size=1, max_size=3).map(tuple),
    columns=st.lists(column, max_size=3).map(tuple),
    rows_read=rows,
    rows_accepted=rows,
    rows_rejected=rows,
    time_min=times,
    time_max=times,
    time_column=words,
    file_size=rows,
    report_key=words,
    rejects_key=maybe_words,
    started_at=times,
    finished_at=times,
    contract_version=versions,
    rejected_records=maybe_words,
    corrected_records=maybe_words,
    source_sha256=maybe_words,
    loading=st.none() | loading,
)
details = st.dictionaries(
    words, st.none() | st.integers(-(2**53), 2**53) | words | st.lists(words, max_size=2), max_size=2
)
problem = st.builds(events.Problem, code=words, message=words, detail=details)
notices = st.lists(problem, max_size=2).map(tuple)
submitted = st.builds(
    events.DruidSubmitted,
    **common,
    datasource_name=words,
    druid_task_id=words,
    spec_hash=words,
    intervals=st.lists(words, max_size=2).map(tuple),
    rows_read=rows,
    rows_accepted=rows,
    rows_rejected=rows,
    submitted_at=times,
    mode=st.none() | st.sampled_from(events.LoadMode),
    spec_key=maybe_words,
    proof_by=st.sampled_from(events.ProofBy),
    count_metric=maybe_words,
    rows_before=st.none() | rows,
    notices=notices,
)
ledger = st.builds(
    events.Ledger,
    status=st.sampled_from(events.LedgerStatus),
    rows_read=rows,
    rows_accepted=rows,
    rows_rejected=rows,
    rows_processed=st.none() | rows,
    rows_counted=st.none() | rows,
    query=maybe_words,
    counted_at=st.none() | times,
    reason=maybe_words,
)
chunk = st.builds(events.PlannedChunk, interval=words, rows_now=rows, rows_coming=rows, replaced=st.booleans())
plan = st.builds(
    events.Plan,
    token=words,
    mode=st.sampled_from(events.LoadMode),
    chunks=st.lists(chunk, max_size=2).map(tuple),
    rows_now=rows,
    rows_coming=rows,
    rows_vanishing=rows,
    chunks_vanishing=rows,
    made_at=times,
    notices=notices,
)
undone = st.builds(
    events.Undone,
    undoes=task_ids,
    rows_before=rows,
    rows_after=st.none() | rows,
    rows_removed=rows,
    rows_restored=rows,
    segments_removed=rows,
    segments_restored=rows,
    query=maybe_words,
    counted_at=st.none() | times,
)
updated = st.builds(
    events.TaskUpdated,
    **common,
    status=st.sampled_from(events.TaskStatus),
    occurred_at=times,
    sequence=st.integers(0, 2**31),
    reason=maybe_words,
    rows_so_far=st.none() | rows,
    problems=st.lists(problem, max_size=2).map(tuple),
    ledger=st.none() | ledger,
    rows_read=st.none() | rows,
    rows_rejected=st.none() | rows,
    report_key=maybe_words,
    rejects_key=maybe_words,
    contract_version=versions,
    plan=st.none() | plan,
    duplicate_of=st.none() | task_ids,
    undone=st.none() | undone,
    verified=st.none() | ledger,
)
command = st.builds(
    events.TaskCommand,
    **common,
    command=st.sampled_from(events.CommandName),
    issued_at=times,
    sequence=st.integers(0, 2**31),
    reason=maybe_words,
    rows=st.none() | rows,
    records=maybe_words,
    user_id=maybe_words,
    start_from=st.none() | st.sampled_from(events.Stage),
    run_id=maybe_words,
    undoes=st.none() | task_ids,
    datasource_name=maybe_words,
)
datasource = st.builds(
    events.DatasourceUpdated,
    tenant=st.text(min_size=1, max_size=64),
    datasource_name=words,
    version=st.integers(1, 2**31 - 1),
    contract=words,
    sha256=words,
    created_at=times,
    created_by=maybe_words,
)
any_event = st.one_of(uploaded, validated, submitted, updated, command, datasource)
