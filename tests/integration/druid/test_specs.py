"""What our specs do on a real Druid: every row once, and a replace leaves nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.submitter.spec import Load, freeze
from shared.druid import HttpDruid
from shared.events import LoadMode
from tests.integration.druid.loading import COLUMNS, JANUARY, Loader, days
from tests.unit.submitter import druid_loads

YEAR, DAY = 5_000_000, 1  # rows per segment that lead to this granularity


@pytest.mark.parametrize("golden", [druid_loads.APPEND, druid_loads.REPLACE, druid_loads.MANY_PARTS])
async def test_the_golden_specs_run(loader: Loader, golden: Load) -> None:
    load = await loader.load(days(6), golden.mode, parts=len(golden.keys))
    load = replace(load, columns=golden.columns, used=golden.used, most_sub_tasks=golden.most_sub_tasks)
    await loader.loaded(load)
    ours, theirs = freeze(load).spec["spec"], freeze(golden).spec["spec"]
    assert ours["tuningConfig"] == theirs["tuningConfig"]
    assert ours["dataSchema"]["dimensionsSpec"] == theirs["dataSchema"]["dimensionsSpec"]


async def test_values_arrive_as_they_were(druid: HttpDruid, loader: Loader) -> None:
    await loader.loaded(await loader.load(days(4), LoadMode.APPEND))
    name = loader.datasource.replace('"', '""')
    found = await druid.sql(f'SELECT "delay", "ratio", "a.b" FROM "{name}" ORDER BY "__time"')  # noqa: S608  # quoted
    assert found == [
        {"delay": None, "ratio": 0.0, "a.b": ""},
        {"delay": 1, "ratio": 0.25, "a.b": "text 1\nof two lines"},
        {"delay": 2, "ratio": 0.5, "a.b": ""},
        {"delay": None, "ratio": 0.75, "a.b": "text 3\nof two lines"},
    ]


async def test_append_twice(loader: Loader) -> None:
    first = await loader.load(days(10), LoadMode.APPEND)
    second = await loader.load(days(10), LoadMode.APPEND)
    await loader.loaded(first)
    await loader.loaded(second)
    assert (await loader.count(first), await loader.count(second), await loader.total()) == (10, 10, 20)


async def test_equal_rows_stay_apart(loader: Loader) -> None:
    load = await loader.load([JANUARY] * 50, LoadMode.APPEND)
    await loader.loaded(load)
    assert await loader.total() == 50


async def test_appends_side_by_side(loader: Loader) -> None:
    loads = [await loader.load(days(number + 1), LoadMode.APPEND) for number in range(6)]
    await loader.many(loads)
    assert [await loader.count(load) for load in loads] == [1, 2, 3, 4, 5, 6]
    assert await loader.total() == 21


@pytest.mark.parametrize(("before", "after"), [(YEAR, DAY), (DAY, YEAR), (DAY, DAY), (YEAR, YEAR)])
async def test_a_replace_leaves_exactly_its_own_rows(loader: Loader, before: int, after: int) -> None:
    """The old rows lie before, in and after the new ones' time, in other years too, and in other granularities."""
    old = [
        *days(20),
        *days(2, start=datetime(2010, 5, 1, tzinfo=UTC)),
        *days(2, start=datetime(2014, 5, 1, tzinfo=UTC)),
    ]
    await loader.loaded(await loader.load(old, LoadMode.APPEND, rows_per_segment=before))
    new = await loader.load(days(3, start=JANUARY.replace(day=5)), LoadMode.REPLACE, rows_per_segment=after)
    await loader.loaded(new)
    assert await loader.total() == 3
    more = await loader.load(days(30), LoadMode.APPEND, rows_per_segment=YEAR)
    await loader.loaded(more)
    assert (await loader.count(new), await loader.count(more), await loader.total()) == (3, 30, 33)
    last = await loader.load(days(2, start=JANUARY.replace(year=2015)), LoadMode.REPLACE)
    await loader.loaded(last)
    assert await loader.total() == 2


@pytest.mark.parametrize(("first", "second"), [(DAY, YEAR), (YEAR, DAY)])
async def test_appends_of_another_granularity(loader: Loader, first: int, second: int) -> None:
    one = await loader.load(days(5), LoadMode.APPEND, rows_per_segment=first)
    other = await loader.load(days(40, start=JANUARY.replace(day=3)), LoadMode.APPEND, rows_per_segment=second)
    assert freeze(one).spec["spec"]["dataSchema"] != freeze(other).spec["spec"]["dataSchema"]
    await loader.loaded(one)
    await loader.loaded(other)
    assert (await loader.count(one), await loader.count(other), await loader.total()) == (5, 40, 45)


async def test_times_from_the_first_to_the_last_year(loader: Loader) -> None:
    ends = [datetime(1, 1, 1, tzinfo=UTC), JANUARY, datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)]
    wide = await loader.load(ends, LoadMode.APPEND)
    narrow = await loader.load(days(3), LoadMode.APPEND)
    await loader.loaded(wide)
    await loader.loaded(narrow)
    assert await loader.total() == 6
    new = await loader.load(days(2), LoadMode.REPLACE)
    await loader.loaded(new)
    assert await loader.total() == 2


async def test_a_column_more_and_a_column_less(loader: Loader) -> None:
    await loader.loaded(replace(await loader.load(days(3), LoadMode.APPEND), columns=COLUMNS[:1]))
    await loader.loaded(replace(await loader.load(days(3), LoadMode.APPEND), columns=COLUMNS[1:]))
    assert await loader.total() == 6
