"""Every golden spec on a real Druid, with rows of its own, and what a query finds of them afterwards."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.submitter.dimensions import dimensions_of
from services.submitter.spec import Load, freeze
from shared import ids
from shared.druid import DruidRefusedError, DruidState, HttpDruid
from shared.row_count import RowCount, count_rows
from shared.storage.s3 import S3ObjectStore
from tests.integration.druid.loading import Loader
from tests.unit.submitter import druid_loads
from tests.unit.submitter.druid_loads import GOLDEN, ODD

BEGIN = datetime(2013, 3, 4, 5, tzinfo=UTC)
ROWS = 12
# What an extension or an address must be there for, and has a test of its own.
ELSEWHERE = {"sketches", "http"}


def rows_of(task_id: str, *, start: datetime = BEGIN, count: int = ROWS) -> list[dict[str, Any]]:
    """Every five hours a row; every third has no delay, and no basket."""
    return [
        {
            "__time": int((start + timedelta(hours=5 * number)).timestamp() * 1000),
            "delay": number * 7 - 20 if number % 3 else None,
            "ratio": number / 4,
            "a.b": f" Text {number % 4} ",
            "price": f"{number}.50",
            "basket": json.dumps({"items": [{"name": f"n{number}"}], "the sum": number * 10, "tax": number / 8})
            if number % 3
            else None,
            "ingest_task_id": task_id,
        }
        for number in range(count)
    ]


async def ready(loader: Loader, golden: Load, *, start: datetime = BEGIN, count: int = ROWS) -> Load:
    """The golden load with parts that are there, into the test's datasource."""
    task_id = ids.fresh_task_id()
    rows = rows_of(task_id, start=start, count=count)
    parts = len(golden.keys)
    keys = tuple([await loader.put(task_id, number, rows[number::parts]) for number in range(parts)])
    return replace(
        golden, task_id=task_id, datasource=loader.datasource, bucket=loader.store.bucket, keys=keys, rows=len(rows)
    )


async def loaded(loader: Loader, load: Load) -> None:
    """Run a load, and wait until its segments can be queried."""
    frozen = freeze(load)
    status = await loader.run(load)
    assert (status.state, status.error) == (DruidState.SUCCESS, None)
    refresh = True
    while await loader.druid.load_status(load.datasource, frozen.intervals[0], refresh=refresh) != 100.0:
        refresh = False
        await asyncio.sleep(0.05)
    name = load.datasource.replace('"', '""')
    while True:  # SQL learns of new columns after their segments
        try:
            return await _known(loader, f'SELECT * FROM "{name}" LIMIT 1', load)  # noqa: S608  # quoted
        except DruidRefusedError:
            await asyncio.sleep(0.05)


async def _known(loader: Loader, query: str, load: Load) -> None:
    (row,) = await loader.druid.sql(query)
    missing = set(dimensions_of(load)) - row.keys()
    if missing:
        raise DruidRefusedError(str(missing))


async def asked(loader: Loader, query: str) -> list[dict[str, Any]]:
    name = loader.datasource.replace('"', '""')
    return await loader.druid.sql(query.replace("DATASOURCE", f'"{name}"'))


async def one(loader: Loader, columns: str) -> dict[str, Any]:
    (row,) = await asked(loader, f"SELECT {columns} FROM DATASOURCE")  # noqa: S608  # a test's own words
    return row


@pytest.mark.parametrize("name", sorted(GOLDEN.keys() - ELSEWHERE))
async def test_every_golden_spec_runs(loader: Loader, name: str) -> None:
    golden = GOLDEN[name]
    load = await ready(loader, golden)
    ours, theirs = freeze(load).spec["spec"], freeze(golden).spec["spec"]
    assert ours["tuningConfig"] == theirs["tuningConfig"]
    assert {**ours["dataSchema"], "dataSource": "flights"} == theirs["dataSchema"]
    await loaded(loader, load)
    counted = "COUNT(*)" if not load.loading.rollup else f'SUM("{metric_of(load)}")'
    assert (await one(loader, f'{counted} AS "rows"'))["rows"] == ROWS


def metric_of(load: Load) -> str:
    return str(freeze(load).spec["context"]["ingest_proof"]["count_metric"])


async def segments(loader: Loader) -> list[dict[str, Any]]:
    found = await loader.druid.sql(
        'SELECT "start", "end", "shard_spec", "num_rows" FROM sys.segments '
        'WHERE datasource = ? AND is_published = 1 AND is_overshadowed = 0 ORDER BY 1, "partition_num"',
        [loader.datasource],
    )
    return [{**row, "shard_spec": json.loads(row["shard_spec"])} for row in found]


async def test_a_touched_replace_leaves_the_chunks_without_new_rows(loader: Loader) -> None:
    """Days 4 to 6 of March are there with a row of 2012; the new file has two rows of the 4th and one of the 6th."""
    old = await ready(loader, druid_loads.APPEND)
    elsewhere = await ready(loader, druid_loads.APPEND, start=BEGIN.replace(year=2012), count=1)
    await loaded(loader, old)
    await loaded(loader, replace(elsewhere, time_min=BEGIN.replace(year=2012), time_max=BEGIN.replace(year=2012)))
    task_id = ids.fresh_task_id()
    rows = [*rows_of(task_id, count=2), *rows_of(task_id, start=BEGIN + timedelta(days=2), count=1)]
    key = await loader.put(task_id, 0, rows)
    new = replace(await ready(loader, druid_loads.TOUCHED), task_id=task_id, keys=(key,), rows=3)
    await loaded(loader, new)
    query = 'SELECT TIME_FORMAT("__time", \'yyyy-MM-dd\') AS "day", COUNT(*) AS "rows" FROM DATASOURCE GROUP BY 1'
    found = {row["day"]: row["rows"] for row in await asked(loader, query)}
    assert found == {"2012-03-04": 1, "2013-03-04": 2, "2013-03-05": 5, "2013-03-06": 1}


async def test_times_are_cut_and_segments_are_as_long_as_said(loader: Loader) -> None:
    await loaded(loader, await ready(loader, druid_loads.GRANULARITY))
    query = 'SELECT DISTINCT TIME_EXTRACT("__time", \'HOUR\') AS "hour" FROM DATASOURCE ORDER BY 1'
    assert [row["hour"] for row in await asked(loader, query)] == [0, 6, 12, 18]
    (segment,) = await segments(loader)
    assert (segment["start"], segment["end"]) == ("2013-03-01T00:00:00.000Z", "2013-04-01T00:00:00.000Z")


@pytest.mark.parametrize(
    ("golden", "kind", "columns"),
    [(druid_loads.HASHED, "hashed", ["a.b"]), (druid_loads.RANGE, "range", None)],
)
async def test_segments_are_partitioned_as_said(
    loader: Loader, golden: Load, kind: str, columns: Sequence[str] | None
) -> None:
    await loaded(loader, await ready(loader, golden))
    found = await segments(loader)
    assert len(found) > 1
    assert {segment["shard_spec"]["type"] for segment in found} <= {kind, "single"}
    if columns is not None:
        assert {tuple(segment["shard_spec"]["partitionDimensions"]) for segment in found} == {tuple(columns)}
    await loaded(loader, await ready(loader, replace(druid_loads.HASHED_APPENDED, keys=("one",))))
    assert (await one(loader, 'COUNT(*) AS "rows"'))["rows"] == 2 * ROWS


async def test_rollup_keeps_the_figures(loader: Loader) -> None:
    load = await ready(loader, druid_loads.ROLLUP)
    await loaded(loader, load)
    columns = (
        'COUNT(*) AS "stored", SUM("trips") AS "trips", SUM("delay") AS "delay", MIN("least") AS "least", '
        'MAX("most") AS "most", SUM("ratios") AS "ratios", MIN("lowest") AS "lowest", MAX("highest") AS "highest", '
        'SUM("paid") AS "paid"'
    )
    given = rows_of("x")
    delays = [row["delay"] for row in given if row["delay"] is not None]
    assert await one(loader, columns) == {
        "stored": 3,
        "trips": ROWS,
        "delay": sum(delays),
        "least": min(delays),
        "most": max(delays),
        "ratios": sum(row["ratio"] for row in given),
        "lowest": 0.0,
        "highest": 2.75,
        "paid": sum(float(row["price"]) for row in given),
    }


async def test_rollup_across_files_is_counted_by_the_difference(loader: Loader, druid: HttpDruid) -> None:
    first = await ready(loader, druid_loads.ACROSS_FILES)
    wanted = RowCount(datasource=loader.datasource, intervals=freeze(first).intervals, metric=metric_of(first))
    assert (await count_rows(druid, wanted)).rows is None
    await loaded(loader, first)
    assert (await count_rows(druid, wanted)).rows == ROWS
    second = await ready(loader, druid_loads.ACROSS_FILES)
    await loaded(loader, second)
    assert (await count_rows(druid, wanted)).rows == 2 * ROWS
    found = await one(loader, 'SUM("ingest_row_count") AS "rows", SUM("delays") AS "delays"')
    assert found == {"rows": 2 * ROWS, "delays": 2 * sum(row["delay"] or 0 for row in rows_of("x"))}
    assert (await count_rows(druid, replace(wanted, metric=None))).rows == 6


async def test_dimensions_have_their_types_and_their_order(loader: Loader) -> None:
    load = await ready(loader, druid_loads.TYPED)
    await loaded(loader, load)
    schema = await loader.druid.sql(
        "SELECT COLUMN_NAME, DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = ?", [loader.datasource]
    )
    types = {row["COLUMN_NAME"]: row["DATA_TYPE"] for row in schema}
    assert types == {
        "__time": "TIMESTAMP",
        "a.b": "VARCHAR",
        "basket": "COMPLEX<json>",
        "delay": "VARCHAR",
        "ratio": "FLOAT",
        "price": "DOUBLE",
        "ingest_task_id": "VARCHAR",
    }
    names = [one["name"] for one in freeze(load).spec["spec"]["dataSchema"]["dimensionsSpec"]["dimensions"]]
    assert names == ["a.b", "basket", "delay", "ratio", "price", "ingest_task_id"]
    query = (
        'SELECT "delay", "price", JSON_VALUE("basket", \'$.items[0].name\') AS "name", '
        'JSON_VALUE("basket", \'$.tax\' RETURNING DOUBLE) AS "tax" FROM DATASOURCE ORDER BY "__time" LIMIT 2'
    )
    assert await asked(loader, query) == [
        {"delay": None, "price": 0.5, "name": None, "tax": None},
        {"delay": "-13", "price": 1.5, "name": "n1", "tax": 0.125},
    ]


async def test_transforms_make_their_columns(loader: Loader) -> None:
    """Of a row with everything, one without a delay and a basket, and what others wrote stays text."""
    await loaded(loader, await ready(loader, druid_loads.TRANSFORMS))
    columns = ("day", "hour", "a.b", "low", "trimmed", "both", "joined", "tens", "halves", "pounds", ODD)
    more = ("version", "weight", "first", "sum", "tax")
    names = ", ".join('"' + name.replace('"', '""') + '"' for name in (*columns, *more))
    rows = await asked(loader, f'SELECT {names} FROM DATASOURCE ORDER BY "__time" LIMIT 6')  # noqa: S608  # quoted
    assert rows[1] == {
        "day": "2013-03-04T00:00:00.000+01:00",
        "hour": "2013-03-04T06:00:00.000Z",
        "a.b": " TEXT 1 ",
        "low": " text 1 ",
        "trimmed": "Text 1",
        "both": f" Text 1 {ODD}-13{ODD}1.50",
        "joined": " Text 1  Text 1 ",
        "tens": -20,
        "halves": 0.0,
        "pounds": 1.0,
        ODD: ODD,
        "version": -7,
        "weight": 2.5e-7,
        "first": "n1",
        "sum": 10,
        "tax": 0.125,
    }
    assert [row["tens"] for row in rows] == [None, -20, -10, None, 0, 10]
    assert [row["halves"] for row in rows] == [0.0, 0.0, 0.5, 0.5, 1.0, 1.0]
    assert (rows[0]["both"], rows[0]["first"], rows[0]["sum"]) == (None, None, None)
    # 21:00 UTC of the fourth day belongs to the fifth in Berlin only in the hour after.
    assert [row["day"][:10] for row in rows] == ["2013-03-04"] * 4 + ["2013-03-05"] * 2


async def test_without_the_s3_extension_parts_are_read_over_http(loader: Loader, store: S3ObjectStore) -> None:
    """The http input source is in Druid's core; the addresses are signed, and the hash does not know the signatures."""
    load = await ready(loader, druid_loads.MANY_PARTS)
    load = replace(load, urls=tuple([await store.presigned_get(key, lifetime=timedelta(hours=1)) for key in load.keys]))
    again = replace(load, urls=tuple(f"{url}&again=1" for url in load.urls))
    assert freeze(load).spec["spec"]["ioConfig"]["inputSource"]["type"] == "http"
    assert freeze(load).spec_hash == freeze(again).spec_hash
    await loaded(loader, load)
    assert (await one(loader, 'COUNT(*) AS "rows"'))["rows"] == ROWS


async def test_this_druid_is_known_for_what_it_runs(loader: Loader, druid: HttpDruid) -> None:
    """Sketches are refused by Druid exactly where its capabilities say that it would."""
    capabilities = await druid.capabilities()
    assert capabilities.version == await druid.version()
    assert capabilities.has("druid-s3-extensions")
    load = await ready(loader, druid_loads.SKETCHES)
    if capabilities.has("druid-datasketches"):
        await loaded(loader, load)
    else:
        with pytest.raises(DruidRefusedError, match="HLLSketchBuild"):
            await druid.submit(freeze(load).spec)
