"""Loads whose specs are golden in the unit tests and run on a real Druid in the integration tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from services.submitter.spec import Load
from shared.events import Column, LoadMode
from shared.loading import DimensionTyped, Loading, Metric, Partitioning, Transform

COLUMNS = (
    Column(name="__time", type="long", source_name="when"),
    Column(name="delay", type="long", source_name="delay"),
    Column(name="ratio", type="double", source_name="ratio"),
    Column(name="a.b", type="string", source_name="a.b"),
    Column(name="ingest_task_id", type="string", source_name="ingest_task_id"),
)
# With a decimal and a json column: both stand in the parts as text.
WIDE = (
    *COLUMNS[:-1],
    Column(name="price", type="string", source_name="price", logical_type="decimal"),
    Column(name="basket", type="string", source_name="basket"),
)
ODD = 'it\'s "Δ😀" \\ {x}'


def _load(mode: LoadMode, *, parts: int = 1, used: tuple[str, ...] = (), **more: Any) -> Load:
    load = Load(
        task_id="BcdefghijkmnopqrstuvwA",
        attempt=1,
        datasource="flights",
        mode=mode,
        bucket="ingest",
        keys=tuple(f"validated/BcdefghijkmnopqrstuvwA/run/part-{number:05}.ndjson.gz" for number in range(parts)),
        columns=COLUMNS,
        rows=30 * parts,
        time_min=datetime(2013, 3, 4, 5, tzinfo=UTC),
        time_max=datetime(2013, 3, 6, 23, 59, tzinfo=UTC),
        used=used,
        rows_per_segment=5_000_000,
        most_sub_tasks=2 if parts > 1 else 1,
    )
    return replace(load, **more)


def _append(*, parts: int = 1, columns: tuple[Column, ...] = COLUMNS, **loading: Any) -> Load:
    return _load(LoadMode.APPEND, parts=parts, columns=columns, loading=Loading(**loading))


def _replace(*, parts: int = 1, **loading: Any) -> Load:
    return _load(LoadMode.REPLACE, parts=parts, loading=Loading(mode="replace", **loading))


APPEND = _load(LoadMode.APPEND)
REPLACE = _load(LoadMode.REPLACE, used=("2010-03-04T00:00:00.000Z/2010-03-05T00:00:00.000Z",))
MANY_PARTS = _load(LoadMode.APPEND, parts=3)
HTTP = replace(
    MANY_PARTS,
    urls=tuple(f"http://store.invalid:9000/ingest/{key}?X-Amz-Signature=5ec7e7" for key in MANY_PARTS.keys),
)
TOUCHED = _replace(replace="touched", segment_granularity="day")
GRANULARITY = _append(
    segment_granularity="month",
    query_granularity="six_hour",
    partitioning=Partitioning(rows_per_segment=1_000),
)
HASHED = _replace(
    parts=2,
    segment_granularity="week",
    partitioning=Partitioning(type="hashed", columns=("a.b",), rows_per_segment=4),
)
RANGE = _replace(
    segment_granularity="quarter", partitioning=Partitioning(type="range", columns=("a.b",), rows_per_segment=4)
)
# Druid appends dynamic partitions only.
HASHED_APPENDED = replace(HASHED, mode=LoadMode.APPEND)
ROLLUP = _append(
    columns=WIDE,
    query_granularity="day",
    rollup=True,
    metrics=(
        Metric(name="trips", type="count"),
        Metric(name="delay", type="sum", column="delay", number="long"),
        Metric(name="least", type="min", column="delay", number="long"),
        Metric(name="most", type="max", column="delay", number="long"),
        Metric(name="ratios", type="sum", column="ratio", number="double"),
        Metric(name="lowest", type="min", column="ratio", number="double"),
        Metric(name="highest", type="max", column="ratio", number="double"),
        Metric(name="paid", type="sum", column="price", number="double"),
    ),
    left_out=("delay", "ratio", "price", "basket", "a.b"),
)
ACROSS_FILES = replace(
    _append(
        rollup=True,
        query_granularity="day",
        metrics=(Metric(name="delays", type="sum", column="delay", number="long"),),
        left_out=("delay", "ratio", "a.b"),
        task_id_column=False,
    ),
    rows_before=0,
)
SKETCHES = _append(
    rollup=True,
    metrics=(
        Metric(name="people", type="hll", column="a.b"),
        Metric(name="buyers", type="theta", column="a.b"),
        Metric(name="delays", type="quantiles", column="delay"),
    ),
    left_out=("a.b", "delay"),
)
TYPED = _append(
    columns=WIDE,
    dimensions=("a.b", "basket"),
    dimension_types=(
        DimensionTyped(name="basket", type="json"),
        DimensionTyped(name="delay", type="string"),
        DimensionTyped(name="ratio", type="float"),
        DimensionTyped(name="price", type="double"),
    ),
)
TRANSFORMS = _append(
    columns=WIDE,
    dimension_types=(DimensionTyped(name="basket", type="json"),),
    dimensions=("day",),
    transforms=(
        Transform(name="day", type="time_floor", granularity="day", zone="Europe/Berlin"),
        Transform(name="hour", type="time_floor", granularity="six_hour"),
        Transform(name="a.b", type="upper", columns=("a.b",)),
        Transform(name="low", type="lower", columns=("a.b",)),
        Transform(name="trimmed", type="trim", columns=("a.b",)),
        Transform(name="both", type="concat", columns=("a.b", "delay", "price"), separator=ODD),
        Transform(name="joined", type="concat", columns=("a.b", "a.b")),
        Transform(name="tens", type="bucket", columns=("delay",), size=10, returns="long"),
        Transform(name="halves", type="bucket", columns=("ratio",), size=0.5, returns="double"),
        Transform(name="pounds", type="bucket", columns=("price",), size=1, returns="double"),
        Transform(name=ODD, type="constant", value=ODD),
        Transform(name="version", type="constant", value=-7, returns="long"),
        Transform(name="weight", type="constant", value=2.5e-7, returns="double"),
        Transform(name="first", type="json_value", columns=("basket",), path="$.items[0].name"),
        Transform(name="sum", type="json_value", columns=("basket",), path="$['the sum']", returns="long"),
        Transform(name="tax", type="json_value", columns=("basket",), path="$.tax", returns="double"),
    ),
)
GOLDEN: dict[str, Load] = {
    "append": APPEND,
    "replace": REPLACE,
    "many_parts": MANY_PARTS,
    "http": HTTP,
    "touched": TOUCHED,
    "granularity": GRANULARITY,
    "hashed": HASHED,
    "hashed_appended": HASHED_APPENDED,
    "range": RANGE,
    "rollup": ROLLUP,
    "across_files": ACROSS_FILES,
    "sketches": SKETCHES,
    "typed": TYPED,
    "transforms": TRANSFORMS,
}
