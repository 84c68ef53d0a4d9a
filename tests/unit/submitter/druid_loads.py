"""Loads whose specs are golden in the unit tests and run on a real Druid in the integration tests."""

from __future__ import annotations

from datetime import UTC, datetime

from services.submitter.spec import Load
from shared.events import Column, LoadMode

COLUMNS = (
    Column(name="__time", type="long", source_name="when"),
    Column(name="delay", type="long", source_name="delay"),
    Column(name="ratio", type="double", source_name="ratio"),
    Column(name="a.b", type="string", source_name="a.b"),
    Column(name="ingest_task_id", type="string", source_name="ingest_task_id"),
)


def _load(mode: LoadMode, *, parts: int = 1, used: tuple[str, ...] = ()) -> Load:
    return Load(
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


APPEND = _load(LoadMode.APPEND)
REPLACE = _load(LoadMode.REPLACE, used=("2010-03-04T00:00:00.000Z/2010-03-05T00:00:00.000Z",))
MANY_PARTS = _load(LoadMode.APPEND, parts=3)
